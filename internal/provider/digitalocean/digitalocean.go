// Package digitalocean takes access away on DigitalOcean's managed databases, by
// the public API and with one token, which acts for a whole team.
//
// Five facts about that API shape it.
//
//   - What can be done depends on the engine of a cluster, and the API says so with
//     a 500. So the engine decides before anything is sent.
//   - There is no link between a user and a database on PostgreSQL and MySQL: what
//     SQL granted is invisible here and cannot be taken away one database at a time.
//     It is a grant of unknown extent that ends with the user.
//   - The neighbours of a user are deadly: DELETE of the user ".." is a DELETE of the
//     cluster. The library does not escape names; they are checked and escaped here,
//     the path is held against the form that it must have, and below that a guard
//     lets through what requests.go declares and nothing else.
//   - A 404 proves nothing: the API says "cluster not found" about clusters that are
//     online. Absence is a list of users that answers 200 without the name, from a
//     cluster that answers 200 too, or a list of clusters without the cluster.
//   - Nobody can be locked. Containing replaces the password, which no answer shows
//     afterwards, so an account never looks contained.
//
// An account is a name on a cluster; there is no id that would tell a user from one
// made again under its name. The resource, and with it the lane, is the cluster's
// UUID: the API answers 500 to two changes of users on one cluster at a time.
package digitalocean

import (
	"fmt"
	"net/http"
	"time"

	"github.com/digitalocean/godo"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/wire"
)

// Team is what one token of DigitalOcean can see, as one connection of Sever.
type Team struct {
	connection string
	cfg        Config
	guard      *wire.Guard
	api        *godo.Client
	now        func() time.Time
}

var _ interface {
	provider.Provider
	provider.Container
	provider.Rotator
	provider.Unlinker
	provider.Revoker
	provider.Deleter
	provider.Restorer
	provider.Preflighter
	provider.Explainer
} = (*Team)(nil)

// Spec is what the catalog knows of this provider.
var Spec = provider.Spec{
	Name:    "digitalocean",
	Engines: engines,
	// 250 requests in a minute and 5,000 in an hour, for each token; a step takes
	// about four.
	Limits: provider.Limits{TasksPerSecond: 1, Parallel: 8, Settle: time.Minute, ContainAlone: true},
	Needs:  needs,
	Open:   open,
}

func open(s provider.Settings) (provider.Provider, error) {
	cfg, err := config.Parse[Config](s.Vars, s.Prefix)
	if err != nil {
		return nil, err
	}
	if err := cfg.check(s.Prefix); err != nil {
		return nil, err
	}
	return newTeam(s.Connection, cfg)
}

func newTeam(connection string, cfg Config) (*Team, error) {
	guard, err := wire.New(wire.Options{
		Base: cfg.URL, Allow: allowed, Secrets: []config.Secret{cfg.Token}, Timeout: cfg.Timeout,
	})
	if err != nil {
		return nil, fmt.Errorf("digitalocean: %w", err)
	}
	t := &Team{connection: connection, cfg: cfg, guard: guard, now: time.Now}
	// Without options for retries the library sends once, by the transport it is given.
	t.api, err = godo.New(&http.Client{
		Transport:     &transport{token: cfg.Token, guard: guard},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, godo.SetBaseURL(cfg.URL), godo.SetUserAgent("sever"))
	if err != nil {
		return nil, fmt.Errorf("digitalocean: %w", err)
	}
	return t, nil
}

// Close ends idle connections.
func (t *Team) Close() { t.guard.Close() }

// op names an operation in messages: "delete do-prod/ada".
func op(action access.Action, ref access.Ref) string { return string(action) + " " + ref.String() }
