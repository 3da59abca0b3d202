package plan

import (
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// SharedRule says what becomes of an account that somebody else claims too.
type SharedRule string

// The rules. None of them deletes or locks such an account. Empty means SharedTask.
const (
	SharedTask   SharedRule = "task"   // nothing is sent; what is to be done is a person's task
	SharedRotate SharedRule = "rotate" // it gets a new password, which goes to the secret sink
)

// KnownSharedRule reports whether a rule is one of ours.
func KnownSharedRule(r SharedRule) bool { return r == "" || r == SharedTask || r == SharedRotate }

// shared judges an account that others claim too. It is never deleted for one of them.
// Under the rule for it, and once in a case, it gets a new password.
func shared(v Verdict, a Account, c Connection, rule SharedRule) Verdict {
	v.SharedWith = a.SharedWith
	v.Why = fmt.Sprintf("shared: %s also claim it; it is never deleted for one of them", idsInWords(a.SharedWith))
	can := c.Engines[a.Engine]
	switch {
	case a.Rotated != "":
		v.Outcome, v.Why = access.Contained, RotatedWords(a.SharedWith, a.Rotated)
	case rule != SharedRotate:
		v.Outcome = access.Blocked
	case !can.Can(access.Rotate):
		v.Outcome = access.Blocked
		v.Why += "; its password has to be rotated by hand, for the system has no way to do it"
		if how := can[access.Rotate].How; how != "" {
			v.Why += ": " + how
		}
	default:
		v.Act = true
		v.Why += "; its password is rotated, and they need the new one"
	}
	return v
}

// rotation is the one step that a shared account gets.
func rotation(a Account, can access.Capabilities) access.Step {
	s := access.Step{Action: access.Rotate, Account: a.Ref, Irreversible: "its password, for everybody who uses it"}
	if more := can[access.Rotate].Loses; more != "" {
		s.Irreversible += "; " + more
	}
	return s
}

// RotatedWords say of a shared account that it has a new password, who needs that, and
// in the words of the step how it went and where the password was delivered to.
func RotatedWords(with []access.PrincipalID, said string) string {
	who := idsInWords(with)
	if who == "" {
		who = "all who use it"
	}
	return fmt.Sprintf("shared, and its password was rotated: %s need the new one (%s)", who, said)
}
