package plan

import (
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Taken is a step that a case has carried out, or may have.
type Taken struct {
	access.Step
	Engine string
}

// Undo plans how a closed case is given back: every step that it took, in reverse
// order. The taken steps come newest first. Who approves its hash approves exactly
// these accounts and no other.
func Undo(caseID string, who access.PrincipalID, reason access.Reason, taken []Taken) Plan {
	p := Plan{Case: caseID, Principal: who, Reason: reason}
	for _, t := range taken {
		if !slices.ContainsFunc(p.Accounts, func(v Verdict) bool { return v.Account == t.Account }) {
			p.Accounts = append(p.Accounts, Verdict{Account: t.Account, Engine: t.Engine, Act: true})
		}
		s := t.Step
		s.Ordinal, s.Action, s.Undoes, s.Blocked = len(p.Steps)+1, access.Restore, t.Action, nil
		s.Irreversible = lost(t.Irreversible)
		p.Steps = append(p.Steps, s)
	}
	slices.SortFunc(p.Accounts, func(a, b Verdict) int { return compareRefs(a.Account, b.Account) })
	return p
}

// lost is what stays lost of what a step announced, without what a cancel does about it.
func lost(irreversible string) string {
	parts := slices.DeleteFunc(strings.Split(irreversible, "; "), func(part string) bool { return strings.HasPrefix(part, "a cancel ") })
	return strings.Join(parts, "; ")
}
