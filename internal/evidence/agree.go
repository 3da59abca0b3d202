package evidence

import (
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

// agree holds the records against the chain: what the records say of outcomes, proofs,
// plans, decisions and of how the case ended must have been written to the chain when it
// happened. Records are tables that their owner can change; the chain is not.
//
// Steps and tasks are not compared: the chain tells what was done, and not how each of
// them stands.
func (v *verification) agree(c content) {
	if c.Case.ID != v.Case {
		v.add(caseFile, Disagrees, fmt.Sprintf("it is about case %q and the pack about case %q", c.Case.ID, v.Case))
	}
	v.agreeCase(c)
	v.agreePlans(c)
	v.agreeAccounts(c)
	v.agreeProofs(c)
}

func (v *verification) agreeCase(c content) {
	end := access.CaseOpen
	for _, r := range c.Rows {
		switch r.Kind {
		case audit.CaseOpened:
			if r.Actor != c.Case.Requester || r.Object != string(c.Case.Principal) {
				v.add(caseFile, Disagrees, fmt.Sprintf("by row %d, %s opened it for %s", r.Seq, r.Actor, r.Object))
			}
		case audit.CaseReopened:
			end = access.CaseOpen
		case audit.CaseClosed:
			end = access.CaseStatus(r.Outcome)
		}
	}
	if c.Case.Status != end && c.Case.Status != access.CaseDryRun { // the end of a dry run is no event
		v.add(caseFile, Disagrees, fmt.Sprintf("it says that the case is %q, and the chain that it is %q", c.Case.Status, end))
	}
}

func (v *verification) agreePlans(c content) {
	type word struct{ kind, hash, actor string }
	said, made, have := map[word]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range c.Rows {
		text, _ := r.Data["hash"].(string)
		switch r.Kind {
		case audit.PlanMade:
			made[text] = true
		case audit.PlanApproved, audit.PlanDenied, audit.DecisionWithdraw:
			kind := audit.PlanDenied
			if r.Kind == audit.PlanApproved {
				kind = audit.PlanApproved
			}
			said[word{kind, text, r.Actor}] = true
		}
	}
	for _, p := range c.Case.Plans {
		name := fmt.Sprintf("plan %d", p.No)
		have[p.Hash] = true
		if !made[p.Hash] {
			v.add(caseFile, Disagrees, name+": the chain has no plan with this hash")
		}
		if p.DecidedBy == "" || p.DecidedBy == "policy" {
			continue
		}
		if !said[word{audit.PlanApproved, p.Hash, p.DecidedBy}] && !said[word{audit.PlanDenied, p.Hash, p.DecidedBy}] {
			v.add(caseFile, Disagrees, fmt.Sprintf("%s: the chain has no decision of %s about it", name, p.DecidedBy))
		}
	}
	for _, r := range c.Rows {
		if text, _ := r.Data["hash"].(string); r.Kind == audit.PlanMade && !have[text] {
			v.find(Finding{File: caseFile, Row: r.Seq, Key: r.Key, What: Disagrees, Detail: "the plan of this row is not among the records"})
		}
	}
}

// object is what rows call an account.
type object struct{ name, resource string }

func objectOf(r audit.Row) object {
	resource, _ := r.Data["resource"].(string)
	return object{r.Object, resource}
}

func (v *verification) agreeAccounts(c content) {
	last, ever := map[object]access.Outcome{}, map[object][]access.Outcome{}
	waived := map[string]bool{} // a waiver names the account and not its resource
	became := func(o object, outcome access.Outcome) {
		last[o] = outcome
		ever[o] = append(ever[o], outcome)
		if outcome != access.Waived {
			delete(waived, o.name)
		}
	}
	for _, r := range c.Rows {
		switch r.Kind {
		case audit.AccountOutcome:
			became(objectOf(r), access.Outcome(r.Outcome))
		case audit.PlanMade:
			for _, u := range leftAlone(r) {
				became(u.object, u.outcome)
			}
		case audit.DecisionWaive:
			waived[r.Object] = true
		}
	}
	count := map[object]int{}
	for _, a := range c.Accounts {
		count[object{a.Ref.String(), a.Resource}]++
	}
	for _, a := range c.Accounts {
		o := object{a.Ref.String(), a.Resource}
		fits := a.Outcome == last[o]
		switch {
		case a.Outcome == access.Waived:
			fits = waived[o.name]
		case count[o] > 1: // made again under its name: each of them has an outcome
			fits = a.Outcome == "" || slices.Contains(ever[o], a.Outcome)
		}
		if !fits {
			v.add(accountsFile, Disagrees, fmt.Sprintf("%s: it says %q, and the chain last said %q", o.name, a.Outcome, last[o]))
		}
	}
}

// verdict is the outcome of an account that a plan does nothing about.
type verdict struct {
	object
	outcome access.Outcome
}

// leftAlone are the accounts that a plan leaves as they are, as its row tells them.
func leftAlone(r audit.Row) []verdict {
	list, _ := r.Data["outcomes"].([]any)
	var out []verdict
	for _, e := range list {
		said, _ := e.(map[string]any)
		name, _ := said["account"].(string)
		resource, _ := said["resource"].(string)
		outcome, _ := said["outcome"].(string)
		out = append(out, verdict{object{name, resource}, access.Outcome(outcome)})
	}
	return out
}

// seen is a proof as the chain and the records both tell it.
type seen struct {
	object
	look            int64
	outcome         string
	asked, answered string
}

func seenIn(r audit.Row) seen {
	look, _ := r.Data["look"].(int64)
	asked, _ := r.Data["asked"].(string)
	return seen{objectOf(r), look, r.Outcome, asked, r.Words}
}

// silent is the proof without its words.
func (s seen) silent() seen {
	s.asked, s.answered = "", ""
	return s
}

// agreeProofs compares word by word. A look that was repeated because its answer was
// lost on the way has one row and two records; of those one must fit.
func (v *verification) agreeProofs(c content) {
	resource := map[int64]string{}
	for _, a := range c.Accounts {
		resource[a.ID] = a.Resource
	}
	inChain, inRecords, fits := map[seen]bool{}, map[seen]bool{}, map[seen]bool{}
	for _, r := range c.Rows {
		if r.Kind == audit.AccountProven {
			inChain[seenIn(r)] = true
		}
	}
	proofs := make([]seen, len(c.Proofs))
	for i, p := range c.Proofs {
		outcome := "not gone"
		if p.Gone {
			outcome = "gone"
		}
		k := seen{object{p.Account, resource[p.AccountID]}, int64(p.Look), outcome, p.Asked, p.Answered}
		proofs[i], inRecords[k] = k, true
		fits[k.silent()] = fits[k.silent()] || inChain[k]
	}
	for _, k := range proofs {
		switch {
		case inChain[k]:
		case fits[k.silent()]:
			v.Notes = append(v.Notes, fmt.Sprintf("%s, look %d: one of its answers was recorded twice, and the chain has one of them", k.name, k.look))
		default:
			v.add(proofsFile, Disagrees, fmt.Sprintf("%s, look %d: the chain has no such proof", k.name, k.look))
		}
	}
	for _, r := range c.Rows {
		if r.Kind == audit.AccountProven && !inRecords[seenIn(r)] {
			v.find(Finding{File: proofsFile, Row: r.Seq, Key: r.Key, What: Disagrees, Detail: "the proof of this row is not among the records"})
		}
	}
}
