package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// Weigh decides from the steps and the proofs how each account ended, and opens a
// task for every one that needs a person. Tasks whose subject is settled close.
func (r *Records) Weigh(ctx context.Context, in WeighInput) (Weighed, error) {
	out, err := r.weigh(ctx, in)
	return out, asTemporal(ctx, err)
}

func (r *Records) weigh(ctx context.Context, in WeighInput) (Weighed, error) {
	accounts, err := r.store.AccountsOf(ctx, in.Case, in.Connections)
	if err != nil {
		return Weighed{}, err
	}
	steps, err := r.store.StepsOf(ctx, in.Case)
	if err != nil {
		return Weighed{}, err
	}
	proofs, err := r.store.ProofsOf(ctx, in.Case)
	if err != nil {
		return Weighed{}, err
	}
	c, err := r.store.Case(ctx, in.Case)
	if err != nil {
		return Weighed{}, err
	}
	said, err := answersOf(ctx, r.store, c.Principal)
	if err != nil {
		return Weighed{}, err
	}
	out := Weighed{Connections: make([]Weight, len(in.Connections))}
	for i, name := range in.Connections {
		out.Connections[i].Connection = name
	}
	refs := make([]access.Ref, len(accounts))
	for i, a := range accounts {
		refs[i] = a.Ref
	}
	nameOf := access.Namer(refs)
	return out, r.store.Do(ctx, func(tx *store.Tx) error {
		for i := range out.Connections {
			out.Connections[i] = Weight{Connection: in.Connections[i]}
		}
		for _, a := range accounts {
			outcome, why := ended(a, steps, proofs)
			if no, ok := said.rejected(a.Ref); ok && !outcome.Settled() {
				outcome, why = notHers(no, outcome)
			}
			w := &out.Connections[slices.Index(in.Connections, a.Connection)]
			w.Accounts++
			if !outcome.Settled() {
				w.Open++
			}
			if err := r.settle(ctx, tx, in, a, nameOf(a.Ref), outcome, why); err != nil {
				return err
			}
		}
		if err := r.weighQuestions(ctx, tx, in, said, accounts, &out); err != nil {
			return err
		}
		if err := r.nobody(ctx, tx, in, c, said, &out); err != nil {
			return err
		}
		if out.FollowUps, err = followUps(ctx, tx, FollowUpInput{in.Case, in.TaskDue, in.At}); err != nil {
			return err
		}
		return tx.MarkContained(ctx, in.Case, in.At)
	})
}

// nobody keeps a case open that found no account anywhere: that nobody linked the
// principal to an account does not mean that there is none. An account about which a
// person was asked is one that was looked for.
func (r *Records) nobody(ctx context.Context, tx *store.Tx, in WeighInput, c store.Case, said answers, out *Weighed) error {
	const key = "nobody"
	all, err := tx.AccountsOf(ctx, in.Case, nil)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		return tx.CloseTask(ctx, in.Case, key, self, "an account is known now")
	}
	if said.said() {
		return tx.CloseTask(ctx, in.Case, key, self, "what may have been hers is not, said a person")
	}
	for i := range out.Connections {
		out.Connections[i].Open = max(out.Connections[i].Open, 1)
	}
	if slices.ContainsFunc(said, func(q store.Question) bool { return q.Decision == store.Unanswered }) {
		return nil // that is what a person is asked to answer first
	}
	return tx.OpenTask(ctx, store.Task{CaseID: in.Case, Key: key, Subject: string(c.Principal),
		Words: "no identity links this principal to any account, so nothing was looked for",
		Next:  "sever identities import FILE, then sever retry " + in.Case + "; if there is nothing: sever waive " + in.Case + " CONNECTION --reason \"...\"",
		Owner: c.Requester, Due: in.At.Add(in.TaskDue), OpenedAt: in.At})
}

