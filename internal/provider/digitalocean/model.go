package digitalocean

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// What is read of the API's objects. Connections, URIs and passwords are not.

type cluster struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Engine  string `json:"engine"`
	Version string `json:"version"`
	Status  string `json:"status"`
	Region  string `json:"region"`
}

func (c cluster) id() string { return c.ID }

func (c cluster) check() error {
	switch {
	case !uuidRule.MatchString(c.ID):
		return fmt.Errorf("a cluster has the id %q, which is no UUID", printable(c.ID))
	case c.Engine == "":
		return fmt.Errorf("cluster %s names no engine", c.ID)
	}
	return nil
}

// online is the only state in which a cluster is changed.
const online = "online"

type user struct {
	Name     string    `json:"name"`
	Role     string    `json:"role"`
	Password given     `json:"password"`
	Cert     given     `json:"access_cert"`
	MySQL    *mySQL    `json:"mysql_settings"`
	Settings *settings `json:"settings"`
}

func (u user) id() string { return u.Name }

func (u user) check() error {
	if u.Name == "" {
		return errors.New("a user has no name")
	}
	return nil
}

// given remembers that a secret was there, and forgets it.
type given bool

func (g *given) UnmarshalJSON(raw []byte) error {
	*g = given(!bytes.Equal(raw, []byte("null")) && !bytes.Equal(raw, []byte(`""`)))
	return nil
}

type mySQL struct {
	Plugin string `json:"auth_plugin"`
}

// settings are pointers because what is absent is unknown, and not nothing.
type settings struct {
	Replication *bool   `json:"pg_allow_replication,omitempty"`
	Topics      *[]rule `json:"acl,omitempty"`
	Indexes     *[]rule `json:"opensearch_acl,omitempty"`
	Mongo       *mongo  `json:"mongo_user_settings,omitempty"`
}

type mongo struct {
	Databases []string `json:"databases"`
	Role      string   `json:"role,omitempty"`
}

// createUser is what a user is made from.
type createUser struct {
	Name     string    `json:"name"`
	MySQL    *mySQL    `json:"mysql_settings,omitempty"`
	Settings *settings `json:"settings,omitempty"`
}

type pool struct {
	Name     string `json:"name,omitempty"`
	Mode     string `json:"mode"`
	Size     int    `json:"size"`
	Database string `json:"db"`
	User     string `json:"user,omitempty"`
}

func (p pool) id() string { return p.Name }

func (p pool) check() error {
	if p.Name == "" || p.Database == "" {
		return errors.New("a pool has no name or no database")
	}
	return nil
}

// builtIn are the users that come with a cluster. They are recognized by name, too,
// because the API may leave their role out.
var builtIn = map[string]string{
	"doadmin":     "built in: the administrator of the cluster",
	"do-readonly": "built in: made with the cluster",
	"default":     "built in: the default user of the engine",
}

// protected says why a user may never be touched, or nothing. A role that the API has
// no word for yet may be one of those that come with a cluster.
func protected(name, role string) string {
	switch strings.ToLower(role) {
	case "", "normal":
		return builtIn[name]
	case "primary":
		return "role primary: made with the cluster"
	}
	return fmt.Sprintf("role %s: not one that is known to be a person's", printable(role))
}
