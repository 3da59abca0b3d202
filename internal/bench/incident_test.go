package bench_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

// What an incident is measured on: so many systems, each of which answers after a while.
const (
	struckSystems = 5
	answersAfter  = 10 * time.Millisecond
	// bystanders are accounts of each system that no incident is about.
	bystanders = 1000
	// leavers are the HR cases that an incident meets in the queues.
	leavers = 300
	// sweeps run side by side, again and again: each keeps four slots of the eight that
	// each system has.
	sweepsAtOnce = 4
)

// BenchmarkIncident ends the access of n people over five systems at once, on a Sever
// that has nothing else to do, on one with 300 HR cases under way, and on one whose
// queues sweeps keep full. What counts is how long after the request each person could
// not log in anywhere any more.
func BenchmarkIncident(b *testing.B) {
	for _, n := range []int{50, 500} {
		for _, beside := range []struct {
			name string
			load func(*scene)
		}{
			{"nothing", func(*scene) {}},
			{"hr cases", (*scene).leave},
			{"sweeps", (*scene).sweep},
		} {
			b.Run(fmt.Sprintf("principals=%d/beside=%s", n, beside.name), func(b *testing.B) {
				s := newScene(b, n)
				for range b.N {
					beside.load(s)
					s.strike()
				}
			})
		}
	}
}

// scene is an installation with five systems, and people who are on all of them.
type scene struct {
	*house
	struck  []access.PrincipalID
	left    []access.PrincipalID
	systems []*memory.System
	conns   *catalog.Connections
}

func newScene(b *testing.B, n int) *scene {
	b.Helper()
	s := &scene{house: newHome(b)}
	var ids []access.Identity
	var conns []catalog.Connection
	for i := range struckSystems {
		name := fmt.Sprintf("mem-%d", i)
		system := memory.New(name)
		for k := range bystanders {
			system.Add(memory.Account{Name: fmt.Sprintf("other%d", k)})
		}
		for _, group := range []struct {
			prefix string
			size   int
		}{{"S", n}, {"L", leavers}} {
			for k := range group.size {
				account := fmt.Sprintf("%s%d", group.prefix, k)
				system.Add(memory.Account{Name: account, Password: "x", Sessions: 1, Grants: []access.Grant{memory.Can("SELECT", "shop", "table orders")}})
				ids = append(ids, access.Identity{Principal: access.PrincipalID(account), Connection: name, Account: account, Evidence: access.Imported})
			}
		}
		system.Intercept(func(ctx context.Context, _ memory.Call) error {
			select {
			case <-time.After(answersAfter):
			case <-ctx.Done():
			}
			return ctx.Err()
		})
		s.systems = append(s.systems, system)
		conns = append(conns, catalog.Connection{Name: name, Spec: memory.Spec, Limits: memory.Spec.Limits, Provider: system, Owner: "dba"})
	}
	for k := range n {
		s.struck = append(s.struck, access.PrincipalID(fmt.Sprintf("S%d", k)))
	}
	for k := range leavers {
		s.left = append(s.left, access.PrincipalID(fmt.Sprintf("L%d", k)))
	}
	require.NoError(b, s.store.Do(s.ctx, func(tx *store.Tx) error {
		_, err := tx.ImportIdentities(s.ctx, ids, "bench")
		return err
	}))
	s.conns = catalog.Of(conns...)
	stop, err := wiring.Start(s.ctx, wiring.Parts{Temporal: s.temporal, Store: s.store, Connections: s.conns, Sink: activities.NoSink(), Pace: activities.DefaultPace})
	require.NoError(b, err)
	b.Cleanup(stop)
	return s
}

// leave opens the HR cases, and waits for none of them.
func (s *scene) leave() {
	policy, err := plan.For(access.HR)
	require.NoError(s.b, err)
	policy.MaxPercent, policy.Patience, policy.MaxPerHour, policy.MaxHourPercent = 100, 10*time.Minute, 100000, 100000
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for _, who := range s.left {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			s.submit(workflows.Submit{Case: fmt.Sprintf("case-%s-%d", who, time.Now().UnixNano()), Principal: who, Policy: policy, Requester: "bench"})
		})
	}
	wg.Wait()
}

