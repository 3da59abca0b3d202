package store

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

func TestACaseFromOpenToClose(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	want := newCase(t, s, "c1", "E1")
	got := func() Case {
		c, err := s.Case(t.Context(), "c1")
		require.NoError(t, err)
		return c
	}
	require.Equal(t, want, got())

	again := want
	again.Reason, again.Phase = access.Incident, "another"
	s.do(t, func(tx *Tx) error { return tx.OpenCase(t.Context(), again, nil) })
	require.Equal(t, want, got(), "the first call decides")

	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.SetPhase(t.Context(), "c1", "containing"))
		require.NoError(t, tx.SetPolicy(t.Context(), "c1", access.Incident, []byte(`{"mode":"kill"}`)))
		require.NoError(t, tx.AddSuccessors(t.Context(), "c1", map[string]string{"pg-main": "eve"}))
		require.NoError(t, tx.AddSuccessors(t.Context(), "c1", nil))
		require.NoError(t, tx.MarkContained(t.Context(), "c1", noon), "no connection has answered yet: notes nothing")
		conns, err := tx.ConnectionsOf(t.Context(), "c1")
		require.NoError(t, err)
		for _, c := range conns {
			c.State, c.DiscoveredAt = ConnDiscovered, noon
			require.NoError(t, tx.SetConnection(t.Context(), c))
		}
		for _, at := range []time.Time{noon.Add(time.Hour), noon.Add(2 * time.Hour)} {
			require.NoError(t, tx.MarkContained(t.Context(), "c1", at))
			require.NoError(t, tx.MarkProven(t.Context(), "c1", at, at.Add(24*time.Hour)))
		}
		require.NoError(t, tx.CloseCase(t.Context(), "c1", access.CaseClean, noon.Add(3*time.Hour)))
		return tx.CloseCase(t.Context(), "c1", access.CaseClean, noon.Add(4*time.Hour))
	})
	want.Phase, want.Reason, want.Policy, want.Successors = "closed", access.Incident, []byte(`{"mode": "kill"}`), map[string]string{"": "bob", "pg-main": "eve"}
	want.ContainedAt, want.ProvenAt, want.SecondLookAt = noon.Add(time.Hour), noon.Add(time.Hour), noon.Add(26*time.Hour)
	want.Status, want.ClosedAt = access.CaseClean, noon.Add(3*time.Hour)
	require.Equal(t, want, got())

	require.ErrorIs(t, s.Do(t.Context(), func(tx *Tx) error {
		return tx.CloseCase(t.Context(), "c1", access.CaseCancelled, noon)
	}), ErrCaseClosed)
	s.do(t, func(tx *Tx) error {
		return tx.CloseCase(t.Context(), "c1", access.CaseReinstated, noon.Add(5*time.Hour))
	})
	require.Equal(t, access.CaseReinstated, got().Status)
	s.do(t, func(tx *Tx) error { return tx.ReopenCase(t.Context(), "c1", "looking again") })
	want = got()
	require.Equal(t, access.CaseOpen, want.Status)
	require.Zero(t, want.ClosedAt)
	require.Zero(t, want.ProvenAt)
}

