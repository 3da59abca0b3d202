// Package netim takes access away on the web hostings of a Netim account, by the
// REST API 1.0 of that company.
//
// Six facts about that API shape it.
//
//   - No call lists hostings, so their ids come from the configuration, and whatever
//     this provider says is complete for those hostings only. A hosting that is not
//     configured is unknown; an account on one is never absent.
//   - A hosting is read with all its databases and users in one answer (a GET with a
//     body). The shape of the elements is not documented. They are read by a tolerant
//     decoder that gives up rather than guess: what it cannot read is a gap, and a
//     user whose links cannot be read has unknown grants, not none.
//   - The name is the key: users and databases have no other id. Both names begin with
//     the id of their hosting and an underscore, and this is held against every
//     request before it leaves.
//   - A 200 carries an operation that may have failed, been cancelled, or wait. A step
//     is done when reading the hosting again shows it, whatever was answered. An order
//     that waits is Pending; the next call follows it (see orders.go).
//   - One session serves all calls and one request is in flight at a time. A worker has
//     a session of its own, so an account belongs to one connection, and that
//     connection to few workers.
//   - Deadly neighbours: DELETE on webhosting/{id} is the hosting, and on
//     webhosting/{id}/database/ a database. The only DELETEs that may leave are those of
//     the session and of a database user, whose body must name that user.
//
// How to link a user again, to set a password and to change rights is not documented
// word by word. The names of these actions are settings: linking is tried by its likely
// name, the two that contain an account are off until somebody has tried them. What a
// connection can do therefore depends on its settings, and each way is an engine.
//
// The resource is the hosting.
package netim

import (
	"fmt"
	"net/http"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// The engines: all are databases of a web hosting, and differ in how an account is
// contained.
const (
	enginePlain    = "webhosting"          // not at all
	enginePassword = "webhosting+password" // by a random password
	engineRights   = "webhosting+rights"   // by the access values, and by the password
)

const (
	rotates  = "a random password; Netim does not show whether it took, and open sessions live on"
	unlinks  = "UnlinkUser, then the hosting is read again"
	deletes  = "deletes the database user once no database lists it"
	unshown  = "its rights where the hosting does not show them"
	confirms = "reads the users and databases of the hosting again; complete for the configured hostings only"
)

// Spec is what the catalog knows of this provider.
var Spec = provider.Spec{
	Name: "netim",
	Engines: map[string]access.Capabilities{
		enginePlain: {
			access.Contain: {Support: access.None, How: "no call for it is verified: see PASSWORD_ACTION and PERMISSION_ACTION"},
			access.Rotate:  {Support: access.None, How: "no call for it is verified: see PASSWORD_ACTION"},
			access.Unlink:  {Support: access.Full, How: unlinks},
			access.Delete:  {Support: access.Full, How: deletes, Loses: unshown},
			access.Confirm: {Support: access.Full, How: confirms},
			access.Restore: {Support: access.Partial, How: "creates the user anew with its rights and a new password, links it again"},
		},
		enginePassword: {
			access.Contain: {Support: access.Partial, How: "a random password that nobody has; Netim does not show whether it took, nor open sessions",
				Loses: "its password; a cancel makes a new one"},
			access.Rotate:  {Support: access.Partial, How: rotates},
			access.Unlink:  {Support: access.Full, How: unlinks},
			access.Delete:  {Support: access.Full, How: deletes, Loses: unshown},
			access.Confirm: {Support: access.Full, How: confirms},
			access.Restore: {Support: access.Partial, How: "creates the user anew with its rights, links it again, sets a new password"},
		},
		engineRights: {
			access.Contain: {Support: access.Partial, How: "internal and external access NO where the hosting shows them, else (and in an incident) a random password; open sessions are not shown",
				Loses: "its password where the hosting does not show the rights; a cancel makes a new one"},
			access.Rotate:  {Support: access.Partial, How: rotates},
			access.Unlink:  {Support: access.Full, How: unlinks},
			access.Delete:  {Support: access.Full, How: deletes, Loses: unshown},
			access.Confirm: {Support: access.Full, How: confirms},
			access.Restore: {Support: access.Partial, How: "gives the rights back, links again, creates a deleted user anew with a new password"},
		},
	},
	Limits: provider.Limits{
		// A step is four requests or fewer, and the API drops connections under load. No
		// limit is documented; somebody who asked 90 times a minute was served.
		TasksPerSecond: 0.5,
		Parallel:       1,
		Settle:         10 * time.Minute,
		ContainAlone:   true,
	},
	Queues: true,
	Needs:  needs,
	Open:   open,
}

// Account is one account at Netim with its configured hostings, as one connection of
// Sever.
type Account struct {
	connection string
	cfg        Config
	hostings   []string
	client     *client
	orders     *orders
}

var _ interface {
	provider.Provider
	provider.Container
	provider.Rotator
	provider.Unlinker
	provider.Deleter
	provider.Restorer
	provider.Preflighter
	provider.Explainer
} = (*Account)(nil)

func open(s provider.Settings) (provider.Provider, error) {
	cfg, err := config.Parse[Config](s.Vars, s.Prefix)
	if err != nil {
		return nil, err
	}
	return connect(s, cfg, nil)
}

// connect makes an Account whose requests go through next; through the network when
// that is nil.
func connect(s provider.Settings, cfg Config, next http.RoundTripper) (*Account, error) {
	hostings, err := cfg.check(s.Prefix)
	if err != nil {
		return nil, err
	}
	c, err := newClient(cfg, hostings, next)
	if err != nil {
		return nil, fmt.Errorf("%sURL: %w", s.Prefix, err)
	}
	return &Account{connection: s.Connection, cfg: cfg, hostings: hostings, client: c, orders: newOrders()}, nil
}

// Close closes the session, so that it takes none of the few that an account may have.
func (a *Account) Close() { a.client.close() }

// engine is the one that the settings make of every account.
func (a *Account) engine() string {
	switch {
	case a.cfg.PermissionAction != "":
		return engineRights
	case a.cfg.PasswordAction != "":
		return enginePassword
	}
	return enginePlain
}
