package bench_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
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
	for _, databases := range []int{1, 4} {
		for _, n := range []int{1, 50, 200, 500} {
			b.Run(fmt.Sprintf("principals=%d/databases=%d", n, databases), func(b *testing.B) {
				h := newHouse(b)
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
	databases []string
}

// plant makes n roles with their tables.
func (h *house) plant(prefix string, n, databases int) []person {
	var names []string
	for d := range databases {
		name := fmt.Sprintf("app%d", d)
		names = append(names, name)
		var there bool
		require.NoError(h.b, h.admin.QueryRow(h.ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&there))
		if !there {
			_, err := h.admin.Exec(h.ctx, "create database "+name)
			require.NoError(h.b, err)
		}
	}
	_, err := h.admin.Exec(h.ctx, `do $$ begin
		if to_regrole('heir') is null then create role heir; create role staff; end if; end $$`)
	require.NoError(h.b, err)
	people := make([]person, n)
	for i := range people {
		people[i] = person{access.PrincipalID(fmt.Sprintf("%s%06d", prefix, i)), fmt.Sprintf("%s_%06d", prefix, i), names}
		_, err := h.admin.Exec(h.ctx, "create role "+people[i].role+" login password 'x' in role staff")
		require.NoError(h.b, err)
	}
	for _, name := range names {
		conn, err := pgx.Connect(h.ctx, h.target.URL(name))
		require.NoError(h.b, err)
		for _, p := range people {
			sql := "begin; create schema if not exists own;"
			for t := range tables / databases {
				sql += fmt.Sprintf("create table own.%s_%d (x int); alter table own.%[1]s_%[2]d owner to %[1]s;", p.role, t)
			}
			_, err := conn.Exec(h.ctx, sql+"grant create on schema own to "+p.role+"; revoke create on schema own from "+p.role+"; commit")
			require.NoError(h.b, err)
		}
		require.NoError(h.b, conn.Close(h.ctx))
	}
	return people
}

// plainSQL is the floor: for each principal one NOLOGIN, one round of terminating,
// REASSIGN and DROP OWNED in each database, and DROP ROLE.
func (h *house) plainSQL(people []person) time.Duration {
	conns := map[string]*pgx.Conn{}
	for _, name := range append([]string{"postgres"}, people[0].databases...) {
		conn, err := pgx.Connect(h.ctx, h.target.URL(name))
		require.NoError(h.b, err)
		conns[name] = conn
	}
	run := func(database, sql string) {
		_, err := conns[database].Exec(h.ctx, sql)
		require.NoError(h.b, err)
	}
	began := time.Now()
	for _, p := range people {
		run("postgres", "alter role "+p.role+" nologin")
		run("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where usename = '"+p.role+"'")
		for _, name := range p.databases {
			run(name, "begin; reassign owned by "+p.role+" to heir; drop owned by "+p.role+"; commit")
		}
		run("postgres", "drop role "+p.role)
	}
	took := time.Since(began)
	for _, c := range conns {
		_ = c.Close(h.ctx)
	}
	return took
}

// know imports who owns what.
func (h *house) know(people []person) {
	require.NoError(h.b, h.store.Do(h.ctx, func(tx *store.Tx) error {
		var ids []access.Identity
		for _, p := range people {
			ids = append(ids, access.Identity{Principal: p.id, Connection: "pg-main", Account: p.role, Evidence: access.Imported})
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
	return cases
}

func (h *house) submit(s workflows.Submit) {
	ctx, cancel := context.WithTimeout(h.ctx, 5*time.Minute)
	defer cancel()
	start := h.temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: workflows.WorkflowID(s.Principal), TaskQueue: workflows.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		Priority:                 temporal.Priority{PriorityKey: s.Policy.Priority},
	}, "OffboardPrincipal", workflows.State{})
	u, err := h.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: s.Case, UpdateName: workflows.UpdateSubmit, Args: []any{s},
			WaitForStage: client.WorkflowUpdateStageCompleted}})
	if err == nil {
		err = u.Get(ctx, nil)
	}
	if err != nil {
		h.b.Errorf("submit %s: %v", s.Principal, err)
	}
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

// nothingLeft asks the server itself: a fast wrong answer is worth nothing.
func (h *house) nothingLeft(people []person) {
	roles := make([]string, len(people))
	for i, p := range people {
		roles[i] = p.role
	}
	var left int
	require.NoError(h.b, h.admin.QueryRow(h.ctx, "select count(*) from pg_roles where rolname = any($1)", roles).Scan(&left))
	require.Zero(h.b, left, "roles left")
}
