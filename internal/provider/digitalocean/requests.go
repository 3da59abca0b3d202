package digitalocean

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/severhq/sever/internal/provider/wire"
)

// allowed are all requests that this provider ever sends. DELETE of a cluster and
// of a database are not among them.
var allowed = []wire.Allow{
	{Method: http.MethodGet, Pattern: "/v2/databases", Query: paging},
	{Method: http.MethodGet, Pattern: "/v2/databases/{cluster}"},
	{Method: http.MethodGet, Pattern: "/v2/databases/{cluster}/users", Query: paging},
	{Method: http.MethodGet, Pattern: "/v2/databases/{cluster}/pools", Query: paging},

	{Method: http.MethodPost, Pattern: "/v2/databases/{cluster}/users/{name}/reset_auth", Body: emptyObject},
	{Method: http.MethodPut, Pattern: "/v2/databases/{cluster}/users/{name}", Body: newSettings},
	{Method: http.MethodDelete, Pattern: "/v2/databases/{cluster}/users/{name}"},
	{Method: http.MethodPut, Pattern: "/v2/databases/{cluster}/pools/{pool}", Body: newPool(false)},
	{Method: http.MethodDelete, Pattern: "/v2/databases/{cluster}/pools/{pool}"},

	// Giving back.
	{Method: http.MethodPost, Pattern: "/v2/databases/{cluster}/users", Body: newUser},
	{Method: http.MethodPost, Pattern: "/v2/databases/{cluster}/pools", Body: newPool(true)},
}

var paging = []string{"page", "per_page"}

const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

var (
	uuidRule = regexp.MustCompile(`^` + uuid + `$`)
	// pathRule is the form of every path: below a cluster there is a UUID. A cluster
	// itself is only ever read, and a user or a pool is one segment.
	pathRule = regexp.MustCompile(`^/v2/databases(/` + uuid + `(/(users|pools)(/[^/]+(/reset_auth)?)?)?)?$`)
)

// The bodies are read once more before they leave. What is not expected is refused.

func emptyObject(body []byte) error {
	if string(bytes.TrimSpace(body)) != "{}" {
		return errors.New("it must be {}")
	}
	return nil
}

// newSettings lets one kind of setting pass, and no list that is empty: what an
// empty one means is not documented, and it may be "everything".
func newSettings(body []byte) error {
	var in struct {
		Settings *settings `json:"settings"`
	}
	if err := strictly(body, &in); err != nil {
		return err
	}
	if in.Settings == nil {
		return errors.New("it has no settings")
	}
	return in.Settings.sendable(1)
}

func newUser(body []byte) error {
	var in createUser
	if err := strictly(body, &in); err != nil {
		return err
	}
	if builtIn[in.Name] != "" || in.Name == "" {
		return fmt.Errorf("%q is no name for a new user", in.Name)
	}
	if in.Settings == nil {
		return nil
	}
	return in.Settings.sendable(0)
}

// sendable reports what keeps settings from being sent: lists that are empty, or
// fewer than so many kinds of settings, or several.
func (s *settings) sendable(least int) error {
	kinds := 0
	for _, list := range []*[]rule{s.Topics, s.Indexes} {
		if list == nil {
			continue
		}
		kinds++
		if len(*list) == 0 {
			return errors.New("a list of rules may not be empty")
		}
		for _, r := range *list {
			if r.pattern() == "" || r.Permission == "" {
				return errors.New("a rule lacks its pattern or its permission")
			}
		}
	}
	if s.Mongo != nil {
		kinds++
	}
	if s.Replication != nil {
		kinds++
	}
	if kinds < least || kinds > 1 {
		return fmt.Errorf("it has %d kinds of settings", kinds)
	}
	return nil
}

// newPool wants all that the API needs, and no built-in user.
func newPool(named bool) func([]byte) error {
	return func(body []byte) error {
		var in pool
		if err := strictly(body, &in); err != nil {
			return err
		}
		switch {
		case (in.Name != "") != named:
			return errors.New("the name of the pool is in the wrong place")
		case in.Mode == "" || in.Database == "" || in.Size <= 0:
			return errors.New("it lacks the mode, the size or the database")
		case builtIn[in.User] != "":
			return fmt.Errorf("it gives the pool to %s", in.User)
		}
		return nil
	}
}

// strictly decodes exactly one JSON value with known fields.
func strictly(body []byte, out any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		return err
	}
	if d.More() {
		return errors.New("it has more than one value")
	}
	return nil
}
