package plesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/provider"
)

// restAPI is REST API v2, for the administrator of Plesk Onyx 17.8 and later. It
// shows no rights, cannot set a default user and has no way to read one user.
type restAPI struct{ *link }

// call sends a request and reads what came into out. Nothing but 200, and 201 for
// what was made, is a yes.
func (r *restAPI) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	headers := map[string]string{"Accept": "application/json"}
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return &failure{kind: provider.Rejected, words: "nothing was sent: the request cannot be written"}
		}
		headers["Content-Type"] = "application/json"
	}
	if r.key.Empty() {
		headers["Authorization"] = basic(r.login, r.pass.Reveal())
	} else {
		headers["X-Api-Key"] = r.key.Reveal()
	}
	a, err := r.exchange(ctx, method, restBase+path, body, headers)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK && (a.status != http.StatusCreated || method != http.MethodPost) {
		return r.refusal(a)
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return r.strange(a, "it cannot be read")
	}
	return nil
}

func basic(login, password string) string {
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(login, password)
	return req.Header.Get("Authorization")
}

// refusal is an answer that is not 200, in Plesk's words where there are some.
func (r *restAPI) refusal(a answer) error {
	var said struct {
		Code    *int   `json:"code"`
		Message string `json:"message"`
		Errors  []struct {
			Property string `json:"property"`
			Message  string `json:"message"`
		} `json:"errors"`
	}
	f, _ := errors.AsType[*failure](r.strange(a, "it says"))
	if err := json.Unmarshal(a.body, &said); err != nil || said.Message == "" && said.Code == nil {
		return f // a page of a proxy, perhaps: no word of Plesk's
	}
	words := []string{said.Message}
	for _, e := range said.Errors {
		words = append(words, strings.Trim(e.Property+": "+e.Message, ": "))
	}
	f.words = fmt.Sprintf("Plesk answered %d: %s", a.status, short(r.guard.Scrub(strings.Join(words, "; "))))
	switch a.status {
	case http.StatusNotFound:
		f.kind, f.cause = provider.Rejected, errNoUser
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		f.kind = provider.Rejected
	case http.StatusUnauthorized, http.StatusForbidden:
		f.remedy = "REST is for the administrator: set KEY, or LOGIN and PASSWORD"
	}
	return f
}

func (r *restAPI) databases(ctx context.Context) ([]database, error) {
	var rows []restDatabase
	if err := r.call(ctx, http.MethodGet, "/databases", nil, list(&rows)); err != nil {
		return nil, err
	}
	var out []database
	for _, d := range rows {
		db := database{ID: d.ID, Name: d.Name, Type: d.Type, Server: d.Server}
		if d.Subscription != nil {
			db.Subscription = d.Subscription.ID
		}
		if d.Default != nil {
			db.Default = *d.Default
		}
		if db.ID <= 0 || db.Name == "" || db.Type == "" || db.Server <= 0 || db.Subscription < 0 || db.Default < 0 {
			return nil, unreadable(errors.New("a database has no id, name, type or server"))
		}
		out = append(out, db)
	}
	return orderedDatabases(out)
}

// users asks for all, and again by each database: whether the first list is whole is
// not documented.
func (r *restAPI) users(ctx context.Context, of []database) ([]user, error) {
	all, err := r.readUsers(ctx, 0)
	if err != nil {
		return nil, err
	}
	for _, db := range of {
		more, err := r.readUsers(ctx, db.ID)
		if err != nil {
			return nil, vanished(err)
		}
		all = append(all, more...)
	}
	return merged(all)
}

func (r *restAPI) usersOf(ctx context.Context, db databaseID) ([]user, error) {
	found, err := r.readUsers(ctx, db)
	if err != nil {
		return nil, err
	}
	return merged(found)
}

