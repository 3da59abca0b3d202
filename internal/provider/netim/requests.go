package netim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/provider/wire"
)

// request is one call of the API. Every call but the one that opens a session has a
// JSON body, also a GET and a DELETE: that is where Netim reads its arguments.
type request struct {
	method string
	path   string // escaped, with the slash at its end
	body   object
	// secret is in the body and may be in no error.
	secret string
}

// object is a JSON object. Its members are named as Netim names them.
type object map[string]any

// pathOf escapes and puts together.
func pathOf(segments ...string) (string, error) {
	p, err := wire.Path(segments...)
	return p + "/", err
}

// parts are what a hosting is asked for: WEB has the number of databases.
var parts = []string{"DATABASES", "DATABASE_USERS", "WEB"}

func readHosting(hosting string) (request, error) {
	p, err := wire.Path("webhosting", hosting)
	return request{method: http.MethodGet, path: p, body: object{"additionalData": parts}}, err
}

// patchDatabase links or unlinks a pair. A DELETE of the same path is the database.
func patchDatabase(action, hosting, database, user string) (request, error) {
	err := errors.Join(belongs(hosting, database), belongs(hosting, user))
	p, bad := pathOf("webhosting", hosting, "database")
	body := object{"action": action, "params": object{"dbName": database, "username": user}}
	return request{method: http.MethodPatch, path: p, body: body}, errors.Join(err, bad)
}

func deleteUser(hosting, user string) (request, error) {
	p, bad := pathOf("webhosting", hosting, "database-user")
	return request{method: http.MethodDelete, path: p, body: object{"username": user}}, errors.Join(belongs(hosting, user), bad)
}

func createUser(hosting, user, password string, r rights) (request, error) {
	p, bad := pathOf("webhosting", hosting, "database-user")
	body := object{"username": user, "password": password, "internalAccess": r.internal, "externalAccess": r.external}
	return request{method: http.MethodPost, path: p, body: body, secret: password}, errors.Join(belongs(hosting, user), bad)
}

func setPassword(action, hosting, user, password string) (request, error) {
	p, bad := pathOf("webhosting", hosting, "database-user")
	body := object{"action": action, "params": object{"username": user, "password": password}}
	return request{method: http.MethodPatch, path: p, body: body, secret: password}, errors.Join(belongs(hosting, user), bad)
}

func setRights(action, hosting, user string, r rights) (request, error) {
	p, bad := pathOf("webhosting", hosting, "database-user")
	body := object{"action": action, "params": object{"username": user, "internalAccess": r.internal, "externalAccess": r.external}}
	return request{method: http.MethodPatch, path: p, body: body}, errors.Join(belongs(hosting, user), bad)
}

func readOperation(id int64) (request, error) {
	p, err := wire.Path("operation", strconv.FormatInt(id, 10))
	return request{method: http.MethodGet, path: p, body: object{}}, err
}

// declared are the only requests that may leave. The hostings are literal in them, so
// no name of anything can make a path lead to another one, and a body is held against
// the hosting of its path.
func declared(cfg Config, hostings []string) []wire.Allow {
	allow := []wire.Allow{
		{Method: http.MethodPost, Pattern: "/session/"},
		{Method: http.MethodDelete, Pattern: "/session/", Body: emptyObject},
		{Method: http.MethodGet, Pattern: "/sessions/", Body: emptyObject},
		{Method: http.MethodGet, Pattern: "/operation/{id}", Body: emptyObject},
		{Method: http.MethodGet, Pattern: "/operations/pending/", Body: emptyObject},
	}
	for _, h := range hostings {
		user := "/webhosting/" + h + "/database-user/"
		pair := both(members("dbName", "username"), names(h, "dbName", "username"))
		allow = append(allow,
			wire.Allow{Method: http.MethodGet, Pattern: "/webhosting/" + h, Body: asksForParts},
			wire.Allow{Method: http.MethodPatch, Pattern: "/webhosting/" + h + "/database/", Body: action(map[string]check{
				unlinkAction: pair, cfg.LinkAction: pair,
			})},
			wire.Allow{Method: http.MethodPost, Pattern: user, Body: whole(members("username", "password", "internalAccess", "externalAccess"), names(h, "username"))},
			wire.Allow{Method: http.MethodPatch, Pattern: user, Body: action(map[string]check{
				cfg.PasswordAction:   both(members("username", "password"), names(h, "username")),
				cfg.PermissionAction: both(members("username", "internalAccess", "externalAccess"), names(h, "username")),
			})},
			wire.Allow{Method: http.MethodDelete, Pattern: user, Body: whole(members("username"), names(h, "username"))},
		)
	}
	return allow
}

// check is an opinion about the members of a body.
type check func(map[string]json.RawMessage) error

// names wants the members to be names of the hosting.
func names(hosting string, wanted ...string) check {
	return func(m map[string]json.RawMessage) error {
		for _, w := range wanted {
			name, err := text(m[w])
			if err == nil {
				err = belongs(hosting, name)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", w, err)
			}
		}
		return nil
	}
}

// members wants these and no others, each with a text in it.
func members(wanted ...string) check {
	return func(m map[string]json.RawMessage) error {
		for _, w := range wanted {
			if v, err := text(m[w]); err != nil || v == "" {
				return fmt.Errorf("%s is missing", w)
			}
		}
		if len(m) != len(wanted) {
			return errors.New("it has more members than it should")
		}
		return nil
	}
}

func both(checks ...check) check {
	return func(m map[string]json.RawMessage) error {
		for _, c := range checks {
			if err := c(m); err != nil {
				return err
			}
		}
		return nil
	}
}

// whole is checks of the body itself.
func whole(checks ...check) func([]byte) error {
	return func(body []byte) error {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(body, &m); err != nil {
			return errors.New("it is no JSON object")
		}
		return both(checks...)(m)
	}
}

// action checks a body of an action and its parameters.
func action(allowed map[string]check) func([]byte) error {
	return whole(func(m map[string]json.RawMessage) error {
		name, err := text(m["action"])
		if err != nil {
			return fmt.Errorf("action: %w", err)
		}
		params, ok := allowed[name]
		if name == "" || !ok {
			return fmt.Errorf("the action %q is not declared", brief(name))
		}
		if len(m) != 2 {
			return errors.New("it has more members than it should")
		}
		return whole(params)(m["params"])
	})
}

func emptyObject(body []byte) error {
	if strings.TrimSpace(string(body)) != "{}" {
		return errors.New("it is not {}")
	}
	return nil
}

func asksForParts(body []byte) error {
	return whole(func(m map[string]json.RawMessage) error {
		var asked []string
		if err := json.Unmarshal(m["additionalData"], &asked); err != nil || !slices.Equal(asked, parts) || len(m) != 1 {
			return errors.New("it asks for something else")
		}
		return nil
	})(body)
}

// text is a JSON string.
func text(raw json.RawMessage) (string, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", errors.New("it is no text")
	}
	return *s, nil
}
