package bench_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

const leaver = access.PrincipalID("L1")

// BenchmarkProviders ends one person who has accounts at 1, 4 or 16 connections to
// simulated providers, whose requests take 50 ms and whose rates are the real ones, and
// measures until all are contained (every order to contain was carried out or accepted)
// and proven gone. The floor beside it is the same calls in bare goroutines, at the same
// pace and with the same number at a time, without records, plans, or Temporal.
//
// 1,000 accounts are for those who set SEVER_BENCH_LARGE: at what the providers allow,
// they take hours.
func BenchmarkProviders(b *testing.B) {
	sizes := []int{10}
	if os.Getenv("SEVER_BENCH_LARGE") != "" {
		sizes = append(sizes, 1000)
	}
	for _, connections := range []int{1, 4, 16} {
		for _, accounts := range sizes {
			b.Run(fmt.Sprintf("connections=%d/accounts=%d", connections, accounts), func(b *testing.B) {
				h := newHome(b)
				for i := range b.N {
					compare(b, h, i, connections, accounts)
				}
			})
		}
	}
}

func compare(b *testing.B, h *house, round, connections, accounts int) {
	b.StopTimer()
	prefix := fmt.Sprintf("b%d", round)
	f := newFleet(b, prefix, connections, accounts)
	stop, err := wiring.Start(h.ctx, wiring.Parts{Temporal: h.temporal, Store: h.store, Connections: catalog.Of(f.conns...), Sink: activities.NoSink(), Pace: activities.DefaultPace})
	require.NoError(b, err)
	defer stop()
	require.NoError(b, h.store.Do(h.ctx, func(tx *store.Tx) error {
		_, err := tx.ImportIdentities(h.ctx, f.owned, "bench")
		return err
	}))
	policy, err := plan.For(access.HR)
	require.NoError(b, err)
	policy.MaxAccounts, policy.MaxPercent, policy.Patience = 5000, 100, time.Hour
	policy.MaxPerHour, policy.MaxHourPercent = 5000, 10000
	id := fmt.Sprintf("case-%d-%d", connections, time.Now().UnixNano())
	b.StartTimer()
	h.submit(workflows.Submit{Case: id, Principal: leaver, Policy: policy, Requester: "bench"})
	_, proven := h.wait([]string{id})
	b.StopTimer()
	contained := h.contained(id)
	require.Zero(b, sum(f.left), "accounts left")

	steps, err := h.store.StepsOf(h.ctx, id)
	require.NoError(b, err)
	bare := newFleet(b, prefix, connections, accounts)
	floor := runFloor(h.ctx, b, bare, steps, policy)
	require.Zero(b, sum(bare.left), "accounts left by the floor")
	b.ReportMetric(floor.contained.Seconds(), "floor-contained-s")
	b.ReportMetric(contained.Seconds(), "contained-s")
	b.ReportMetric(contained.Seconds()/floor.contained.Seconds(), "x-contained")
	b.ReportMetric(floor.proven.Seconds(), "floor-proven-s")
	b.ReportMetric(proven[0].Seconds(), "proven-s")
	b.ReportMetric(proven[0].Seconds()/floor.proven.Seconds(), "x-proven")
	b.ReportMetric(float64(sum(bare.asked)), "floor-requests")
	b.ReportMetric(float64(sum(f.asked)), "requests")
}

// newHome is an installation without a system to act upon.
func newHome(b *testing.B) *house {
	b.Helper()
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sever-bench-")
	require.NoError(b, err)
	require.NoError(b, os.Chmod(dir, 0o711))
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := stack.Start(ctx, stack.Options{Dir: filepath.Join(dir, "home"), Temporald: devtest.Temporald(b), SearchAttributes: workflows.SearchAttributes})
	require.NoError(b, err)
	b.Cleanup(func() { _ = s.Stop(ctx) })
	h := &house{b: b, ctx: ctx}
	h.store, err = store.Open(ctx, h.records(s), store.Options{Conns: 40, Lanes: 60})
	require.NoError(b, err)
	b.Cleanup(h.store.Close)
	h.temporal, err = wiring.DialWorker(ctx, config.Vars{"TEMPORAL_ADDRESS": s.TemporalAddress, "TEMPORAL_NAMESPACE": s.Namespace}, quiet)
	require.NoError(b, err)
	b.Cleanup(h.temporal.Close)
	return h
}

