package roles

import (
	"fmt"
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
	Read      Act = "read cases and the audit trail"
)

// needs are the roles of which one is needed.
var needs = map[Act][]Role{
	Request: {Requester}, Rehearse: {Requester},
	Approve: {Approver}, Deny: {Approver},
	Hold: {Operator}, Resume: {Operator}, Retry: {Operator}, Escalate: {Operator}, Cancel: {Operator}, Waive: {Operator},
	Reinstate: {Operator}, Identify: {Operator}, Import: {Operator}, Finish: {Operator}, Sweep: {Operator},
	Read: All,
}

// RefusalError is the error of who may not do something.
type RefusalError struct {
	Who   string
	Act   Act
	Needs []Role // one of these would do
	unset []Role
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
	case len(r.unset) == len(r.Needs):
		why = "is not set, while another role is"
	case len(r.Needs) > 1:
		why = "do not list them"
	}
	return fmt.Sprintf("%s may not %s: that takes the role %s, and %s %s", r.Who, r.Act,
		strings.Join(names, " or "), strings.Join(variables, ", "), why)
}
