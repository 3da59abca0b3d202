package wiring_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// halfWay is a case that stands still: contained, much removed, one table without an heir.
func halfWay(t *testing.T, sink activities.SecretSink, planted ...memory.Account) (*severtest.World, *memory.System, string) {
	t.Helper()
	conn, system := severtest.InMemory(t, planted...)
	w := severtest.New(t, conn)
	if sink != nil {
		w.Stop()
		w.Parts.Sink = sink
		w.StartWorker()
	}
	w.Policy.RetryEvery = time.Hour
	var refs []access.Ref
	for _, s := range system.World() {
		if strings.HasPrefix(s.Account.Name, "ada") {
			refs = append(refs, s.Account.Ref)
		}
	}
	w.Owns(ada, refs...)
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "half-way", severtest.InPhase(workflows.PhasePeople))
	return w, system, got.Case
}

func cancel(w *severtest.World) {
	w.T.Helper()
	require.NoError(w.T, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "she stays"}))
}

// left are the open tasks of a case by key.
func left(w *severtest.World, caseID string) map[string]store.Task {
	w.T.Helper()
	tasks, err := w.Parts.Store.TasksOf(w.Ctx, caseID)
	require.NoError(w.T, err)
	open := map[string]store.Task{}
	for _, k := range tasks {
		if k.ClosedAt.IsZero() {
			open[k.Key] = k
		}
	}
	return open
}

func account(w *severtest.World, caseID, name string) store.CaseAccount {
	w.T.Helper()
	all, err := w.Parts.Store.AccountsOf(w.Ctx, caseID, nil)
	require.NoError(w.T, err)
	return all[slices.IndexFunc(all, func(a store.CaseAccount) bool { return a.Name == name })]
}

func TestARefusedUndoIsATaskThatOutlivesTheCase(t *testing.T) {
	t.Parallel()
	w, system, id := halfWay(t, nil, hers(memory.Owns("archive", "table old")), memory.Account{Name: "ada_ro", Password: "x"})
	require.Equal(t, access.Removed, account(w, id, "ada_ro").Outcome)
	system.Block(system.Ref("ada"), access.Blocker{Object: "server", Why: "is read-only", Remedy: "ask the dba"}, memory.OpRestore)
	cancel(w)
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)

	hers := account(w, id, "ada")
	require.Equal(t, access.Contained, hers.Outcome, "she cannot log in")
	require.Contains(t, hers.Why, "not everything could be given back: ")
	require.Equal(t, access.Reinstated, account(w, id, "ada_ro").Outcome, "what is refused for one stops no other")
	key := fmt.Sprintf("undo/%d", hers.ID)
	tasks := left(w, id)
	require.Len(t, tasks, 1, "the task to remove her is closed with the case: %v", tasks)
	require.Equal(t, "dba@example.com", tasks[key].Owner)
	require.Contains(t, tasks[key].Words, "server: is read-only; ask the dba")
	require.Contains(t, tasks[key].Next, "sever tasks done "+id+" "+key)
	steps, err := w.Parts.Store.StepsOf(w.Ctx, id)
	require.NoError(t, err)
	for _, s := range steps {
		if s.AccountID == hers.ID && s.UndoAttempts > 0 {
			require.NotEqual(t, store.StepUndone, s.State, "%s is refused, not undone", s.Action)
			require.NotEmpty(t, s.Missing)
		}
	}
	tale := w.Tale(id)
	require.Contains(t, tale, "restore.result contain blocked")
	require.Equal(t, "case.closed cancelled", tale[len(tale)-1])
	w.Paired(id)
}