// sweep keeps sweeps going until the benchmark ends, and waits until they are at it.
func (s *scene) sweep() {
	ctx, cancel := context.WithCancel(s.ctx)
	s.b.Cleanup(cancel)
	for i := range sweepsAtOnce {
		var at store.Sweep
		spec := sweep.Spec{Name: fmt.Sprintf("load-%d", i), Rule: sweep.Rule{Kind: sweep.ACL, Most: 1}, Mode: sweep.Report}
		require.NoError(s.b, s.store.Do(ctx, func(tx *store.Tx) (err error) {
			at, err = tx.CreateSweep(ctx, spec, "bench")
			return err
		}))
		go func() {
			for round := 0; ctx.Err() == nil; round++ {
				run, err := s.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: fmt.Sprintf("%s%d-%d", workflows.SweepID, at.ID, round),
					TaskQueue: workflows.TaskQueue, Priority: temporal.Priority{PriorityKey: 5}}, "Sweep", workflows.SweepState{Sweep: at.ID})
				if err == nil {
					_ = run.Get(ctx, nil)
				}
			}
		}()
	}
	require.Eventually(s.b, func() bool {
		return !slices.ContainsFunc(s.systems, func(m *memory.System) bool { return len(m.Journal()) < 200 })
	}, 5*time.Minute, 50*time.Millisecond, "the sweeps look at accounts")
}

// strike ends the access of everybody, and measures.
func (s *scene) strike() {
	d := &desk.Desk{Store: s.store, Temporal: s.temporal, Namespace: s.temporal.Namespace, Connections: s.conns, Vars: config.Vars{
		"SEVER_MAX_PERCENT": "100", "SEVER_MAX_PER_HOUR": "100000", "SEVER_MAX_HOUR_PERCENT": "100000", "SEVER_PATIENCE": "10m"}}
	began := time.Now()
	roll, err := d.UnderstandAlarm(desk.Alarm{Principals: s.struck, By: "bench", Words: "measured"}, began)
	require.NoError(s.b, err)
	roll, err = d.Call(s.ctx, roll)
	require.NoError(s.b, err)
	in, err := d.Incident(s.ctx, roll, time.Now())
	require.NoError(s.b, err)
	asked := time.Since(began)
	people := s.contain(in)
	var taken, contained []time.Duration
	for _, p := range people {
		taken = append(taken, p.TakenAt.Sub(in.OpenedAt))
		contained = append(contained, p.ContainedAt.Sub(in.OpenedAt))
	}
	slices.Sort(taken)
	slices.Sort(contained)
	for _, m := range s.systems {
		for _, seen := range m.World() {
			require.False(s.b, seen.Exists && !seen.Account.Contained && seen.Account.Name[0] == 'S', "%s can log in", seen.Account.Name)
		}
	}
	s.b.ReportMetric(asked.Seconds(), "asked-s")
	s.b.ReportMetric(percentile(taken, 99).Seconds(), "opened-p99-s")
	s.b.ReportMetric(percentile(contained, 50).Seconds(), "contained-p50-s")
	s.b.ReportMetric(percentile(contained, 99).Seconds(), "contained-p99-s")
	s.b.ReportMetric(contained[0].Seconds(), "contained-first-s")
}

// contain waits until everybody is contained everywhere.
func (s *scene) contain(in store.Incident) []store.IncidentPerson {
	deadline := time.Now().Add(20 * time.Minute)
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		people, err := s.store.IncidentPeople(s.ctx, in.ID)
		require.NoError(s.b, err)
		left := slices.DeleteFunc(slices.Clone(people), func(p store.IncidentPerson) bool { return !p.ContainedAt.IsZero() })
		if len(left) == 0 {
			return people
		}
		if time.Now().After(deadline) {
			s.b.Fatalf("%d of %d are not contained after 20 minutes, such as %+v", len(left), len(people), left[0])
		}
		<-tick.C
	}
}
