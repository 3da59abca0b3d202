package dossier

import (
	"cmp"

	"github.com/severhq/sever/internal/evidence"
	"github.com/severhq/sever/internal/store"
)

// content is what is on record about a case, as a pack has it. Snapshots stay where they
// are: they are for giving access back, and for nobody to read.
func content(f store.CaseFile) evidence.Input {
	c := f.Case
	in := evidence.Input{
		Case: evidence.Case{
			ID: c.ID, Principal: c.Principal, Reason: c.Reason, Requester: c.Requester, Ticket: c.Ticket, Status: c.Status, Phase: c.Phase,
			Successors: c.Successors, Policy: c.Policy, EffectiveAt: c.EffectiveAt.UTC(), OpenedAt: c.OpenedAt.UTC(), ContainedAt: c.ContainedAt.UTC(),
			ProvenAt: c.ProvenAt.UTC(), SecondLookAt: c.SecondLookAt.UTC(), ClosedAt: c.ClosedAt.UTC(),
		},
		Rows: f.Rows, Checkpoints: f.Checkpoints,
	}
	for _, k := range f.Connections {
		in.Case.Connections = append(in.Case.Connections, evidence.Connection{Name: k.Connection, Kind: k.Kind, State: string(k.State), Why: k.Why,
			NextTryAt: k.NextTryAt.UTC(), Attempts: k.Attempts, Listed: k.Listed, Accounts: k.Accounts, Grants: k.Grants, DiscoveredAt: k.DiscoveredAt.UTC()})
	}
	for _, p := range f.Plans {
		in.Case.Plans = append(in.Case.Plans, evidence.Plan{No: p.No, Hash: p.Hash, Status: string(p.Status), Connections: p.Connections, NeedsWord: p.NeedsWord,
			Guards: p.Guards, MadeAt: p.MadeAt.UTC(), DecidedBy: p.DecidedBy, DecidedAt: p.DecidedAt.UTC(), DecidedWhy: p.DecidedWhy, Body: p.Body})
	}
	for _, a := range f.Accounts {
		before := a.Before
		if before.Name == "" {
			before = a.Now
		}
		in.Accounts = append(in.Accounts, evidence.Account{ID: a.ID, Ref: a.Ref, Engine: a.Engine, Evidence: a.Evidence, Exists: a.Exists, Outcome: a.Outcome,
			Why: a.Why, Attributes: before.Attributes, Grants: before.Grants, Gaps: a.Gaps, SharedWith: a.SharedWith, SeenAt: a.SeenAt.UTC(), ProvenAt: a.ProvenAt.UTC()})
	}
	for _, s := range f.Steps {
		in.Steps = append(in.Steps, evidence.Step{Plan: s.PlanNo, AccountID: s.AccountID, Step: s.Step, State: string(s.State), Attempts: s.Attempts,
			Already: s.Already, Words: s.Words, Blockers: s.Blockers, StartedAt: s.StartedAt.UTC(), EndedAt: s.EndedAt.UTC(),
			UndoAttempts: s.UndoAttempts, Missing: s.Missing, UndoneAt: s.UndoneAt.UTC()})
	}
	for _, p := range f.Proofs {
		in.Proofs = append(in.Proofs, evidence.Proof{AccountID: p.AccountID, Look: p.Look, At: p.At.UTC(), Gone: p.Gone, Asked: p.Asked, Answered: p.Answered})
	}
	for _, k := range f.Tasks {
		in.Tasks = append(in.Tasks, evidence.Task{Subject: cmp.Or(k.Subject, k.Connection), Connection: k.Connection, Words: k.Words, Next: k.Next, Owner: k.Owner,
			Due: k.Due.UTC(), OpenedAt: k.OpenedAt.UTC(), ClosedAt: k.ClosedAt.UTC(), ClosedBy: k.ClosedBy, ClosedWhy: k.ClosedWhy})
	}
	return in
}
