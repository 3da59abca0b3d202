package plesk

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// failure is an answer that is no yes.
type failure struct {
	kind   provider.Kind
	wait   time.Duration
	words  string // of the system, scrubbed
	remedy string
	cause  error
}

func (f *failure) Error() string { return f.words }
func (f *failure) Unwrap() error { return f.cause }

// verdict is what a code means for one step, for the whole connection when the
// request was turned away at the door, and what a person can do.
type verdict struct {
	step, door provider.Kind
	word       string
	remedy     string
}

const (
	again  = provider.Transient
	denied = provider.Denied
	no     = provider.Rejected
)

// errcode 1013 is the one that reads decide about.
const codeNoObject = 1013

// verdicts has the codes of the XML API. Text may be in any language and is never
// looked at. A code that is not here is worth another try. At the door nothing was
// done, and what is wrong there is wrong for every step of the connection.
var verdicts = map[int]verdict{
	1001:  {denied, denied, "our login or password is wrong", "set LOGIN and PASSWORD of the connection"},
	1010:  {denied, denied, "our login may not use the panel", "allow it in the panel"},
	1011:  {denied, denied, "our login is switched off", "activate it in the panel"},
	1012:  {denied, denied, "our login is locked", "unlock it in the panel; more attempts may keep it locked"},
	11003: {denied, denied, "our secret key is refused", "make a key for the address that this request came from, and set KEY"},

	1003: {again, again, "", ""},
	1008: {again, again, "", ""},
	1023: {again, again, "", ""},

	1004: {no, denied, "Plesk is not set up", "finish its first start"},
	1005: {no, denied, "this server does not speak that version", "set VERSION of the connection to one that it speaks"},
	1006: {no, denied, "our login lacks a permission", "give our login in the panel the right to manage databases, and remote access by the API"},
	1009: {no, denied, "", ""},
	1014: {no, no, "the server does not understand a packet of ours", ""},
	1017: {no, denied, "this version of the protocol cannot do that", "set VERSION of the connection to a newer one"},
	1029: {no, denied, "", "set KEY, or LOGIN and PASSWORD"},
	1030: {no, denied, "the licence of the panel has expired", "renew it"},
	1033: {no, denied, "", ""},

	codeNoObject: {no, no, "", ""},

	1007: {no, no, "there is one already", ""},
	1015: {no, no, "", ""},
	1018: {no, no, "", ""},
	1019: {no, no, "Plesk refuses a value", "look at its rules for passwords and logins"},
	1024: {no, no, "a limit of the subscription is reached", "raise it in the panel"},
	1025: {no, no, "", ""},
	1026: {no, no, "", ""}, 1031: {no, no, "", ""}, 1027: {no, no, "", ""}, 1032: {no, no, "", ""}, 1050: {no, no, "", ""},
	14008: {no, no, "", ""},
	14009: {no, no, "", "configure the database server in the panel"},
}

// ofCode is the failure that a code stands for.
func ofCode(code int, text string, door bool) *failure {
	v := verdicts[code]
	f := &failure{kind: v.step, remedy: v.remedy, words: fmt.Sprintf("Plesk answered error %d: %s", code, short(text))}
	if door {
		f.kind = v.door
	}
	if v.word != "" {
		f.words = v.word + ": " + f.words
	}
	if code == codeNoObject {
		f.cause = errNoUser
	}
	return f
}

// classified makes a provider.Error of whatever stopped op. An error that is one
// already passes.
func classified(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := errors.AsType[*provider.Error](err); ours {
		return fmt.Errorf("%s: %w", op, err)
	}
	out := &provider.Error{Kind: provider.Transient, Op: op, Err: err}
	if f, ok := errors.AsType[*failure](err); ok {
		out.Kind, out.RetryAfter = f.kind, f.wait
		if f.kind == provider.Rejected || f.remedy != "" {
			out.Blockers = []access.Blocker{{Object: "Plesk", Why: f.words, Remedy: f.remedy}}
		}
	}
	return out
}

// refuse is a Rejected error in our own words.
func refuse(op string, cause error, blockers ...access.Blocker) error {
	return &provider.Error{Kind: provider.Rejected, Op: op, Err: cause, Blockers: blockers}
}

// hushed is err without a password that this process has just made.
func hushed(err error, password string) error {
	if err == nil || password == "" || !strings.Contains(err.Error(), password) {
		return err
	}
	f := &failure{kind: provider.KindOf(err), words: strings.ReplaceAll(err.Error(), password, "[secret]"), cause: err}
	if was, ok := errors.AsType[*failure](err); ok {
		f.kind, f.wait, f.remedy = was.kind, was.wait, was.remedy
	}
	return f
}

// op names an operation in messages: "delete plesk-fr1/ada".
func op(action access.Action, ref access.Ref) string { return fmt.Sprintf("%s %s", action, ref) }
