package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// refusal is an answer that is no success, as SCIM has it.
type refusal struct {
	status int
	kind   string // RFC 7644's scimType; empty where it has none
	detail string
}

func (r *refusal) Error() string { return r.detail }

// The kinds of RFC 7644, table 9.
const (
	invalidFilter = "invalidFilter"
	tooMany       = "tooMany"
	uniqueness    = "uniqueness"
	mutability    = "mutability"
	invalidSyntax = "invalidSyntax"
	invalidPath   = "invalidPath"
	invalidValue  = "invalidValue"
)

func bad(kind, format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, kind, fmt.Sprintf(format, args...)}
}

func missing(id string) *refusal {
	return &refusal{http.StatusNotFound, "", fmt.Sprintf("there is no user %q", id)}
}

// refusalOf makes an answer of any error. What went wrong inside is told to the log,
// and not to who asked.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if t, ok := errors.AsType[*store.TakenError](err); ok {
		return &refusal{http.StatusConflict, uniqueness, t.Error()}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &refusal{http.StatusRequestEntityTooLarge, "", fmt.Sprintf("the request is larger than %d bytes", maxBody)}
	}
	f := desk.Explain(err)
	words := strings.Join(append([]string{f.Error()}, f.Next...), "; ")
	switch f.Kind {
	case desk.Invalid:
		return bad(invalidValue, "%s", words)
	case desk.Forbidden:
		return &refusal{http.StatusForbidden, "", words}
	case desk.Missing:
		return &refusal{http.StatusNotFound, "", words}
	case desk.Refused, desk.Open:
		return &refusal{http.StatusConflict, "", words}
	case desk.Unreachable:
		return &refusal{http.StatusServiceUnavailable, "", "the records do not answer; nothing was changed, or it is not known: send it again"}
	}
	return &refusal{http.StatusInternalServerError, "", "something went wrong here; the log of the server says what"}
}

// write sends a refusal.
func (r *refusal) write(w http.ResponseWriter) {
	switch r.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="scim"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "30")
	}
	body := map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": strconv.Itoa(r.status), "detail": r.detail}
	if r.kind != "" {
		body["scimType"] = r.kind
	}
	send(w, r.status, body)
}

// send writes a JSON document as SCIM has it.
func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/scim+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who does not read the answer asks again
}