// readUsers asks for those of one database or, with zero, for all.
func (r *restAPI) readUsers(ctx context.Context, db databaseID) ([]user, error) {
	path := "/dbusers"
	if db > 0 {
		path += "?dbId=" + strconv.FormatInt(int64(db), 10)
	}
	var rows []restUser
	if err := r.call(ctx, http.MethodGet, path, nil, list(&rows)); err != nil {
		return nil, err
	}
	var out []user
	for _, one := range rows {
		u, err := one.user()
		if err != nil {
			return nil, err
		}
		if u.universal() && db > 0 {
			u.Listed = []databaseID{db}
		}
		out = append(out, u)
	}
	return out, nil
}

// user looks through the list and, when it is not there, through every database.
func (r *restAPI) user(ctx context.Context, id userID) (user, bool, error) {
	find := func(list []user) (user, bool) {
		for _, u := range list {
			if u.ID == id {
				return u, true
			}
		}
		return user{}, false
	}
	list, err := r.readUsers(ctx, 0)
	if err != nil {
		return user{}, false, err
	}
	if list, err = merged(list); err != nil {
		return user{}, false, err
	}
	if u, ok := find(list); ok {
		return u, true, nil
	}
	dbs, err := r.databases(ctx)
	if err != nil {
		return user{}, false, err
	}
	for _, db := range dbs {
		list, err := r.readUsers(ctx, db.ID)
		if err != nil {
			return user{}, false, vanished(err)
		}
		if u, ok := find(list); ok {
			return u, true, nil
		}
	}
	return user{}, false, nil
}

func (r *restAPI) setPassword(ctx context.Context, id userID, password string) error {
	path, err := userPath(id)
	if err != nil {
		return err
	}
	var d done
	if err := r.call(ctx, http.MethodPut, path, restPassword{password}, &d); err != nil {
		return hushed(err, password)
	}
	return d.check()
}

func (r *restAPI) deleteUser(ctx context.Context, id userID) error {
	path, err := userPath(id)
	if err != nil {
		return err
	}
	var d done
	if err := r.call(ctx, http.MethodDelete, path, nil, &d); err != nil {
		return err
	}
	return d.check()
}

func (r *restAPI) addUser(ctx context.Context, n newUser) (userID, error) {
	in := restNewUser{Login: n.Login, Password: n.Password, Database: n.Database, Server: n.Server}
	if n.Subscription > 0 {
		in.Subscription = &restDomain{n.Subscription}
	}
	if err := in.check(); err != nil {
		return 0, &failure{kind: provider.Rejected, words: "nothing was sent: " + err.Error()}
	}
	var made restUser
	if err := r.call(ctx, http.MethodPost, "/dbusers", in, &made); err != nil {
		return 0, hushed(err, n.Password)
	}
	if made.ID <= 0 {
		return 0, errUnsure
	}
	return made.ID, nil
}

func (*restAPI) setDefault(context.Context, databaseID, userID) error {
	return &failure{kind: provider.Rejected, words: "REST cannot set the default user of a database", remedy: "set it in the panel"}
}

func (*restAPI) setsDefault() bool { return false }
func (*restAPI) showsRights() bool { return false }

func (*restAPI) explain() explainer { return restWords{} }

// restWords are the requests, without credentials.
type restWords struct{}

func (restWords) find(userID) string { return "GET " + restBase + "/dbusers" }
func (restWords) setPassword(id userID) string {
	return "PUT " + restBase + "/dbusers/" + orID(id) + ` {"password":"(random)"}`
}
func (restWords) deleteUser(id userID) string { return "DELETE " + restBase + "/dbusers/" + orID(id) }
func (restWords) setDefault(database string) string {
	return "in the panel: make another user the default one of database " + short(database)
}

// userPath refuses what would be the path of all users.
func userPath(id userID) (string, error) {
	if id <= 0 {
		return "", &failure{kind: provider.Rejected, words: "nothing was sent: the request names no user"}
	}
	return "/dbusers/" + strconv.FormatInt(int64(id), 10), nil
}
