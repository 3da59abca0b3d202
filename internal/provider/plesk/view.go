package plesk

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// view is what Plesk shows at one moment.
type view struct {
	databases []database
	users     []user
	// sets is true where a default user can be replaced.
	sets bool
	// keepDefaults protects default users.
	keepDefaults bool
	// rights is true where hosts and addresses are shown.
	rights     bool
	connection string
}

// view reads everything that is visible.
func (p *Panel) view(ctx context.Context) (view, error) {
	dbs, err := p.api.databases(ctx)
	if err != nil {
		return view{}, err
	}
	users, err := p.api.users(ctx, dbs)
	if err != nil {
		return view{}, err
	}
	return p.seen(dbs, users), nil
}

func (p *Panel) seen(dbs []database, users []user) view {
	return view{
		databases: dbs, users: users, connection: p.connection,
		sets: p.api.setsDefault(), rights: p.api.showsRights(), keepDefaults: p.cfg.ProtectDefaultUsers,
	}
}

func (v view) database(id databaseID) (database, bool) {
	for _, db := range v.databases {
		if db.ID == id {
			return db, true
		}
	}
	return database{}, false
}

// defaults are the databases whose default user it is.
func (v view) defaults(id userID) []database {
	var out []database
	for _, db := range v.databases {
		if db.Default == id {
			out = append(out, db)
		}
	}
	return out
}

// heir is who becomes the default user of a database when this one goes: the oldest
// other user that belongs to it, or else the oldest universal one seen there.
func (v view) heir(db databaseID, leaving userID) (user, bool) {
	for _, fits := range []func(user) bool{
		func(u user) bool { return u.Database == db },
		func(u user) bool { return u.universal() && slices.Contains(u.Listed, db) },
	} {
		for _, u := range v.users { // by id
			if u.ID != leaving && fits(u) {
				return u, true
			}
		}
	}
	return user{}, false
}

// scope is the subscription and the server of a universal user, when what Plesk
// shows of it agrees on one.
func (v view) scope(u user) (subscription, server int64, known bool) {
	at := func(db database) {
		if !known {
			subscription, server, known = db.Subscription, db.Server, true
		} else if subscription != db.Subscription || server != db.Server {
			subscription, server = 0, 0
		}
	}
	for _, db := range v.databases {
		if slices.Contains(u.Listed, db.ID) || db.Default == u.ID {
			at(db)
		}
	}
	return subscription, server, known && subscription > 0 && server > 0
}

// reach are the databases of a universal user whose scope is known.
func (v view) reach(u user) []database {
	subscription, server, known := v.scope(u)
	if !known {
		return nil
	}
	var out []database
	for _, db := range v.databases {
		if db.Subscription == subscription && db.Server == server {
			out = append(out, db)
		}
	}
	return out
}

const (
	universalResource = "universal"
	serverResource    = "database server "
	defaultUser       = "default user"
)

// resource is where the account lives; false when Plesk does not show it.
func (v view) resource(u user) (string, bool) {
	if u.universal() {
		return universalResource, true
	}
	if db, ok := v.database(u.Database); ok {
		return serverResource + strconv.FormatInt(db.Server, 10), true
	}
	return "database " + strconv.FormatInt(int64(u.Database), 10), false
}

// engine is what answers there.
func (v view) engine(u user) string {
	kind := ""
	db, ok := v.database(u.Database)
	if ok {
		kind = db.Type
	} else if reach := v.reach(u); len(reach) > 0 {
		kind = reach[0].Type
	}
	if _, known := Spec.Engines[kind]; known {
		return kind
	}
	return unknownEngine
}

// grants are what the account reaches: its databases, and the panel's own tools
// where it is the default user.
func (v view) grants(u user) []access.Grant {
	var out []access.Grant
	link := func(database, object, privilege string, extent access.Extent, by access.Action) {
		out = append(out, access.Grant{Kind: access.Link, Database: database, Object: object, Privilege: privilege, Extent: extent, EndedBy: by})
	}
	const role = "its role, which Plesk does not show"
	if db, ok := v.database(u.Database); ok {
		link(db.Name, "", role, access.ExtentDatabase, access.Delete)
	} else if u.universal() {
		subscription, server, known := v.scope(u)
		if known {
			link("", fmt.Sprintf("every database of subscription %d on database server %d", subscription, server), role, access.ExtentClusterWide, access.Delete)
		} else {
			link("", "every database of its subscription, which Plesk does not name", role, access.ExtentUnknown, access.Delete)
		}
		for _, db := range v.reach(u) {
			link(db.Name, "", role, access.ExtentDatabase, access.Delete)
		}
	}
	for _, db := range v.defaults(u.ID) {
		link(db.Name, defaultUser, "the tools of the panel log in with it", access.ExtentDatabase, v.endsDefault(db, u))
	}
	return out
}

// endsDefault is what ends that it is a default user: another one takes over or,
// where there is none, its deletion, which is for Plesk to allow.
func (v view) endsDefault(db database, u user) access.Action {
	if _, ok := v.heir(db.ID, u.ID); ok && v.sets {
		return access.Unlink
	}
	return access.Delete
}

// account is the user in the words of the contract, with everything.
func (v view) account(u user) access.Account {
	resource, _ := v.resource(u)
	out := access.Account{
		Ref:        access.Ref{Connection: v.connection, Resource: resource, Name: u.Login, ForeignID: u.ID.String()},
		Engine:     v.engine(u),
		Protected:  v.protected(u),
		Attributes: map[string]string{},
		Grants:     v.grants(u),
		Snapshot:   v.snapshot(u).bytes(),
	}
	add := func(name string, values []string) {
		if len(values) > 0 {
			out.Attributes[name] = strings.Join(values, ", ")
		}
	}
	if u.universal() {
		out.Attributes["universal"] = "yes"
	} else {
		out.Attributes["database"] = u.Database.String()
	}
	var of []string
	for _, db := range v.defaults(u.ID) {
		of = append(of, db.Name)
	}
	add("default user of", of)
	add("hosts", u.Hosts)
	add("addresses", u.Addresses)
	return out
}

func (v view) protected(u user) string {
	if _, shown := v.database(u.Database); v.keepDefaults && !u.universal() && !shown {
		return "whether it is a default user, which PROTECT_DEFAULT_USERS keeps, cannot be told: Plesk does not list its database"
	}
	if of := v.defaults(u.ID); v.keepDefaults && len(of) > 0 {
		return "the default user of database " + of[0].Name + ", which PROTECT_DEFAULT_USERS keeps"
	}
	return ""
}

// gaps are what Plesk did not show of the account.
func (v view) gaps(u user) []access.Gap {
	if _, placed := v.resource(u); placed {
		return nil
	}
	return []access.Gap{{
		Object: "database " + u.Database.String(),
		Why:    "the user belongs to it, and Plesk does not list it",
		Remedy: "let our login see the subscription of that database, or look again",
	}}
}

func (id userID) String() string     { return strconv.FormatInt(int64(id), 10) }
func (id databaseID) String() string { return strconv.FormatInt(int64(id), 10) }