func TestWhatCannotComeBackIsATask(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")), memory.Account{Name: "bob"})
	w := severtest.New(t, conn)
	w.Policy.SecondLook = time.Hour
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1", func(s *workflows.Submit) { s.Successors = map[string]string{"": "bob"} })
	w.Reaches(ada, "proven", severtest.InPhase(workflows.PhaseSecondLook))
	system.Drop(system.Ref("bob"))
	cancel(w)
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)

	hers := account(w, got.Case, "ada")
	require.Equal(t, access.Reinstated, hers.Outcome, "she is there again, and is not called removed")
	require.Equal(t, "given back, without: table old: the successor bob does not own it any more", hers.Why)
	tasks := left(w, got.Case)
	require.Len(t, tasks, 1)
	require.Equal(t, hers.Why, tasks[fmt.Sprintf("undo/%d", hers.ID)].Words)
	w.Paired(got.Case)
}

// leaky is a sink that nobody listens to at first.
type leaky struct {
	activities.DirSink
	refusals atomic.Int32
}

func (l *leaky) Deliver(ctx context.Context, caseID string, ref access.Ref, secret string) (string, error) {
	if l.refusals.Add(-1) >= 0 {
		return "", errors.New("the disk is full")
	}
	return l.DirSink.Deliver(ctx, caseID, ref, secret)
}

func TestACredentialThatNobodyReceivedIsMadeAgain(t *testing.T) {
	t.Parallel()
	sink := &leaky{DirSink: activities.DirSink(t.TempDir())}
	sink.refusals.Store(2)
	w, system, id := halfWay(t, sink, hers(memory.Owns("archive", "table old")), memory.Account{Name: "ada_ro", Password: "x"})
	cancel(w)
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Equal(t, map[string]access.Outcome{"ada": access.Reinstated, "ada_ro": access.Reinstated}, w.Outcomes(id))
	require.Empty(t, left(w, id), "the task closed when it was handed over")
	require.True(t, system.Connect(system.Ref("ada_ro"), delivered(t, string(sink.DirSink))))
	require.Contains(t, w.Tale(id), "restore.result contain transient", "nobody has it, so it is not given back")
	w.Paired(id)
}

// A case that tried again for days did the same again and again; it gives back once.
func TestTheSameStepOfManyPlansIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	w, system, id := halfWay(t, nil, hers(memory.Owns("archive", "table old")))
	for range 2 {
		before := len(plansOf(w, id))
		system.Open(system.Ref("ada")) // what stays contained is not contained again
		require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
		w.Reaches(ada, "tried again", func(p workflows.Progress) bool { return p.Phase == workflows.PhasePeople && len(p.Plans) > before })
	}
	cancel(w)
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	asked := map[string]int{}
	for _, c := range system.Journal() {
		if c.Op == memory.OpRestore && !c.Mutating {
			asked[c.String()]++
		}
	}
	require.Len(t, asked, 4, "contain, unlink and two databases: %v", asked)
	for what, n := range asked {
		require.Equal(t, 1, n, what)
	}
	require.Empty(t, left(w, id))
	require.Contains(t, w.Tale(id), "step.refused contain skipped")
	steps, err := w.Parts.Store.BegunSteps(w.Ctx, id, "")
	require.NoError(t, err)
	require.Empty(t, steps)
	w.Paired(id)
}

// An account that only a later plan could delete is made again before anything that this
// plan took comes back.
func TestWhatALaterPlanTookComesBackAfterTheAccount(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.RetryEvery, w.Policy.SecondLook = time.Hour, time.Hour
	w.Owns(ada, system.Ref("ada"))
	before := system.World()[0].Account
	system.Block(system.Ref("ada"), access.Blocker{Object: "server", Why: "is busy"}, memory.OpDelete)
	id := w.Submit(ada, "key-1").Case
	w.Reaches(ada, "half-way", severtest.InPhase(workflows.PhasePeople))
	later := memory.Can("SELECT", "archive", "table old")
	system.Grant(system.Ref("ada"), later)
	system.Unblock(system.Ref("ada"))
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	w.Reaches(ada, "proven", severtest.InPhase(workflows.PhaseSecondLook))
	cancel(w)
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Equal(t, access.Reinstated, account(w, id, "ada").Outcome)
	require.Equal(t, "given back, without: database archive: it was given while the case ran, and it was taken before anybody recorded what it was", account(w, id, "ada").Why)
	require.Len(t, left(w, id), 1)
	now := system.World()[0].Account
	now.ForeignID = before.ForeignID
	require.Equal(t, before, now, "as she was found")
	w.Paired(id)
}

