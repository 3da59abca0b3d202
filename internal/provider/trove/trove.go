// Package trove takes access away from database accounts on hosted databases:
// OpenStack Trove and its relative, Rackspace Cloud Databases. The paths and the
// JSON are the same; the login and the limits in front of it differ.
//
// Some facts about these systems shape it.
//
//   - An account is the pair of a name and a host. Asked for a bare name the system
//     answers "not found" while the account exists at some host. So the host is
//     always sent, also when it is %, and an identity that names none is a question
//     for a person.
//   - The user in a path is escaped twice. A name escaped once is taken apart, and
//     another account is meant. Nothing else leaves (see canonical).
//   - The links to the next page are wrong, and a page may repeat. Markers are made
//     here, and a list that cannot be had whole is an error.
//   - 202 means done for a revoke and queued for everything else. A queue that loses
//     an order says so nowhere. What can be read back is read back; a password cannot.
//   - A database that is down answers 400, like a mistake of ours would. The words
//     decide.
//   - What an account may do is shown only in part: grants on whole databases, and
//     not global, table, column or routine privileges, nor roles. So every account
//     has a grant of unknown extent, which ends with the account. Only its absence
//     proves something.
//   - Accounts at the host localhost are not shown at all, and open sessions are
//     neither shown nor ended by anything here. Every report says so.
//
// A resource is one database instance: "ORD/" and its id. The first part is the
// region, as the service catalogue spells it.
package trove

import (
	"sync"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// Spec is what the catalog knows of this provider.
var Spec = provider.Spec{
	Name: "trove",
	Engines: map[string]access.Capabilities{
		"mysql":    onMySQL,
		"mariadb":  onMySQL,
		"percona":  onMySQL,
		postgresql: onPostgres,
	},
	// A Trove of its own settings takes 200 requests a minute of each kind, and a
	// step reads two or three times.
	Limits: provider.Limits{TasksPerSecond: 1.5, Parallel: 8, Settle: 10 * time.Minute},
	Queues: true,
	Hosts:  true,
	Needs:  needs,
	Open:   open,
}

var onMySQL = access.Capabilities{
	access.Contain: {Support: access.Partial, How: "a random password, queued; the system cannot show that it is set, has no lock, and open sessions live on",
		Loses: "its password; a cancel makes a new one"},
	access.Rotate: {Support: access.Partial, How: "a random password, queued; the system cannot show that it is set, and open sessions live on"},
	access.Revoke: {Support: access.Full, How: "takes one database from one name@host, and reads the list of its databases again",
		Loses: "which privileges it had there; a cancel gives all of them"},
	access.Delete: {Support: access.Full, How: "queued; done when asking by name and the whole list both lack it. Open sessions live on",
		Loses: hidden},
	access.Confirm: {Support: access.Partial, How: "by name and by the whole list; accounts at localhost and sessions cannot be seen"},
	access.Restore: {Support: access.Partial, How: "a new password; a database comes back with ALL PRIVILEGES; what the system never showed does not come back"},
}

var onPostgres = access.Capabilities{
	access.Contain: onMySQL[access.Contain],
	access.Rotate:  onMySQL[access.Rotate],
	access.Revoke: {Support: access.Partial, How: "takes CONNECT from PUBLIC too, so only where APPROVE_PUBLIC names the database",
		Loses: "which privileges it had there, of which a cancel gives all; CONNECT of PUBLIC"},
	access.Delete: {Support: access.Partial, How: "queued, and revokes first, so as revoke; a role that owns objects stays, and nobody is told",
		Loses: hidden + "; CONNECT of PUBLIC on its databases"},
	access.Confirm: onMySQL[access.Confirm],
	access.Restore: onMySQL[access.Restore],
}

const hidden = "the privileges that the API does not show"

// postgresql is the engine on which a revoke reaches further than its account.
const postgresql = "postgresql"

// Cloud is one project of a Trove, or one Rackspace account.
type Cloud struct {
	connection string
	cfg        Config
	session    *session

	mu    sync.Mutex
	known map[string]instance // what does not change about an instance, by resource
	lists map[string]roll     // the newest whole list, by resource
}

var _ interface {
	provider.Provider
	provider.Container
	provider.Rotator
	provider.Revoker
	provider.Deleter
	provider.Restorer
	provider.Preflighter
	provider.Explainer
} = (*Cloud)(nil)

func open(s provider.Settings) (provider.Provider, error) {
	cfg, err := config.Parse[Config](s.Vars, s.Prefix)
	if err != nil {
		return nil, err
	}
	session, err := newSession(cfg, s.Prefix)
	if err != nil {
		return nil, err
	}
	return &Cloud{
		connection: s.Connection, cfg: cfg, session: session,
		known: map[string]instance{}, lists: map[string]roll{},
	}, nil
}

// Close ends idle connections.
func (c *Cloud) Close() { c.session.close() }
