package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sweep"
)

// swept is a sweep that somebody has set up.
func swept(t *testing.T, s *Store, rule sweep.Rule) Sweep {
	t.Helper()
	var out Sweep
	spec := sweep.Spec{Name: "s" + fmt.Sprint(time.Now().UnixNano()), Rule: rule, Mode: sweep.Report, Every: 26 * time.Hour, Notice: 8 * 24 * time.Hour, MaxPerRun: 3, MaxPerHour: 4}
	s.do(t, func(tx *Tx) (err error) {
		out, err = tx.CreateSweep(t.Context(), spec, "dba")
		return err
	})
	require.Equal(t, spec, withoutLists(out.Spec))
	return out
}

func withoutLists(s sweep.Spec) sweep.Spec {
	if len(s.Connections) == 0 {
		s.Connections = nil
	}
	return s
}

func begun(t *testing.T, s *Store, id int64, workflow string, connections ...string) (r SweepRun) {
	t.Helper()
	s.do(t, func(tx *Tx) (err error) {
		r, err = tx.BeginSweepRun(t.Context(), id, workflow, connections)
		return err
	})
	return r
}

// ghost is an account that nobody is known to have.
func ghost(name string) sweep.Finding {
	return sweep.Finding{What: sweep.OfNobody, Ref: access.Ref{Connection: "pg-main", Resource: "srv", Name: name, ForeignID: "7"}, Words: "nobody's",
		Evidence: map[string]string{"seen": "yes\x00"}}
}

func TestASweepIsThereUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	one := swept(t, s, sweep.Rule{Kind: sweep.Entitlements, Source: "may.csv", SHA256: "1",
		Allowed: []sweep.Entitlement{{Connection: "pg", Principal: "E1", Database: "shop", Privileges: []string{"SELECT"}}}})
	err := s.Do(t.Context(), func(tx *Tx) error {
		_, err := tx.CreateSweep(t.Context(), one.Spec, "dba")
		return err
	})
	require.ErrorIs(t, err, ErrSweepExists)
	got, err := s.SweepNamed(t.Context(), one.Name)
	require.NoError(t, err)
	require.Equal(t, one, got)

	s.do(t, func(tx *Tx) error { return tx.DeleteSweep(t.Context(), one.ID, "eve") })
	require.ErrorIs(t, s.Do(t.Context(), func(tx *Tx) error { return tx.DeleteSweep(t.Context(), one.ID, "eve") }), ErrNotFound)
	_, err = s.SweepNamed(t.Context(), one.Name)
	require.ErrorIs(t, err, ErrNotFound)
	got, err = s.Sweep(t.Context(), one.ID)
	require.NoError(t, err)
	require.Equal(t, "eve", got.DeletedBy)
	s.do(t, func(tx *Tx) error { // the name is free again
		_, err := tx.CreateSweep(t.Context(), one.Spec, "dba")
		return err
	})
}

func TestARunIsBegunOnce(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	at := swept(t, s, sweep.Rule{Kind: sweep.Left})
	one := begun(t, s, at.ID, "w1", "pg-main", "pg-two")
	require.Equal(t, one, begun(t, s, at.ID, "w1", "pg-main", "pg-two"))
	two := begun(t, s, at.ID, "w2", "pg-main")
	require.Equal(t, []int{1, 2}, []int{one.No, two.No})
	lost, err := s.SweepRun(t.Context(), at.ID, 1)
	require.NoError(t, err)
	require.Equal(t, SweepLost, lost.Result, "one workflow runs at a time, so the first is gone")
	last, err := s.LastSweepRun(t.Context(), at.ID)
	require.NoError(t, err)
	require.Equal(t, two, last)
}