func plansOf(w *severtest.World, id string) []workflows.PlanState {
	return w.Reaches(ada, "any", func(p workflows.Progress) bool { return p.Case == id }).Plans
}

// What is given back on one resource holds the lane of that resource and no other.
func TestGivingBackHoldsTheLaneOfItsResource(t *testing.T) {
	t.Parallel()
	one, two := hers(memory.Owns("archive", "table old")), hers(memory.Owns("archive", "table old"))
	one.Resource, two.Resource, two.Name = "one", "two", "ada_two"
	w, system, id := halfWay(t, nil, one, two)
	var wrong, calls atomic.Int32
	held := func(resource string) bool {
		lane, err := w.Parts.Store.LockLane(w.Ctx, system.Ref("ada").Connection+"/"+resource, 0)
		if err == nil {
			lane.Release()
		}
		return errors.Is(err, store.ErrLaneBusy)
	}
	system.Intercept(func(_ context.Context, c memory.Call) error {
		if c.Op == memory.OpRestore {
			calls.Add(1)
			if held("one") != (c.Account.Resource == "one") || held("two") != (c.Account.Resource == "two") {
				wrong.Add(1)
			}
		}
		return nil
	})
	cancel(w)
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.EqualValues(t, 8, calls.Load())
	require.Zero(t, wrong.Load(), "calls under the wrong lane")
	w.Paired(id)
}

// Somebody who is at work on one resource keeps nothing else from being given back.
func TestABusyLaneKeepsNoOtherFromBeingGivenBack(t *testing.T) {
	t.Parallel()
	one, two := hers(memory.Owns("archive", "table old")), hers(memory.Owns("archive", "table old"))
	one.Resource, two.Resource, two.Name = "one", "two", "ada_two"
	w, system, id := halfWay(t, nil, one, two)
	lane, err := w.Parts.Store.LockLane(w.Ctx, system.Ref("ada").Connection+"/two", time.Second) // the first to be given back
	require.NoError(t, err)
	defer lane.Release()
	cancel(w)
	require.Eventually(t, func() bool { return system.Connect(system.Ref("ada"), "secret-of-ada") }, 30*time.Second, 10*time.Millisecond)
	require.True(t, contained(system, "ada_two"))
	lane.Release()
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.False(t, contained(system, "ada_two"))
	w.Paired(id)
}

// A worker that dies while it gives something back leaves an intent; the next attempt
// says so, and goes on.
func TestAnInterruptedUndoHasAnEndInTheTrail(t *testing.T) {
	t.Parallel()
	w, system, id := halfWay(t, nil, hers(memory.Owns("archive", "table old")))
	steps, err := w.Parts.Store.BegunSteps(w.Ctx, id, "")
	require.NoError(t, err)
	first := steps[0]
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error { // what a worker wrote before it died
		n, err := tx.BeginUndo(w.Ctx, first)
		if err != nil {
			return err
		}
		return tx.Append(w.Ctx, audit.Event{Chain: id, Key: fmt.Sprintf("undo/%d/%d/%d/%s", first.PlanNo, first.Ordinal, n, audit.RestoreIntent),
			Kind: audit.RestoreIntent, Actor: "sever", Object: first.Account.String(), Attempt: n})
	}))
	cancel(w)
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Contains(t, w.Tale(id), "step.interrupted "+string(first.Action)+" interrupted")
	require.True(t, system.Connect(system.Ref("ada"), "secret-of-ada"))
	w.Paired(id)
}
