package roles

import (
	"fmt"
	"slices"
	"strings"
)

// Act is something that a person asks for, in words that end the sentence "she may
// not ...".
type Act string

// What people ask for.
const (
	Request   Act = "request the end of somebody's access"
	Rehearse  Act = "rehearse the end of somebody's access"
	Approve   Act = "approve a plan"
	Deny      Act = "deny a plan"
	Hold      Act = "hold a case"
	Resume    Act = "let a case go on"
	Retry     Act = "try a case again"
	Escalate  Act = "make a case more urgent"
	Cancel    Act = "cancel a case"
	Waive     Act = "waive what stays"
	Reinstate Act = "give access back"
	Identify  Act = "say whose an account is"
	Import    Act = "import identities, rosters or secrets"
	Finish    Act = "finish a task"
	Sweep     Act = "set up, run, pause or delete a sweep"
	Issue     Act = "make or revoke tokens"
	Tell      Act = "have people outside told"
	Provision Act = "provision people over SCIM"
	Read      Act = "read cases and the audit trail"
)

// needs are the roles of which one is needed.
var needs = map[Act][]Role{
	Request: {Requester}, Rehearse: {Requester}, Provision: {Requester},
	Approve: {Approver}, Deny: {Approver},
	Hold: {Operator}, Resume: {Operator}, Retry: {Operator}, Escalate: {Operator}, Cancel: {Operator}, Waive: {Operator},
	Reinstate: {Operator}, Identify: {Operator}, Import: {Operator}, Finish: {Operator}, Sweep: {Operator}, Issue: {Operator}, Tell: {Operator},
	Read: All,
}

// RefusalError is the error of who may not do something.
type RefusalError struct {
	Who   string
	Act   Act
	Needs []Role // one of these would do
	unset []Role
	held  []Role // of Within: what they have instead
	token bool
}

func (r *RefusalError) Error() string {
	if len(r.Needs) == 0 {
		return fmt.Sprintf("%s may not %s: no role is known that could", r.Who, r.Act)
	}
	names, variables := make([]string, len(r.Needs)), make([]string, len(r.Needs))
	for i, role := range r.Needs {
		names[i], variables[i] = string(role), role.Variable()
	}
	why := "does not list them"
	switch {
	case r.token:
		return fmt.Sprintf("%s may not %s: that takes the role %s, and this token has %s", r.Who, r.Act, strings.Join(names, " or "), rolesInWords(r.held))
	case len(r.unset) == len(r.Needs):
		why = "is not set, while another role is"
	case len(r.Needs) > 1:
		why = "do not list them"
	}
	return fmt.Sprintf("%s may not %s: that takes the role %s, and %s %s", r.Who, r.Act,
		strings.Join(names, " or "), strings.Join(variables, ", "), why)
}

// Within says why roles that somebody brings along, as a token has them, do not let
// them do something, or nothing when they do. It counts beside May, not in its place.
func Within(held []Role, who string, a Act) error {
	need, known := needs[a]
	switch {
	case !known: // fail closed
		return &RefusalError{Who: who, Act: a}
	case slices.ContainsFunc(need, func(role Role) bool { return slices.Contains(held, role) }):
		return nil
	}
	return &RefusalError{Who: who, Act: a, Needs: need, held: held, token: true}
}

func rolesInWords(held []Role) string {
	if len(held) == 0 {
		return "none"
	}
	words := make([]string, len(held))
	for i, r := range held {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}
