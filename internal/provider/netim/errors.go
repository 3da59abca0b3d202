package netim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/severhq/sever/internal/provider"
)

// kinds are the statuses that mean something else than "try again". Which 4xx Netim
// has for which cause is not documented, and its messages follow the language of the
// session, so neither says what a refusal is about: reading the hosting again does.
var kinds = map[int]provider.Kind{
	http.StatusBadRequest:            provider.Rejected,
	http.StatusPaymentRequired:       provider.Rejected,
	http.StatusNotFound:              provider.Rejected,
	http.StatusMethodNotAllowed:      provider.Rejected,
	http.StatusNotAcceptable:         provider.Rejected,
	http.StatusConflict:              provider.Rejected,
	http.StatusGone:                  provider.Rejected,
	http.StatusPreconditionFailed:    provider.Rejected,
	http.StatusUnsupportedMediaType:  provider.Rejected,
	http.StatusUnprocessableEntity:   provider.Rejected,
	http.StatusRequestEntityTooLarge: provider.Throttled,
	http.StatusTooManyRequests:       provider.Throttled,

	// The login was good a moment ago, so this is the session, not the credential: only
	// a 401 to the login itself is Denied. A 403 in a new session is about our rights.
	http.StatusUnauthorized: provider.Transient,
	http.StatusForbidden:    provider.Denied,
}

// read gives the JSON of a 2xx, and everything else as an error. An answer that is no
// JSON, or nothing at all, is unreadable: what was done is unknown then.
func (a *answer) read(op string) (json.RawMessage, error) {
	if a.status >= 200 && a.status < 300 {
		if !json.Valid(a.body) {
			return nil, &provider.Error{Op: op, Err: fmt.Errorf("%w: %w", errUnreadable, a.words())}
		}
		return a.body, nil
	}
	kind := kinds[a.status]
	if kind == provider.Rejected && !a.isOurs() {
		// A page of something between us and the API, which decides nothing.
		kind = provider.Transient
	}
	e := &provider.Error{Kind: kind, Op: op, Err: a.words(), RetryAfter: retryAfter(a.header)}
	if e.RetryAfter > 0 && kind == provider.Transient {
		e.Kind = provider.Throttled
	}
	return nil, e
}

// errUnreadable says that Netim answered yes, and nobody can tell to what.
var errUnreadable = errors.New("the answer cannot be read")

// isOurs tells an error of the API, which has a JSON body or none, from one of a
// proxy.
func (a *answer) isOurs() bool {
	return len(strings.TrimSpace(string(a.body))) == 0 || json.Valid(a.body)
}

// words are the answer in one line: the status, and Netim's message if there is one.
func (a *answer) words() error {
	said := fmt.Sprintf("answered %d", a.status)
	m, err := membersOf(a.body)
	switch message := m.text("message"); {
	case err == nil && message != "":
		said += ": " + message
	case len(a.body) == 0:
		said += " without a body"
	case !json.Valid(a.body):
		said += " with something that is no JSON"
	}
	return errors.New(brief(a.scrub(said)))
}

// retryAfter is the header of that name, in seconds or as a date.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		return min(time.Duration(n)*time.Second, time.Hour)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), time.Second), time.Hour)
	}
	return 0
}

// failed is an error of the exchange itself. A refusal of the guard stays one.
func failed(op string, err error) error {
	return &provider.Error{Kind: provider.KindOf(err), Op: op, Err: err}
}
