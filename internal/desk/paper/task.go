package paper

import (
	"slices"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

func (p *Picture) addTasks(tasks []store.Task, accounts []store.CaseAccount, steps []store.Step) {
	for _, t := range tasks {
		if !t.ClosedAt.IsZero() {
			continue
		}
		p.Tasks = append(p.Tasks, Task{Key: t.Key, Subject: t.Subject, Connection: t.Connection, Words: t.Words,
			Blockers: blockers(t.Key, accounts, steps), Next: t.Next, Owner: t.Owner, Due: t.Due})
	}
}

// blockers are what stood in the way of the account that a task is about, in its
// newest plan.
func blockers(task string, accounts []store.CaseAccount, steps []store.Step) []Blocker {
	i := slices.IndexFunc(accounts, func(a store.CaseAccount) bool { return desk.AccountTask(a) == task })
	if i < 0 {
		return nil
	}
	newest := 0
	for _, s := range steps {
		if s.AccountID == accounts[i].ID {
			newest = max(newest, s.PlanNo)
		}
	}
	var out []Blocker
	for _, s := range steps {
		if s.AccountID != accounts[i].ID || s.PlanNo != newest || s.State != store.StepBlocked {
			continue
		}
		for _, b := range s.Blockers {
			out = append(out, Blocker{Object: b.Object, Why: b.Why, Remedy: b.Remedy, Step: s.Step})
		}
	}
	return out
}
