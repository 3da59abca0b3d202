package set

import (
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/inbox"
)

// Where the types of events begin.
const (
	caep = "https://schemas.openid.net/secevent/caep/event-type/"
	risc = "https://schemas.openid.net/secevent/risc/event-type/"
	ssf  = "https://schemas.openid.net/secevent/ssf/event-type/"
	sse  = "https://schemas.openid.net/secevent/sse/event-type/" // as ssf was called before
)

// acting are the events that can ask for something, by their short names.
var acting = map[string]string{
	"session-revoked": caep, "credential-change": caep,
	"credential-compromise": risc, "account-disabled": risc, "sessions-revoked": risc, "account-purged": risc, "identifier-recycled": risc,
}

// quiet are the events that are good to know and ask for nothing.
var quiet = []string{
	caep + "token-claims-change", caep + "assurance-level-change", caep + "device-compliance-change", caep + "session-established",
	caep + "session-presented", caep + "risk-level-change",
	risc + "account-enabled", risc + "account-credential-change-required", risc + "identifier-changed", risc + "recovery-activated",
	risc + "recovery-information-changed", risc + "opt-in", risc + "opt-out-initiated", risc + "opt-out-cancelled", risc + "opt-out-effective",
	ssf + "verification", ssf + "stream-updated", sse + "verification", sse + "stream-updated",
}

// event is one statement of a token.
type event struct {
	kind string         // its type, a URI
	says map[string]any // its payload
}

// name is the short name of an event.
func (e event) name() string { return e.kind[strings.LastIndex(e.kind, "/")+1:] }

// text is a member of the payload that is a text; empty where there is none.
func (e event) text(name string) string {
	s, _ := e.says[name].(string)
	return s
}

// meaning is what an event asks for. Who it is about is not its business. An event that
// nobody knows, or that lacks what its meaning depends on, is an error.
func meaning(e event) (inbox.Order, error) {
	o := inbox.Order{Act: inbox.Offboard, Reason: access.Incident, Why: e.name()}
	nothing := func(why string) (inbox.Order, error) {
		return inbox.Order{Act: inbox.None, Why: e.name() + ": " + why}, nil
	}
	if slices.Contains(quiet, e.kind) {
		return inbox.Order{Act: inbox.None, Why: e.name()}, nil
	}
	if base, known := acting[e.name()]; !known || base+e.name() != e.kind {
		return o, fmt.Errorf("the event %q is none that Sever knows", e.kind)
	}
	by := e.text("initiating_entity")
	if by != "" && !slices.Contains([]string{"admin", "user", "policy", "system"}, by) {
		return o, fmt.Errorf("initiating_entity is %q: it is admin, user, policy or system", by)
	}
	if by != "" {
		o.Why += " by " + by
	}
	switch e.name() {
	case "session-revoked", "sessions-revoked":
		if by == "user" {
			return nothing("the user logged out")
		}
	case "credential-change":
		change := e.text("change_type")
		switch {
		case !slices.Contains([]string{"create", "revoke", "update", "delete"}, change):
			return o, fmt.Errorf("change_type is %q: it is create, revoke, update or delete", change)
		case by == "user":
			return nothing("the user did it, " + change)
		case change == "create" || change == "update":
			return nothing("a credential is new, " + change)
		}
		o.Why += ", " + change
	case "account-disabled":
		if reason := e.text("reason"); reason != "" {
			o.Why += ", " + reason
		}
	case "account-purged":
		o.Reason = access.HR
	case "identifier-recycled":
		o = inbox.Order{Act: inbox.Hold, Recycled: true, Why: "the identifier belongs to somebody else now"}
	}
	return o, nil
}
