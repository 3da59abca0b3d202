package digitalocean

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/digitalocean/godo"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// kindOf is what a status means. What is not listed is worth another try.
var kindOf = map[int]provider.Kind{
	http.StatusUnauthorized: provider.Denied,
	http.StatusForbidden:    provider.Denied,

	http.StatusBadRequest:          provider.Rejected,
	http.StatusMethodNotAllowed:    provider.Rejected,
	http.StatusUnprocessableEntity: provider.Rejected,
	http.StatusNotImplemented:      provider.Rejected,

	http.StatusTooManyRequests:       provider.Throttled,
	http.StatusRequestEntityTooLarge: provider.Throttled,
}

// refusal is an answer that is not 2xx, in the API's own words.
type refusal struct {
	status    int
	id, words string
	requestID string
}

func (r *refusal) Error() string {
	text := fmt.Sprintf("answered %d", r.status)
	if r.id != "" {
		text += " " + r.id
	}
	if r.words != "" {
		text += ": " + r.words
	}
	if r.requestID != "" {
		text += " (request " + r.requestID + ")"
	}
	return text
}

// statusOf is the status that the API answered, or 0.
func statusOf(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status
	}
	return 0
}

// classified makes a provider.Error of whatever kept the call from a 2xx.
func (t *Team) classified(c call, resp *godo.Response, err error) error {
	if ours, ok := errors.AsType[*provider.Error](err); ok { // a guard's
		return &provider.Error{Kind: ours.Kind, Op: c.op, Err: ours}
	}
	if resp == nil {
		// No answer, or one that could not be read: whether it was done is unknown. The
		// URL that the error quotes is in the operation already.
		if at, ok := errors.AsType[*url.Error](err); ok {
			err = at.Err
		}
		return &provider.Error{Kind: provider.Transient, Op: c.op, Err: t.guard.Clean(err)}
	}
	r := &refusal{status: resp.StatusCode, requestID: t.words(resp.Header.Get("X-Request-ID"))}
	var said struct {
		ID        string `json:"id"`
		Message   string `json:"message"`
		RequestID string `json:"request_id"`
	}
	if raw := wordsOf(resp); json.Unmarshal(raw, &said) == nil {
		r.id, r.words = t.words(said.ID), t.words(said.Message)
		if r.requestID == "" {
			r.requestID = t.words(said.RequestID)
		}
	} else {
		r.words = fmt.Sprintf("%d bytes that are not the API's", len(raw))
	}
	out := &provider.Error{Kind: kindOf[r.status], Op: c.op, Err: r}
	wait := resp.Header.Get("Retry-After")
	switch {
	case strings.EqualFold(strings.ReplaceAll(r.id, "_", " "), "not implemented"):
		out.Kind = provider.Rejected
	case wait != "" && out.Kind == provider.Transient:
		out.Kind = provider.Throttled
	}
	if out.Kind == provider.Throttled {
		out.RetryAfter = retryAfter(wait, resp.Header.Get("Ratelimit-Reset"), t.now())
	}
	if r.status == http.StatusForbidden {
		out.Blockers = []access.Blocker{{Object: "our token", Why: "it may lack the scope " + c.scope,
			Remedy: "add " + c.scope + " to the token, or let somebody make one whose role in the team has it"}}
	}
	return out
}

// The API forgets a request after an hour, so a slot is free by then.
const (
	longestWait = time.Hour
	usualWait   = time.Minute
)

// retryAfter is the time that the API asks for. Only the limit of a minute says it
// outright; for the limit of an hour there is the moment at which one slot frees.
func retryAfter(wait, reset string, now time.Time) time.Duration {
	if s, err := strconv.ParseInt(strings.TrimSpace(wait), 10, 64); err == nil && s >= 0 {
		return min(time.Duration(min(s, 1<<20))*time.Second, longestWait)
	}
	if at, err := http.ParseTime(wait); err == nil && at.After(now) {
		return min(at.Sub(now), longestWait)
	}
	if s, err := strconv.ParseInt(strings.TrimSpace(reset), 10, 64); err == nil {
		if at := time.Unix(s, 0); at.After(now) {
			return min(at.Sub(now), longestWait)
		}
	}
	return usualWait
}

var (
	tokenRule = regexp.MustCompile(`\bdo[por]_v1_[A-Za-z0-9_-]+`)
	loginRule = regexp.MustCompile(`://[^/\s@]*@`)
)

// words are the API's own, fit for people and records: without tokens, passwords in
// URLs and control characters, and not endless.
func (t *Team) words(s string) string {
	return printable(loginRule.ReplaceAllString(tokenRule.ReplaceAllString(t.guard.Scrub(s), "[secret]"), "://[secret]@"))
}

// printable is a text of others, on one line and of a length that can be read.
func printable(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// unreadable is an answer of 2xx that says nothing. It is never "nothing there".
func unreadable(op, why string) error {
	return &provider.Error{Kind: provider.Transient, Op: op, Err: errors.New("the answer cannot be read: " + why)}
}

// wait is a state of affairs that may pass.
func wait(op, why string) error {
	return &provider.Error{Kind: provider.Transient, Op: op, Err: errors.New(why)}
}