// ended is how an account stands, from the newest plan that has steps for it and
// the newest proof.
func ended(a store.CaseAccount, steps []store.Step, proofs []store.Proof) (access.Outcome, string) {
	if a.Outcome == access.Waived || a.Outcome == access.Reinstated {
		return a.Outcome, a.Why
	}
	newest := 0
	for _, s := range steps {
		if s.AccountID == a.ID {
			newest = max(newest, s.PlanNo)
		}
	}
	if newest == 0 { // the plan did not act on it, and said why
		return a.Outcome, a.Why
	}
	var done []plan.Ended
	acted := false
	// A plan does not contain again what stays contained by an earlier one.
	again := slices.ContainsFunc(steps, func(s store.Step) bool {
		return s.AccountID == a.ID && s.PlanNo == newest && s.Action == access.Contain
	})
	if was, _ := containedAs(a.ID, steps); was && !again {
		done = append(done, plan.Ended{Action: access.Contain, Done: true})
	}
	for _, s := range steps {
		if s.AccountID != a.ID {
			continue
		}
		acted = acted || s.Action != access.Confirm && s.State == store.StepDone && !s.Already
		if s.PlanNo == newest && s.State != store.StepUndone {
			done = append(done, endedStep(a, s))
		}
	}
	gone := false
	for _, p := range proofs { // in the order in which they were written: clocks may be wrong
		if p.AccountID == a.ID {
			gone = p.Gone
		}
	}
	return plan.Outcome(gone, acted, a.Gaps, done)
}

// containedAs reports whether a case has contained an account and not opened it since, and
// how hard.
func containedAs(account int64, steps []store.Step) (was bool, mode access.Mode) {
	for _, s := range steps {
		if s.AccountID == account && s.Action == access.Contain && s.State == store.StepDone {
			was = true
			if mode != access.Kill {
				mode = s.Mode
			}
		}
	}
	return was, mode
}

// endedStep is how one step of an account ended. A new password that the system took and
// will never show to be set is as good as rotated: it was handed over.
func endedStep(a store.CaseAccount, s store.Step) plan.Ended {
	e := plan.Ended{Action: s.Action, Done: s.State == store.StepDone, Already: s.Already, Words: s.Words}
	if rotated(s) {
		e.Done, e.Words = true, plan.RotatedWords(a.SharedWith, s.Words)
	}
	return e
}

// rotated reports whether a step gave its account a new password.
func rotated(s store.Step) bool {
	return s.Action == access.Rotate && !s.Already && (s.State == store.StepDone || s.State == store.StepAccepted)
}

// settle writes an outcome that is new, and opens or closes the account's task.
func (r *Records) settle(ctx context.Context, tx *store.Tx, in WeighInput, a store.CaseAccount, name string, o access.Outcome, why string) error {
	key := accountKey(a.ID)
	if o.Settled() {
		if err := tx.CloseTask(ctx, in.Case, key, self, string(o)); err != nil {
			return err
		}
	} else if err := tx.OpenTask(ctx, store.Task{
		CaseID: in.Case, Key: key, Connection: a.Connection, Subject: name, Words: why, Next: next(in.Case, a, name, o),
		Owner: r.owner(a.Connection), Due: in.At.Add(in.TaskDue), OpenedAt: in.At}); err != nil {
		return err
	}
	if a.Outcome == o && a.Why == why {
		return nil
	}
	if err := tx.SetOutcome(ctx, a.ID, o, why); err != nil {
		return err
	}
	return tx.Append(ctx, audit.Event{Chain: in.Case, Key: fmt.Sprintf("%s/%d", activityKey(ctx, "outcome"), a.ID), At: in.At,
		Kind: audit.AccountOutcome, Actor: self, Object: a.Ref.String(), Outcome: string(o), Words: why, Data: inResource(a.Ref)})
}

// next is what a person can do about an account that is not settled.
func next(caseID string, a store.CaseAccount, name string, o access.Outcome) string {
	if name != a.Ref.String() {
		name = accountKey(a.ID) // what has spaces in it cannot be pasted
	}
	waive := fmt.Sprintf("sever waive %s %s --reason \"...\"", caseID, name)
	switch {
	case len(a.SharedWith) > 0 && o == access.Contained:
		return "see that the others have the new password; then, as it goes on being used: " + waive
	case len(a.SharedWith) > 0 && o == access.Blocked:
		return "rotate its password by hand and give it to the others, then: " + waive + "; if the plan was to rotate it, remove what stands in the way, then: sever retry " + caseID
	}
	switch o {
	case access.Protected:
		return "decide by hand whether this account may end; if it has to stay: " + waive
	case access.Unknown:
		return "make it readable, then: sever retry " + caseID
	}
	return "remove what stands in the way, then: sever retry " + caseID + "; if it has to stay: " + waive
}

// accountKey is the key of the one task that an account can have.
func accountKey(id int64) string { return fmt.Sprintf("account/%d", id) }
