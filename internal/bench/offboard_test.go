package bench_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

var quiet = slog.New(slog.DiscardHandler)

// tables is how many tables each principal owns, over all databases together.
const tables = 20

// BenchmarkOffboard ends n principals at once, each of whom owns 20 tables in one
// or in four databases and is in a group, and measures until the last one is
// proven gone. Beside it stands the floor: plain SQL, one connection for each
// database, doing only what has to be done.
func BenchmarkOffboard(b *testing.B) {
	sizes(b, newPostgres)
}

// sizes measures each number of people in one and in four databases, in a house each.
func sizes(b *testing.B, open func(b *testing.B, dir string) site) {
	for _, databases := range []int{1, 4} {
		for _, n := range []int{1, 50, 200, 500} {
			b.Run(fmt.Sprintf("principals=%d/databases=%d", n, databases), func(b *testing.B) {
				h := newHouse(b, open)
				for range b.N {
					measure(b, h, n, databases)
				}
			})
		}
	}
}

func measure(b *testing.B, h *house, n, databases int) {
	b.StopTimer()
	p := h.plant("f", n, databases)
	floor := h.plainSQL(p)
	p = h.plant("s", n, databases)
	h.know(p)
	h.resetStatements()
	b.StartTimer()
	began := time.Now()
	cases := h.offboard(p)
	contained, proven := h.wait(cases)
	took := time.Since(began)
	b.StopTimer()

	b.ReportMetric(floor.Seconds(), "floor-s")
	b.ReportMetric(took.Seconds(), "proven-s")
	b.ReportMetric(took.Seconds()/floor.Seconds(), "x-floor")
	b.ReportMetric(percentile(contained, 50).Seconds(), "contained-p50-s")
	b.ReportMetric(percentile(contained, 99).Seconds(), "contained-p99-s")
	b.ReportMetric(percentile(proven, 50).Seconds(), "proven-p50-s")
	b.ReportMetric(percentile(proven, 99).Seconds(), "proven-p99-s")
	b.ReportMetric(float64(h.statements())/float64(n), "statements/principal")
	events, bytes := h.history(p[0])
	b.ReportMetric(float64(events), "events/case")
	b.ReportMetric(float64(bytes), "history-B/case")
	counts, err := h.store.Counts(h.ctx, cases[0])
	require.NoError(b, err)
	b.ReportMetric(float64(counts.Events), "audit-rows/case")
	b.ReportMetric(h.workerMegabytes(), "worker-MB")
	h.nothingLeft(p)
}

// person is one planted principal.
type person struct {
	id        access.PrincipalID
	role      string
	host      string
	databases []string
}

// know imports who owns what.
func (h *house) know(people []person) {
	require.NoError(h.b, h.store.Do(h.ctx, func(tx *store.Tx) error {
		var ids []access.Identity
		for _, p := range people {
			ids = append(ids, access.Identity{Principal: p.id, Connection: connection, Account: p.role, Host: p.host, Evidence: access.Imported})
		}
		_, err := tx.ImportIdentities(h.ctx, ids, "bench")
		return err
	}))
}

// offboard submits all, sixteen at a time, and returns the ids of the cases.
func (h *house) offboard(people []person) []string {
	policy, err := plan.For(access.HR)
	require.NoError(h.b, err)
	policy.BatchSize, policy.MaxPercent, policy.Patience = 25, 100, 5*time.Minute
	policy.MaxPerHour, policy.MaxHourPercent = 100000, 100000 // each round deletes a whole server again
	cases := make([]string, len(people))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i, p := range people {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			s := workflows.Submit{Case: fmt.Sprintf("case-%s-%d", p.role, time.Now().UnixNano()), Principal: p.id, Policy: policy,
				Requester: "bench", Successors: map[string]string{"": "heir"}}
			cases[i] = s.Case
			h.submit(s)
		})
	}
	wg.Wait()
	if h.b.Failed() {
		h.b.FailNow() // nobody waits for a case that was never opened
	}
	return cases
}

// submit opens a case. A server with more to do than it can may drop the request; said
// again under the same id, it is the same request.
func (h *house) submit(s workflows.Submit) {
	ctx, cancel := context.WithTimeout(h.ctx, 10*time.Minute)
	defer cancel()
	err := h.trySubmit(ctx, s)
	for err != nil && ctx.Err() == nil && !refused(err) {
		err = h.trySubmit(ctx, s)
	}
	if err != nil {
		h.b.Errorf("submit %s: %v", s.Principal, err)
	}
}

// refused reports whether the workflow itself said no.
func refused(err error) bool {
	_, no := errors.AsType[*temporal.ApplicationError](err)
	return no
}

func (h *house) trySubmit(ctx context.Context, s workflows.Submit) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	start := h.temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: workflows.WorkflowID(s.Principal), TaskQueue: workflows.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:                 temporal.Priority{PriorityKey: s.Policy.Priority},
	}, "OffboardPrincipal", workflows.State{})
	u, err := h.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: s.Case, UpdateName: workflows.UpdateSubmit, Args: []any{s},
			WaitForStage: client.WorkflowUpdateStageCompleted}})
	if err != nil {
		return err
	}
	return u.Get(ctx, nil)
}

// wait returns when every case is proven, with how long each took until contained
// and until proven, sorted.
func (h *house) wait(cases []string) (contained, proven []time.Duration) {
	deadline := time.Now().Add(20 * time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, id := range cases {
		for {
			c, err := h.store.Case(h.ctx, id)
			if err == nil && !c.ProvenAt.IsZero() {
				contained = append(contained, c.ContainedAt.Sub(c.OpenedAt))
				proven = append(proven, c.ProvenAt.Sub(c.OpenedAt))
				break
			}
			if time.Now().After(deadline) {
				h.b.Fatalf("case %s is %q after 20 minutes (%v)", id, c.Phase, err)
			}
			<-tick.C
		}
	}
	slices.Sort(contained)
	slices.Sort(proven)
	return contained, proven
}

// history is the size of a case's workflow at this moment.
func (h *house) history(p person) (events, bytes int64) {
	d, err := h.temporal.DescribeWorkflowExecution(h.ctx, workflows.WorkflowID(p.id), "")
	require.NoError(h.b, err)
	i := d.GetWorkflowExecutionInfo()
	return i.GetHistoryLength(), i.GetHistorySizeBytes()
}
