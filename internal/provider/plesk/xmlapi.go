package plesk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/provider"
)

// xmlAPI is the XML API, "API-RPC" in older books.
type xmlAPI struct {
	*link
	version string
}

// ask sends one packet and gives the results of its operation. The HTTP status means
// nothing here as long as the body is a packet: the answer is in there.
func (x *xmlAPI) ask(ctx context.Context, name string, o operation) ([]result, error) {
	body, err := encode(x.version, o)
	if err != nil {
		return nil, &failure{kind: provider.Rejected, words: "nothing was sent: " + err.Error()}
	}
	a, err := x.exchange(ctx, http.MethodPost, agentPath, body, x.headers())
	if err != nil {
		return nil, err
	}
	door, results, err := readReply(a.body, name)
	switch {
	case err != nil:
		return nil, x.strange(a, err.Error())
	case door != nil:
		return nil, ofCode(door.Code, x.guard.Scrub(door.Text), true)
	}
	return results, nil
}

func (x *xmlAPI) headers() map[string]string {
	h := map[string]string{"Content-Type": "text/xml; charset=utf-8"}
	if x.key.Empty() {
		h["HTTP_AUTH_LOGIN"], h["HTTP_AUTH_PASSWD"] = x.login, x.pass.Reveal()
	} else {
		h["KEY"] = x.key.Reveal()
	}
	return h
}

// refused is the first error among results. What else they say is not used then.
func (x *xmlAPI) refused(results []result) error {
	for _, r := range results {
		if r.Status != "ok" {
			return ofCode(r.Code, x.guard.Scrub(r.Text), false)
		}
	}
	return nil
}

func (x *xmlAPI) databases(ctx context.Context) ([]database, error) {
	results, err := x.ask(ctx, "get-db", operation{GetDatabases: &getDatabases{}})
	if err != nil {
		return nil, err
	}
	if err := x.refused(results); err != nil {
		return nil, err
	}
	var out []database
	for _, r := range results {
		db, there, err := r.ofDatabase()
		if err != nil {
			return nil, unreadable(err)
		}
		if there {
			out = append(out, db)
		}
	}
	return orderedDatabases(out)
}

// batch is how many databases one packet asks about. What a server makes of long
// packets is not documented.
const batch = 200

// users asks for all users, and again by databases: a universal user shows in one
// way or the other, and the second says where.
func (x *xmlAPI) users(ctx context.Context, of []database) ([]user, error) {
	all, err := x.readUsers(ctx, 0, nil)
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(of, batch) {
		var ids []databaseID
		for _, db := range part {
			ids = append(ids, db.ID)
		}
		more, err := x.readUsers(ctx, 0, ids)
		if err != nil {
			return nil, vanished(err)
		}
		all = append(all, more...)
	}
	return merged(all)
}

func (x *xmlAPI) usersOf(ctx context.Context, db databaseID) ([]user, error) {
	found, err := x.readUsers(ctx, 0, []databaseID{db})
	if err != nil {
		return nil, err
	}
	return merged(found)
}

func (x *xmlAPI) user(ctx context.Context, id userID) (user, bool, error) {
	found, err := x.readUsers(ctx, id, nil)
	switch {
	case errors.Is(err, errNoUser):
		return user{}, false, nil
	case err != nil:
		return user{}, false, err
	case len(found) == 0:
		return user{}, false, nil
	case len(found) > 1 || found[0].ID != id:
		return user{}, false, unreadable(errNotOurs)
	}
	return found[0], true, nil
}

// readUsers asks by id, by databases or, with neither, for all.
func (x *xmlAPI) readUsers(ctx context.Context, id userID, dbs []databaseID) ([]user, error) {
	q := &getUsers{}
	q.Filter.ID, q.Filter.Databases = id, dbs
	results, err := x.ask(ctx, "get-db-users", operation{GetUsers: q})
	if err != nil {
		return nil, err
	}
	if err := x.refused(results); err != nil {
		return nil, err
	}
	var out []user
	for _, r := range results {
		u, there, err := r.ofUser()
		if err != nil {
			return nil, unreadable(err)
		}
		if !there {
			continue // "nothing found" is one result that shows nobody
		}
		if u.universal() && len(dbs) > 0 {
			// The rule that produced the result is the database it was asked for.
			if db, err := strconv.ParseInt(strings.TrimSpace(r.Filter), 10, 64); err == nil && slices.Contains(dbs, databaseID(db)) {
				u.Listed = []databaseID{databaseID(db)}
			}
		}
		out = append(out, u)
	}
	return out, nil
}