// contained is how long it took until the last order to contain was carried out.
func (h *house) contained(caseID string) time.Duration {
	c, err := h.store.Case(h.ctx, caseID)
	require.NoError(h.b, err)
	last := c.OpenedAt
	for row, err := range h.store.Events(h.ctx, caseID, 1) {
		require.NoError(h.b, err)
		if row.Kind == audit.StepResult && row.Data["action"] == string(access.Contain) && row.At.After(last) {
			last = row.At
		}
	}
	return last.Sub(c.OpenedAt)
}

// times are what the floor took.
type times struct{ contained, proven time.Duration }

// gate lets tasks of one connection through at its pace, and so many at a time.
type gate struct {
	slots    chan struct{}
	interval time.Duration // zero: no pace
	mu       sync.Mutex
	next     time.Time // when the one after the last is due
}

// ahead is how far Temporal's queues let tasks through before they are due.
const ahead = time.Second

func newGate(l provider.Limits) *gate {
	g := &gate{slots: make(chan struct{}, max(l.Parallel, 1))}
	if l.TasksPerSecond > 0 {
		g.interval = time.Duration(float64(time.Second) / l.TasksPerSecond)
	}
	return g
}

// turn is how long the next task has to wait.
func (g *gate) turn() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := time.Now()
	if early := g.next.Add(-ahead); at.Before(early) {
		at = early
	}
	if g.next.Before(at) {
		g.next = at
	}
	g.next = g.next.Add(g.interval)
	return time.Until(at)
}

// task runs something when the gate lets it, and again when the system asks for time.
func (g *gate) task(b *testing.B, do func() error) {
	g.slots <- struct{}{}
	defer func() { <-g.slots }()
	for {
		<-time.After(g.turn())
		err := do()
		if err == nil {
			return
		}
		e, ok := errors.AsType[*provider.Error](err)
		if !ok || e.Kind != provider.Throttled {
			b.Errorf("the floor: %v", err)
			return
		}
		<-time.After(max(e.RetryAfter, time.Second))
	}
}

// runFloor makes the calls of a case that was carried out: discovery, containing,
// removing lane by lane, and looking again.
func runFloor(ctx context.Context, b *testing.B, f *fleet, done []store.Step, policy plan.Policy) times {
	var p plan.Plan
	for _, s := range done {
		if s.PlanNo == 1 {
			p.Steps = append(p.Steps, s.Step)
		}
	}
	lanes, _ := plan.Lanes(p, policy)
	conns, gates := map[string]provider.Provider{}, map[string]*gate{}
	for _, c := range f.conns {
		conns[c.Name], gates[c.Name] = c.Provider, newGate(c.Limits)
	}
	batch := func(w plan.Batch) {
		gates[w.Connection].task(b, func() error {
			for _, s := range p.Steps[w.From-1 : w.To] {
				if err := call(ctx, conns[w.Connection], s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	began := time.Now()
	var all sync.WaitGroup
	for _, c := range f.conns {
		all.Go(func() { gates[c.Name].task(b, func() error { return discover(ctx, c, p.Steps) }) })
	}
	all.Wait()
	for _, l := range lanes {
		for _, w := range l.Contain {
			all.Go(func() { batch(w) })
		}
	}
	all.Wait()
	contained := time.Since(began)
	for _, l := range lanes {
		all.Go(func() {
			for _, w := range l.Remove {
				batch(w)
			}
			var looks sync.WaitGroup
			for _, w := range l.Confirm {
				looks.Go(func() { batch(w) })
			}
			looks.Wait()
		})
	}
	all.Wait()
	return times{contained, time.Since(began)}
}

// discover lists everything, and looks at each account of the plan.
func discover(ctx context.Context, c catalog.Connection, steps []access.Step) error {
	for _, err := range c.Provider.Accounts(ctx) {
		if err != nil {
			return err
		}
	}
	for _, s := range steps {
		if s.Account.Connection != c.Name || s.Action != access.Contain {
			continue
		}
		if _, err := c.Provider.Look(ctx, s.Account); err != nil {
			return err
		}
	}
	return nil
}

// call makes the one call of a step.
func call(ctx context.Context, p provider.Provider, s access.Step) (err error) {
	switch s.Action {
	case access.Contain:
		_, err = p.(provider.Container).Contain(ctx, s.Account, s.Mode)
	case access.Unlink:
		_, err = p.(provider.Unlinker).Unlink(ctx, s)
	case access.Revoke:
		_, err = p.(provider.Revoker).Revoke(ctx, s)
	case access.Delete:
		_, err = p.(provider.Deleter).Delete(ctx, s)
	default:
		_, err = p.Look(ctx, s.Account)
	}
	return err
}
