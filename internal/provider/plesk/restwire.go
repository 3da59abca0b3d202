package plesk

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/severhq/sever/internal/provider/wire"
)

const restBase = "/api/v2"

// restAllowed is all that REST is ever sent. No path here leads to a database, and
// none of the names of accounts stands in a path.
var restAllowed = []wire.Allow{
	{Method: http.MethodGet, Pattern: restBase + "/databases"},
	{Method: http.MethodGet, Pattern: restBase + "/dbusers", Query: []string{"dbId"}},
	{Method: http.MethodPost, Pattern: restBase + "/dbusers", Body: ours[restNewUser]},
	{Method: http.MethodPut, Pattern: restBase + "/dbusers/{id}", Body: ours[restPassword]},
	{Method: http.MethodDelete, Pattern: restBase + "/dbusers/{id}"},
}

type restNewUser struct {
	Login        string      `json:"login"`
	Password     string      `json:"password"`
	Database     databaseID  `json:"database_id,omitempty"`
	Server       int64       `json:"server_id,omitempty"`
	Subscription *restDomain `json:"parent_domain,omitempty"`
}

type restPassword struct {
	Password string `json:"password"`
}

// restDomain is a domain by its number, which Plesk writes as one or as an object.
type restDomain struct {
	ID int64 `json:"id"`
}

func (d *restDomain) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		type plain restDomain
		return json.Unmarshal(b, (*plain)(d))
	}
	return json.Unmarshal(b, &d.ID)
}

// ours refuses a body that this package would not have written.
func ours[T interface{ check() error }](body []byte) error {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return errors.New("it is no request of ours")
	}
	if err := v.check(); err != nil {
		return err
	}
	if same, err := json.Marshal(v); err != nil || !bytes.Equal(same, body) {
		return errors.New("it is not one of our requests")
	}
	return nil
}

func (n restNewUser) check() error {
	a := addUser{Database: n.Database, Server: n.Server, Login: n.Login, Password: n.Password, Kind: plainPassword}
	if n.Subscription != nil {
		a.Subscription = n.Subscription.ID
	}
	return a.check()
}

func (p restPassword) check() error { return checkPassword(p.Password, plainPassword) }

type restDatabase struct {
	ID           databaseID  `json:"id"`
	Name         string      `json:"name"`
	Type         string      `json:"type"`
	Subscription *restDomain `json:"parent_domain"`
	Server       int64       `json:"server_id"`
	Default      *userID     `json:"default_user_id"`
}

type restUser struct {
	ID       userID      `json:"id"`
	Login    string      `json:"login"`
	Database *databaseID `json:"database_id"`
}

func (u restUser) user() (user, error) {
	out := user{ID: u.ID, Login: u.Login}
	if u.Database != nil {
		out.Database = *u.Database
	}
	if out.ID <= 0 || out.Login == "" || out.Database < 0 {
		return out, unreadable(errors.New("a user has no id or no login"))
	}
	return out, nil
}

// list insists on an array: null is no empty list.
func list[T any](into *[]T) json.Unmarshaler { return (*array[T])(into) }

type array[T any] []T

func (a *array[T]) UnmarshalJSON(b []byte) error {
	if !bytes.HasPrefix(b, []byte("[")) {
		return errors.New("no list")
	}
	return json.Unmarshal(b, (*[]T)(a))
}

// done is the answer to a change.
type done struct {
	Status string `json:"status"`
}

func (d done) check() error {
	if d.Status != "success" {
		return errUnsure
	}
	return nil
}