func (x *xmlAPI) setPassword(ctx context.Context, id userID, password string) error {
	results, err := x.ask(ctx, "set-db-user", operation{SetPassword: &setPassword{ID: id, Password: password, Kind: plainPassword}})
	if err != nil {
		return hushed(err, password)
	}
	return hushed(x.only(results, int64(id)), password)
}

func (x *xmlAPI) deleteUser(ctx context.Context, id userID) error {
	o := &deleteUser{}
	o.Filter.ID = id
	results, err := x.ask(ctx, "del-db-user", operation{DeleteUser: o})
	if err != nil {
		return err
	}
	return x.only(results, int64(id))
}

func (x *xmlAPI) addUser(ctx context.Context, n newUser) (userID, error) {
	o := &addUser{
		Database: n.Database, Subscription: n.Subscription, Server: n.Server,
		Login: n.Login, Password: n.Password, Kind: plainPassword,
	}
	if len(n.Hosts) > 0 {
		o.Hosts = &hosts{n.Hosts}
	}
	if len(n.Addresses) > 0 {
		o.Addresses = &addresses{n.Addresses}
	}
	results, err := x.ask(ctx, "add-db-user", operation{AddUser: o})
	if err != nil {
		return 0, hushed(err, n.Password)
	}
	if err := x.refused(results); err != nil {
		return 0, hushed(err, n.Password)
	}
	if len(results) != 1 || results[0].ID <= 0 {
		return 0, errUnsure
	}
	return userID(results[0].ID), nil
}

func (x *xmlAPI) setDefault(ctx context.Context, db databaseID, id userID) error {
	results, err := x.ask(ctx, "set-default-user", operation{SetDefault: &setDefault{Database: db, User: id}})
	if err != nil {
		return err
	}
	return x.refused(results) // its result has no id
}

// only holds the results of a change against the one id that was asked for: an
// error is an error wherever it stands, and an ok without that id is none.
func (x *xmlAPI) only(results []result, id int64) error {
	if err := x.refused(results); err != nil {
		return err
	}
	if len(results) != 1 || results[0].ID != id {
		return errUnsure
	}
	return nil
}

func (*xmlAPI) setsDefault() bool { return true }
func (*xmlAPI) showsRights() bool { return true }

func (x *xmlAPI) explain() explainer { return xmlWords{x.version} }

// xmlWords are the packets, without credentials.
type xmlWords struct{ version string }

func (w xmlWords) packet(inside string) string {
	return fmt.Sprintf(`POST %s <packet version="%s"><database>%s</database></packet>`, agentPath, w.version, inside)
}

func (w xmlWords) find(id userID) string {
	if id == 0 {
		return w.packet("<get-db-users><filter/></get-db-users>")
	}
	return w.packet(fmt.Sprintf("<get-db-users><filter><id>%d</id></filter></get-db-users>", id))
}

func (w xmlWords) setPassword(id userID) string {
	return w.packet("<set-db-user><id>" + orID(id) + "</id><password>(random)</password><password-type>plain</password-type></set-db-user>")
}

func (w xmlWords) deleteUser(id userID) string {
	return w.packet("<del-db-user><filter><id>" + orID(id) + "</id></filter></del-db-user>")
}

func (w xmlWords) setDefault(database string) string {
	return w.packet("<set-default-user><db-id>(of " + short(database) + ")</db-id><default-user-id>(another user of it)</default-user-id></set-default-user>")
}

// orID is the id for a person; an unknown one is nothing that a server would take.
func orID(id userID) string {
	if id == 0 {
		return "(its id)"
	}
	return strconv.FormatInt(int64(id), 10)
}
