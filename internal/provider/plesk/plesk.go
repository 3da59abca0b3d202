// Package plesk takes database users away on a Plesk server, through its XML API or
// through REST v2, as the panel itself would.
//
// Four facts about Plesk shape it.
//
//   - An empty filter means everything. <del-db-user><filter/></del-db-user> deletes
//     every database user of the server, and a filter by database deletes all users of
//     that one. So a deletion is built from one id, and what is about to be sent is
//     taken apart and put together again by the guard below: a packet that is not,
//     byte for byte, one that this package makes for exactly one user never leaves.
//   - There is no lock. Containing an account replaces its password by one that
//     nobody knows; Plesk does not show that it did, so an account is never shown as
//     contained. The old password cannot come back.
//   - The first user of a database becomes its default user, with which the panel's
//     own tools log in. What becomes of a database whose default user is deleted is
//     not documented. Where another user can take over, that is a step of its own
//     before the deletion (see Unlink).
//   - A user of one database names it. A universal user reaches all databases of one
//     subscription on one database server, and Plesk does not say which ones; that
//     is worked out from what else it shows, or is unknown.
//
// A user is found by its id, and its login is compared before each change: whether
// Plesk gives ids again is not known. What Plesk cannot show, its open connections
// and roles, is said in the sighting and in what Restore misses.
//
// The accounts of a database server are on one resource, "database server 1";
// universal users are on the resource "universal".
package plesk

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

// Spec is what the catalog knows of this provider.
var Spec = provider.Spec{
	Name: "plesk",
	Engines: map[string]access.Capabilities{
		"mysql": can, "postgresql": can, "mssql": can,
		// A universal user whose databases Plesk does not tell.
		unknownEngine: canUniversal(),
	},
	// No limit of Plesk's is documented. A panel runs beside the sites it serves.
	Limits: provider.Limits{Parallel: 4, Settle: time.Minute},
	Needs:  needs,
	Open:   open,
}

// can is the same for every engine: the panel stands in front of it.
var can = access.Capabilities{
	access.Contain: {Support: access.Partial, How: "set-db-user with a random password, which cannot be undone or seen; open connections are out of reach",
		Loses: "its password; a cancel makes a new one"},
	access.Rotate: {Support: access.Partial, How: "set-db-user with a random password; Plesk does not show that it took, and open connections live on"},
	access.Unlink: {Support: access.Partial, How: "set-default-user to another user of the database (XML API)"},
	access.Delete: {Support: access.Full, How: "del-db-user with one id, after its login was read again",
		Loses: "its role, and over REST from where it may connect: Plesk does not show them"},
	access.Confirm: {Support: access.Full, How: "get-db-users: all, by database and by id; open connections are out of reach"},
	access.Restore: {Support: access.Partial, How: "add-db-user with a new password; roles are never shown and so are lost"},
}

// canUniversal is the same for a universal user, but what cannot be told of it cannot be
// given back either.
func canUniversal() access.Capabilities {
	out := maps.Clone(can)
	deletes := out[access.Delete]
	deletes.Loses += "; the user itself where Plesk does not show its subscription, so that only a person can make it again"
	out[access.Delete] = deletes
	return out
}

const unknownEngine = "unknown"

// Panel is one Plesk server, as one connection of Sever.
type Panel struct {
	connection string
	cfg        Config
	api        api

	mu   sync.Mutex
	made map[place]userID // see adopt
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
} = (*Panel)(nil)

func open(s provider.Settings) (provider.Provider, error) {
	cfg, err := config.Parse[Config](s.Vars, s.Prefix)
	if err != nil {
		return nil, err
	}
	if err := cfg.check(s.Prefix); err != nil {
		return nil, err
	}
	to, err := dial(cfg)
	if err != nil {
		return nil, fmt.Errorf("%sURL: %w", s.Prefix, err)
	}
	p := &Panel{connection: s.Connection, cfg: cfg, made: map[place]userID{}}
	if cfg.API == apiREST {
		p.api = &restAPI{to}
	} else {
		p.api = &xmlAPI{link: to, version: cfg.Version}
	}
	return p, nil
}

// Close ends idle connections.
func (p *Panel) Close() { p.api.close() }
