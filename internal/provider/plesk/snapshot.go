package plesk

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// snapshot is what Restore needs to make the user anew. It has no credential and
// not the id, which will be another one.
type snapshot struct {
	Version   int        `json:"version"` // of this form
	Login     string     `json:"login"`
	Database  databaseID `json:"database,omitempty"`
	Name      string     `json:"name,omitempty"` // of the database
	Universal bool       `json:"universal,omitempty"`
	// Subscription and Server place a universal user; zero when nobody knows.
	Subscription int64 `json:"subscription,omitempty"`
	Server       int64 `json:"server,omitempty"`
	// Alone are the databases whose default user it was without anybody who could
	// take over; it becomes that again, or it is missed.
	Alone []databaseID `json:"alone,omitempty"`
	// Rights is true when hosts and addresses could be read.
	Rights    bool     `json:"rights,omitempty"`
	Hosts     []string `json:"hosts,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
}

const snapshotVersion = 1

func (v view) snapshot(u user) snapshot {
	s := snapshot{
		Version: snapshotVersion, Login: u.Login, Database: u.Database, Universal: u.universal(),
		Rights: v.rights, Hosts: u.Hosts, Addresses: u.Addresses,
	}
	if db, ok := v.database(u.Database); ok {
		s.Name = db.Name
	}
	for _, db := range v.defaults(u.ID) {
		if v.endsDefault(db, u) == access.Delete {
			s.Alone = append(s.Alone, db.ID)
		}
	}
	if s.Universal {
		s.Subscription, s.Server, _ = v.scope(u)
	}
	return s
}

func (s snapshot) bytes() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic("plesk: snapshot: " + err.Error()) // strings, numbers and booleans
	}
	return b
}

func readSnapshot(b []byte) (snapshot, error) {
	var s snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("the record cannot be read: %w", err)
	}
	if s.Version != snapshotVersion {
		return s, fmt.Errorf("the record has version %d, which I do not know", s.Version)
	}
	if s.Login == "" || s.Universal != (s.Database == 0) {
		return s, errors.New("the record is not whole")
	}
	return s, nil
}
