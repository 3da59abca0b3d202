package trove

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// verdict is what a status means for a step.
type verdict struct {
	kind provider.Kind
	word string
}

// verdicts has the statuses that mean something else than "try again". 400 and 422
// are told apart by their words, in judge; 404 by the request and a fresh look.
var verdicts = map[int]verdict{
	http.StatusUnauthorized:          {provider.Denied, "our login is refused, also after logging in anew"},
	http.StatusForbidden:             {provider.Denied, "our login lacks a right"},
	http.StatusRequestEntityTooLarge: {provider.Throttled, "too many requests"},
	http.StatusTooManyRequests:       {provider.Throttled, "too many requests"},
	http.StatusMethodNotAllowed:      {provider.Rejected, "the system knows no such request"},
	http.StatusUnsupportedMediaType:  {provider.Rejected, "the system does not read what we send"},
	http.StatusNotImplemented:        {provider.Rejected, "the system cannot do that"},
	http.StatusNotFound:              {provider.Transient, "it is not there"},
}

// The words of a 400 that is no mistake of ours: the guest is down, or slow.
var guestWords = []string{"An error occurred communicating with the guest", "Timeout trying to connect to the Guest Agent"}

// oddWords are those of an account or a grant that the system cannot show, and that
// keeps it from showing all others on its page.
var oddWords = []string{"is not a valid", "User name empty", "is too long"}

// judge makes the error of an answer that is not the wanted one.
func (a answer) judge(op string) *provider.Error {
	words := a.words()
	v, known := verdicts[a.status]
	out := &provider.Error{Kind: v.kind, Op: op}
	switch {
	case a.status == http.StatusBadRequest && !a.readable():
		known = false // a gateway's, or nobody's
	case a.status == http.StatusBadRequest && starts(words, guestWords) && !a.odd():
		out.Kind, v.word, known = provider.Transient, "the database does not answer", true
	case a.status == http.StatusBadRequest:
		out.Kind, v.word, known = provider.Rejected, "the system refuses", true
	case a.status == http.StatusUnprocessableEntity && a.unsupported():
		out.Kind, v.word, known = provider.Rejected, "this kind of database has no accounts here", true
	case a.status == http.StatusUnprocessableEntity:
		out.Kind, v.word, known = provider.Transient, "the database is not running", true
	}
	if wait, told := a.retryAfter(); out.Kind == provider.Throttled || a.status >= 500 && told {
		out.Kind, out.RetryAfter = provider.Throttled, wait
	}
	text := http.StatusText(a.status)
	if known {
		text = v.word
	}
	if words != "" {
		text += ": " + words
	}
	out.Err = &refusal{status: a.status, text: text}
	if out.Kind == provider.Rejected {
		out.Blockers = []access.Blocker{{Object: op, Why: text}}
	}
	return out
}

// odd reports an answer about an account or a grant that the system cannot show.
func (a answer) odd() bool {
	words := a.words()
	for _, w := range oddWords {
		if a.status == http.StatusBadRequest && strings.Contains(words, w) {
			return true
		}
	}
	return false
}

// unsupported reports that the instance's kind of database has no accounts here.
func (a answer) unsupported() bool {
	return a.status == http.StatusUnprocessableEntity && strings.HasPrefix(a.words(), "Operation not supported for datastore")
}

func starts(words string, with []string) bool {
	for _, w := range with {
		if strings.Contains(words, w) {
			return true
		}
	}
	return false
}

// refusal is an answer as an error.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

// unanswered makes the error of a request that got no answer.
func (s *session) unanswered(op string, err error) error {
	if err == nil {
		return nil
	}
	if renew, ok := errors.AsType[*gophercloud.ErrUnableToReauthenticate](err); ok {
		// It does not unwrap: what counts is why the login failed.
		return s.loginFailed(op+": log in anew", renew.ErrReauth)
	}
	if code, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err); ok {
		return s.answered(code).judge(op)
	}
	if ours, ok := errors.AsType[*provider.Error](err); ok {
		return &provider.Error{Kind: ours.Kind, Op: op, RetryAfter: ours.RetryAfter, Blockers: ours.Blockers, Err: ours}
	}
	return &provider.Error{Kind: provider.Transient, Op: op, Err: s.clean(err)}
}

// loginFailed makes the error of a login. What the login refuses for good stops the
// connection, whatever the status: no step of any account can go on without it.
func (s *session) loginFailed(op string, err error) error {
	if err == nil {
		return nil
	}
	code, ok := errors.AsType[gophercloud.ErrUnexpectedResponseCode](err)
	if !ok {
		return s.unanswered(op, err)
	}
	out := s.answered(code).judge(op)
	if out.Kind == provider.Rejected {
		out.Kind, out.Blockers = provider.Denied, nil
	}
	return out
}

// answered is the answer that gophercloud made an error of. Its own text would quote
// the body.
func (s *session) answered(code gophercloud.ErrUnexpectedResponseCode) answer {
	return answer{status: code.Actual, header: code.ResponseHeader, body: []byte(s.wires.scrub(string(code.Body)))}
}

// clean is an error without our credentials in its text, and without the URL, which
// the operation says better. Its cause stays.
func (s *session) clean(err error) error {
	cause := err
	if u, ok := errors.AsType[*url.Error](err); ok {
		cause = u.Err
	}
	text := s.wires.scrub(cause.Error())
	if errors.Is(err, context.DeadlineExceeded) {
		text = "no answer in time; it may still be carried out: " + text
	}
	return &scrubbed{brief(tokenLike.ReplaceAllString(text, "[secret]")), cause}
}

// tokenLike is what a token looks like (Fernet, UUID in hexadecimal); an error of a
// library might quote one.
var tokenLike = regexp.MustCompile(`gAAAA[A-Za-z0-9_=-]{20,}|\b[0-9a-f]{32}\b`)

type scrubbed struct {
	text  string
	cause error
}

func (s *scrubbed) Error() string { return s.text }
func (s *scrubbed) Unwrap() error { return s.cause }
