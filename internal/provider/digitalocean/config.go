package digitalocean

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/severhq/sever/internal/config"
)

// Config is how one team is reached, and what a person decided about it.
type Config struct {
	// Token has the scopes database:read, database:update and database:delete. Giving
	// back needs database:create. Without database:view_credentials no answer shows
	// the passwords of others, which is better.
	Token config.Secret `env:"TOKEN,required,notEmpty"`
	URL   string        `env:"URL" envDefault:"https://api.digitalocean.com"`
	// Pools says what becomes of a connection pool that names the leaver: inbound (its
	// clients log in as themselves), delete, or user:NAME (it is used as NAME). Never
	// the administrator: that would widen what the pool's clients may do.
	Pools string `env:"POOLS" envDefault:"inbound"`
	// Rules says how the topic and index rules of a user end: unlink (one by one) or
	// delete (with the user), should the API turn out to keep what a PUT leaves out.
	Rules string `env:"RULES" envDefault:"unlink"`
	// WithoutPeople are the UUIDs of clusters whose users the API cannot list (caching
	// above all) and of which somebody vouches that no person has a login there. Other
	// such clusters keep a search for an account from ending in "nothing".
	WithoutPeople []string `env:"WITHOUT_PEOPLE"`
	// MayBeEmpty accepts that the team has no clusters. Otherwise that is taken for
	// the token of another team.
	MayBeEmpty bool `env:"MAY_BE_EMPTY"`
	// Timeout bounds one exchange.
	Timeout time.Duration `env:"TIMEOUT" envDefault:"30s"`
}

const (
	poolsInbound = "inbound"
	poolsDelete  = "delete"
	poolsUser    = "user:"

	rulesUnlink = "unlink"
	rulesDelete = "delete"
)

// check reports every problem at once, by the name of its variable.
func (c Config) check(prefix string) error {
	var errs []error
	problem := func(variable, words string) { errs = append(errs, fmt.Errorf("%s%s %s", prefix, variable, words)) }
	if err := checkURL(c.URL); err != nil {
		problem("URL", err.Error())
	}
	heir, named := strings.CutPrefix(c.Pools, poolsUser)
	switch {
	case named && (heir == "" || builtIn[heir] != ""):
		problem("POOLS", fmt.Sprintf("names the user %q: it must be one that is not built in", heir))
	case !named && c.Pools != poolsInbound && c.Pools != poolsDelete:
		problem("POOLS", fmt.Sprintf("is %q: it must be inbound, delete or user:NAME", c.Pools))
	}
	if c.Rules != rulesUnlink && c.Rules != rulesDelete {
		problem("RULES", fmt.Sprintf("is %q: it must be unlink or delete", c.Rules))
	}
	for _, id := range c.WithoutPeople {
		if !uuidRule.MatchString(id) {
			problem("WITHOUT_PEOPLE", fmt.Sprintf("has %q, which is no UUID of a cluster", id))
		}
	}
	if c.Timeout <= 0 {
		problem("TIMEOUT", "must be more than nothing")
	}
	return errors.Join(errs...)
}

// checkURL refuses what would send the token in the clear or to nowhere. The library
// loses a path, so there may be none.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must be https:// and a host, and nothing else")
	case u.Path != "" && u.Path != "/":
		return errors.New("may not have a path")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return errors.New("must begin with https://")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("must begin with https://: the token would be sent in the clear")
}