// The states of findings over three runs, of which one could not look at a connection:
// SQL and Span.At agree on every run.
func TestFindingsFromRunToRun(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	at := swept(t, s, sweep.Rule{Kind: sweep.Unissued})
	for i, names := range [][]string{{"a", "b", "b"}, {"b", "c"}, nil, {"c", "a"}} {
		r := begun(t, s, at.ID, fmt.Sprint("w", i), "pg-main")
		s.do(t, func(tx *Tx) error {
			lane := SweepLane{Connection: "pg-main", State: LaneListed, Accounts: int64(len(names))}
			var found []sweep.Finding
			for _, n := range names {
				found = append(found, ghost(n))
			}
			if names == nil {
				lane.State, lane.Why = LaneUnknown, "no answer"
				found = []sweep.Finding{sweep.Silent("pg-main", "no answer")}
			}
			require.NoError(t, tx.Find(t.Context(), at.ID, r.No, found))
			require.NoError(t, tx.Find(t.Context(), at.ID, r.No, found), "once more changes nothing")
			require.NoError(t, tx.EndSweepLane(t.Context(), at.ID, r.No, lane))
			_, err := tx.EndSweepRun(t.Context(), SweepRun{Sweep: at.ID, No: r.No, Result: SweepComplete})
			return err
		})
	}
	type counts struct{ found, appeared, went, unseen int64 }
	for run, want := range map[int]struct {
		counts
		stand map[string]sweep.State // by account; the one about the whole connection has none
	}{
		1: {counts{2, 2, 0, 0}, map[string]sweep.State{"a": sweep.New, "b": sweep.New}},
		2: {counts{2, 1, 1, 0}, map[string]sweep.State{"a": sweep.Gone, "b": sweep.Still, "c": sweep.New}},
		3: {counts{1, 1, 0, 2}, map[string]sweep.State{"b": sweep.Unseen, "c": sweep.Still, "": sweep.New}}, // c is known by now to have been there
		4: {counts{2, 1, 2, 0}, map[string]sweep.State{"a": sweep.New, "b": sweep.Gone, "c": sweep.Still, "": sweep.Gone}},
	} {
		r, err := s.SweepRun(t.Context(), at.ID, run)
		require.NoError(t, err)
		require.Equal(t, want.counts, counts{r.Found, r.Appeared, r.Went, r.Unseen}, "run %d", run)
		got := map[string]sweep.State{}
		total := map[sweep.State]int64{}
		for _, state := range []sweep.State{sweep.New, sweep.Still, sweep.Gone, sweep.Unseen} {
			found, err := s.Findings(t.Context(), FindingFilter{Sweep: at.ID, Run: run, State: state})
			require.NoError(t, err)
			for _, f := range found {
				require.Equal(t, state, f.At(run), "run %d, %s", run, f.Ref)
				got[f.Name] = state
				total[state]++
			}
		}
		require.Equal(t, want.stand, got, "run %d", run)
		counted, err := s.CountFindings(t.Context(), at.ID, run)
		require.NoError(t, err)
		sum := map[sweep.State]int64{}
		for _, states := range counted {
			for state, n := range states {
				sum[state] += n
			}
		}
		require.Equal(t, total, sum, "run %d", run)
	}
	page, err := s.Findings(t.Context(), FindingFilter{Sweep: at.ID, Run: 4, What: sweep.OfNobody, Limit: 1})
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, map[string]string{"seen": "yes\uFFFD"}, page[0].Evidence)
	page, err = s.Findings(t.Context(), FindingFilter{Sweep: at.ID, Run: 4, After: page[0].ID})
	require.NoError(t, err)
	require.Len(t, page, 1)
}

// Whom a sweep may open a case for, and whom a person has decided about.
func TestSweepCandidates(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	at := swept(t, s, sweep.Rule{Kind: sweep.Left})
	var entries []Entry
	for _, id := range []access.PrincipalID{"fresh", "working", "waived", "earlier", "clean", "just-clean", "back", "unfound"} {
		entries = append(entries, Entry{Principal: access.Principal{ID: id}, Left: id != "back"})
	}
	s.do(t, func(tx *Tx) error {
		_, err := tx.AcceptRoster(t.Context(), Roster{Source: "people.csv", SHA256: "1", By: "hr"}, entries)
		return err
	})
	now := time.Now()
	for who, c := range map[access.PrincipalID]struct {
		status access.CaseStatus
		closed time.Time
	}{
		"working": {access.CaseOpen, time.Time{}}, "waived": {access.CaseExceptions, now.Add(time.Hour)},
		"earlier": {access.CaseCancelled, now.Add(-time.Hour)}, "clean": {access.CaseClean, now.Add(-time.Hour)},
		"just-clean": {access.CaseClean, now.Add(time.Hour)}, // what was found may be from before
	} {
		s.do(t, func(tx *Tx) error {
			return tx.OpenCase(t.Context(), Case{ID: "c-" + string(who), Principal: who, Reason: access.HR, Requester: "hr", Status: c.status, Phase: "x", OpenedAt: noon, ClosedAt: c.closed},
				[]CaseConnection{{Connection: "pg-main", Kind: "postgres", State: ConnWaiting}})
		})
	}
	r := begun(t, s, at.ID, "w1", "pg-main")
	s.do(t, func(tx *Tx) error {
		var found []sweep.Finding
		for _, e := range entries {
			if e.ID != "unfound" {
				found = append(found, sweep.Finding{What: sweep.OfLeaver, Ref: access.Ref{Connection: "pg-main", Name: "x"}, Principal: e.ID, Words: "left"})
			}
		}
		return tx.Find(t.Context(), at.ID, r.No, found)
	})
	got, err := s.SweepCandidates(t.Context(), at.ID, r.No)
	require.NoError(t, err)
	require.Equal(t, []access.PrincipalID{"clean", "earlier", "fresh"}, got)

	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.LockSweep(t.Context(), at.ID))
		require.NoError(t, tx.NoteSweepCase(t.Context(), at.ID, r.No, "c-working", "working"))
		require.NoError(t, tx.NoteSweepCase(t.Context(), at.ID, r.No, "c-working", "working"))
		return tx.NoteSweepCase(t.Context(), at.ID, r.No, "c-clean", "clean")
	})
	trust, err := s.SweepTrust(t.Context(), at.ID, r.No)
	require.NoError(t, err)
	require.Equal(t, sweep.Trust{First: "c-working", InRun: 2, InHour: 2}, trust)
	p := planned(t, s, "c-working", PlanWaiting, found(t, s, "c-working", account("pg-main", "x", "1")))
	trust, err = s.SweepTrust(t.Context(), at.ID, r.No)
	require.NoError(t, err)
	require.False(t, trust.Approved, "it waits")
	s.do(t, func(tx *Tx) error {
		return tx.DecidePlan(t.Context(), "c-working", p.Hash, PlanApproved, "boss", "read it")
	})
	trust, err = s.SweepTrust(t.Context(), at.ID, r.No)
	require.NoError(t, err)
	require.True(t, trust.Approved)
	all, err := s.SweepCases(t.Context(), at.ID)
	require.NoError(t, err)
	require.Len(t, all, 2)
}
