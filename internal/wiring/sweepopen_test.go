package wiring_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
)

// opener is who opens the cases of a sweep, and what goes wrong with each request.
type opener struct {
	w     *severtest.World
	opens bool // the case is opened, whatever is answered
	fails error
	joins string // the case that takes it, if it is another one than was asked for
	asked []activities.SweepAsk
}

func (o *opener) OpenSwept(ctx context.Context, a activities.SweepAsk) (activities.Taken, error) {
	o.asked = append(o.asked, a)
	if o.fails == nil && o.joins == "" || o.opens {
		err := o.w.Parts.Store.Do(ctx, func(tx *store.Tx) error {
			return tx.OpenCase(ctx, store.Case{ID: a.Case, Principal: a.Principal, Reason: a.Policy.Reason, Requester: a.Requester, Ticket: a.Ticket,
				Policy: []byte("{}"), Status: access.CaseOpen, Phase: "discovering", OpenedAt: time.Now()}, nil)
		})
		if err != nil {
			return activities.Taken{}, err
		}
	}
	return activities.Taken{Case: cmp.Or(o.joins, a.Case), Joined: o.joins != ""}, o.fails
}

// enforces runs the activity over a run that found three leavers, once.
func enforces(t *testing.T) (o *opener, once func() (activities.SweepEnforced, error)) {
	t.Helper()
	w, _ := leavers(t, "E1", "E2", "E3")
	s := w.NewSweep(sweep.Rule{Kind: sweep.Left}) // it reports: the cases are asked for by the test
	run, err := w.Sweep(s, "")
	require.NoError(t, err)
	require.EqualValues(t, 3, run.Found)
	policy, err := plan.For(access.Sweep)
	require.NoError(t, err)
	o = &opener{w: w}
	sweeps := activities.NewSweeps(w.Parts.Store, policy, o, func(time.Time) string { return "C-" + severtest.Unique() })
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(sweeps)
	return o, func() (out activities.SweepEnforced, err error) {
		got, err := env.ExecuteActivity(sweeps.EnforceSweep, activities.SweepEnforceInput{Sweep: s.ID, Run: run.Run})
		if err == nil {
			err = got.Get(&out)
		}
		return out, err
	}
}

func enforcedRows(w *severtest.World) (of []any) {
	for _, row := range w.Rows(audit.House, audit.SweepEnforced) {
		of = append(of, row.Data["case"])
	}
	return of
}

// Who says nothing has not said no: it is asked again, as the same request, and the run
// counts what was opened.
func TestASweepAsksAgainWhenNobodyAnswered(t *testing.T) {
	t.Parallel()
	for name, opened := range map[string]bool{"and it was opened": true, "and it was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, once := enforces(t)
			o.opens, o.fails = opened, errors.New("no worker answered within 15s")
			_, err := once()
			var said *temporal.ApplicationError
			require.ErrorAs(t, err, &said)
			require.False(t, said.NonRetryable())
			require.Contains(t, said.Message(), "no worker answered")
			require.Len(t, o.asked, 1)

			o.fails = nil
			out, err := once()
			require.NoError(t, err)
			require.Equal(t, []int{1, 2}, []int{out.Opened, out.Waiting}, "the others wait for the first plan")
			require.Equal(t, []any{o.asked[0].Case}, enforcedRows(o.w))
			if !opened {
				require.Len(t, o.asked, 2)
				require.Equal(t, o.asked[0], o.asked[1], "the same request, which cannot open two cases")
			}
		})
	}
}

// A no ends the run: who may not, may not for the others either.
func TestASweepStopsAtANo(t *testing.T) {
	t.Parallel()
	o, once := enforces(t)
	o.fails = &activities.NotOpenedError{Err: errors.New("dba@example.com may not")}
	out, err := once()
	require.NoError(t, err)
	require.Equal(t, activities.SweepEnforced{Opened: 0, Waiting: 3, WaitsFor: "dba@example.com may not"}, out)
	require.Empty(t, enforcedRows(o.w))
}

// A case that is about to end says no for one person only, and only for now.
func TestASweepPassesBySomebodyWhoseCaseIsEnding(t *testing.T) {
	t.Parallel()
	o, once := enforces(t)
	_, err := once()
	require.NoError(t, err)
	require.NoError(t, asSuperuser(`insert into sever.plans (case_id, no, hash, body, connections, status, needs_word, made_at, decided_by, decided_at)
		values ('`+o.asked[0].Case+`', 1, 'h', '{}', '{}', 'approved', true, now(), 'boss', now()) -- %s`)(o.w))
	o.fails = &activities.NotOpenedError{Err: errors.New("case C-1 is being cancelled"), Later: true}
	out, err := once()
	require.NoError(t, err)
	require.Equal(t, activities.SweepEnforced{Opened: 1, Waiting: 2, WaitsFor: "case C-1 is being cancelled"}, out)
	var asked []access.PrincipalID
	for _, a := range o.asked {
		asked = append(asked, a.Principal)
	}
	require.Equal(t, []access.PrincipalID{"E1", "E2", "E3"}, asked)
}

// What an earlier run asked for may be open and not on record yet: it takes the request,
// and this run has opened nothing.
func TestASweepThatJoinsACaseHasNotOpenedIt(t *testing.T) {
	t.Parallel()
	o, once := enforces(t)
	o.joins = "C-earlier"
	out, err := once()
	require.NoError(t, err)
	require.Zero(t, out.Opened)
	require.Equal(t, []any{"C-earlier"}, enforcedRows(o.w))
}