func TestAPrincipalHasOneOpenCase(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	first := newCase(t, s, "c1", "E1")
	second := first
	second.ID = "c2"
	err := s.Do(t.Context(), func(tx *Tx) error { return tx.OpenCase(t.Context(), second, nil) })
	var open *OpenCaseError
	require.ErrorAs(t, err, &open)
	require.Equal(t, &OpenCaseError{Principal: "E1", CaseID: "c1"}, open)

	dry := first
	dry.ID, dry.Status, dry.ClosedAt = "dry", access.CaseDryRun, noon
	s.do(t, func(tx *Tx) error { return tx.OpenCase(t.Context(), dry, nil) })
	s.do(t, func(tx *Tx) error {
		if err := tx.CloseCase(t.Context(), "c1", access.CaseCancelled, noon); err != nil {
			return err
		}
		return tx.OpenCase(t.Context(), second, nil)
	})
	require.ErrorAs(t, s.Do(t.Context(), func(tx *Tx) error { return tx.ReopenCase(t.Context(), "c1", "x") }), &open)

	c, err := s.OpenCaseOf(t.Context(), "E1")
	require.NoError(t, err)
	require.Equal(t, "c2", c.ID)
	_, err = s.OpenCaseOf(t.Context(), "E2")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestOfCasesOpenedAtOnceOneIsOpen(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	s.do(t, func(tx *Tx) error { return tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: "E1"}}) })
	errs := make([]error, 6)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.Do(t.Context(), func(tx *Tx) error {
				return tx.OpenCase(t.Context(), Case{ID: string(rune('a' + i)), Principal: "E1", Reason: access.HR, Status: access.CaseOpen, OpenedAt: noon}, nil)
			})
		})
	}
	wg.Wait()
	opened := 0
	for _, err := range errs {
		if err == nil {
			opened++
			continue
		}
		var open *OpenCaseError
		require.ErrorAs(t, err, &open)
	}
	require.Equal(t, 1, opened)
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	for name, do := range map[string]func(*Tx) error{
		"case":      func(tx *Tx) error { _, err := tx.Case(t.Context(), "x"); return err },
		"last case": func(tx *Tx) error { _, err := tx.LastCaseOf(t.Context(), "x"); return err },
		"phase":     func(tx *Tx) error { return tx.SetPhase(t.Context(), "x", "y") },
		"close":     func(tx *Tx) error { return tx.CloseCase(t.Context(), "x", access.CaseClean, noon) },
		"reopen":    func(tx *Tx) error { return tx.ReopenCase(t.Context(), "x", "y") },
		"account":   func(tx *Tx) error { _, err := tx.Account(t.Context(), 7); return err },
		"outcome":   func(tx *Tx) error { return tx.SetOutcome(t.Context(), 7, access.Removed, "") },
		"plan":      func(tx *Tx) error { _, err := tx.Plan(t.Context(), "x", 1); return err },
		"hash":      func(tx *Tx) error { _, err := tx.PlanByHash(t.Context(), "x", "h"); return err },
		"decide":    func(tx *Tx) error { return tx.DecidePlan(t.Context(), "x", "h", PlanApproved, "bob", "") },
		"save plan": func(tx *Tx) error { _, err := tx.SavePlan(t.Context(), Plan{CaseID: "x"}, nil); return err },
		"begin":     func(tx *Tx) error { _, err := tx.BeginStep(t.Context(), "x", 1, 1); return err },
		"end":       func(tx *Tx) error { return tx.EndStep(t.Context(), Step{CaseID: "x", PlanNo: 1}) },
		"undo":      func(tx *Tx) error { _, err := tx.BeginUndo(t.Context(), Step{CaseID: "x"}); return err },
		"end undo":  func(tx *Tx) error { return tx.EndUndo(t.Context(), Step{CaseID: "x"}, StepUndone, "", nil) },
		"open case of nobody": func(tx *Tx) error {
			return tx.OpenCase(t.Context(), Case{ID: "x", Principal: "nobody", Reason: access.HR, Status: access.CaseOpen, OpenedAt: noon}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, s.Do(t.Context(), do), ErrNotFound)
		})
	}
}

func TestListCases(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	for i, id := range []string{"a", "b", "c", "d"} {
		newCase(t, s, id, access.PrincipalID("E"+id))
		s.do(t, func(tx *Tx) error {
			if i%2 == 0 {
				return nil
			}
			return tx.CloseCase(t.Context(), id, access.CaseClean, noon)
		})
	}
	ids := func(f CaseFilter) []string {
		cases, err := s.ListCases(t.Context(), f)
		require.NoError(t, err)
		out := []string{}
		for _, c := range cases {
			out = append(out, c.ID)
		}
		return out
	}
	require.Equal(t, []string{"d", "c", "b", "a"}, ids(CaseFilter{}))
	require.Equal(t, []string{"c", "a"}, ids(CaseFilter{Status: access.CaseOpen}))
	require.Equal(t, []string{"b"}, ids(CaseFilter{Principal: "Eb"}))
	require.Equal(t, []string{"d", "c"}, ids(CaseFilter{Limit: 2}))
	require.Equal(t, []string{"b", "a"}, ids(CaseFilter{Limit: 2, Before: "c"}))
	last, err := s.LastCaseOf(t.Context(), "Eb")
	require.NoError(t, err)
	require.Equal(t, "b", last.ID)
}

func TestConnections(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	set := func(c CaseConnection) CaseConnection {
		c.CaseID, c.Connection = "c1", "pg-main"
		s.do(t, func(tx *Tx) error { return tx.SetConnection(t.Context(), c) })
		all, err := s.ConnectionsOf(t.Context(), "c1")
		require.NoError(t, err)
		require.Len(t, all, 2)
		return all[0]
	}
	base := CaseConnection{CaseID: "c1", Connection: "pg-main", Kind: "postgres"}
	want := base
	want.State, want.Why, want.NextTryAt, want.Attempts = ConnUnknown, "no route \uFFFDto host", noon, 3
	require.Equal(t, want, set(CaseConnection{State: ConnUnknown, Why: "no route \x00to host", NextTryAt: noon, Attempts: 3}))
	want.State, want.Why, want.NextTryAt = ConnWaived, "a person accepted it", time.Time{}
	require.Equal(t, want, set(CaseConnection{State: ConnWaived, Why: "a person accepted it"}))
	require.Equal(t, want, set(CaseConnection{State: ConnUnknown, Why: "still silent"}), "waived stays waived")
	want.State, want.Why, want.Listed, want.Accounts, want.Grants, want.DiscoveredAt, want.Attempts = ConnDiscovered, "", 900, 2, 30, noon, 4
	require.Equal(t, want, set(CaseConnection{State: ConnDiscovered, Listed: 900, Accounts: 2, Grants: 30, DiscoveredAt: noon, Attempts: 4}))
	want.State, want.Why = ConnUnknown, "no reason is known"
	require.Equal(t, want, set(CaseConnection{State: ConnUnknown}), "what was counted stays")
}
