package plan

import (
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Checked is what keeps a plan from running by itself and ending clean.
type Checked struct {
	// Word are the reasons why a person has to approve it.
	Word []string
	// Open are the reasons why something stays however it is approved: a connection
	// that was not asked, an account that is not touched or not wholly known, a step
	// that is blocked already.
	Open []string
}

// Check looks for both. Both empty means: within the limits of the policy, and nothing
// is unknown, protected or blocked.
func (p Plan) Check(policy Policy) Checked {
	var c Checked
	switch {
	case !p.NeedsWord(policy):
	case len(p.Guards) > 0:
		c.Word = p.Guards
	default:
		c.Word = []string{"the policy asks for approval"}
	}
	for _, u := range p.Unknown {
		c.Open = append(c.Open, fmt.Sprintf("%s could not be asked: %s", u.Connection, u.Why))
	}
	for _, q := range p.Questions {
		c.Open = append(c.Open, fmt.Sprintf("question %d about %s waits for an answer: %s", q.ID, q.Subject(), q.Words))
	}
	for _, v := range p.Accounts {
		switch {
		case !v.Act && v.Outcome != access.AlreadyGone:
			c.Open = append(c.Open, fmt.Sprintf("%s is %s: %s", v.Account, strings.ReplaceAll(string(v.Outcome), "_", " "), v.Why))
		case v.Act && v.Why != "":
			c.Open = append(c.Open, fmt.Sprintf("%s: %s", v.Account, v.Why))
		}
	}
	for _, s := range p.Steps {
		for _, b := range s.Blocked {
			c.Open = append(c.Open, fmt.Sprintf("step %d, %s %s, is blocked: %s: %s", s.Ordinal, s.Action, s.Account, b.Object, b.Why))
		}
	}
	return c
}
