package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/dev/stack"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

// crowdVariable holds the populations of a worker that this program is started as, so that
// its memory is its own. SEVER_SWEEP_ACCOUNTS is how many accounts there are in all.
const (
	crowdVariable = "SEVER_BENCH_CROWD"
	sizeVariable  = "SEVER_SWEEP_ACCOUNTS"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(crowdVariable); text != "" {
		if err := crowdWorker(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	m.Run()
}

// crowdWorker is a worker whose systems are populations.
func crowdWorker(text string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var populations []severtest.Population
	if err := json.Unmarshal([]byte(text), &populations); err != nil {
		return err
	}
	var conns []catalog.Connection
	for _, p := range populations {
		conns = append(conns, severtest.Crowd(p))
	}
	vars := config.Environ()
	records, err := store.Open(ctx, config.NewSecret(vars["SEVER_DATABASE_URL"]), store.Options{Conns: 20})
	if err != nil {
		return err
	}
	defer records.Close()
	temporal, err := wiring.DialWorker(ctx, vars, quiet)
	if err != nil {
		return err
	}
	defer temporal.Close()
	end, err := wiring.Start(ctx, wiring.Parts{Temporal: temporal, Store: records, Connections: catalog.Of(conns...), Pace: activities.DefaultPace, Sink: activities.NoSink()})
	if err != nil {
		return err
	}
	<-ctx.Done()
	end()
	return nil
}

// crowd is an installation whose systems have a great many accounts.
type crowd struct {
	*house
	populations []severtest.Population
	accounts    int
}

// newCrowd spreads the accounts over connections: as many as there are principals by a
// naming rule, and the others by identities. Every fiftieth principal has left.
func newCrowd(b *testing.B, accounts int) *crowd {
	b.Helper()
	people := accounts / 10
	c := &crowd{house: &house{b: b, ctx: context.Background()}, accounts: accounts}
	dir, err := os.MkdirTemp("", "sever-bench-")
	require.NoError(b, err)
	require.NoError(b, os.Chmod(dir, 0o711))
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := stack.Start(c.ctx, stack.Options{Dir: filepath.Join(dir, "home"), Temporald: devtest.Temporald(b), SearchAttributes: workflows.SearchAttributes})
	require.NoError(b, err)
	b.Cleanup(func() { _ = s.Stop(c.ctx) })
	app := c.records(s)
	c.store, err = store.Open(c.ctx, app, store.Options{})
	require.NoError(b, err)
	b.Cleanup(c.store.Close)
	c.temporal, err = wiring.DialWorker(c.ctx, config.Vars{"TEMPORAL_ADDRESS": s.TemporalAddress, "TEMPORAL_NAMESPACE": s.Namespace}, quiet)
	require.NoError(b, err)
	b.Cleanup(c.temporal.Close)

	c.populations = []severtest.Population{{Connection: "crowd-0", Size: people, People: people, Logins: true}}
	for i := range 3 {
		c.populations = append(c.populations, severtest.Population{Connection: fmt.Sprintf("crowd-%d", i+1), Size: (accounts - people) / 3, People: people})
	}
	c.fill(people)
	text, err := json.Marshal(c.populations)
	require.NoError(b, err)
	c.worker = exec.Command(os.Args[0])
	c.worker.Stderr = os.Stderr
	c.worker.Env = append(os.Environ(), crowdVariable+"="+string(text), "TEMPORAL_ADDRESS="+s.TemporalAddress, "TEMPORAL_NAMESPACE="+s.Namespace, "SEVER_DATABASE_URL="+app.Reveal())
	require.NoError(b, c.worker.Start())
	b.Cleanup(func() {
		_ = c.worker.Process.Signal(os.Interrupt)
		_ = c.worker.Wait()
	})
	return c
}

// fill records who there is and what belongs to them.
func (c *crowd) fill(people int) {
	entries := make([]store.Entry, people)
	for i := range entries {
		entries[i] = store.Entry{Principal: severtest.Nth(i), Left: i%50 == 49}
	}
	require.NoError(c.b, c.store.Do(c.ctx, func(tx *store.Tx) error {
		_, err := tx.AcceptRoster(c.ctx, store.Roster{Source: "crowd", SHA256: "1", By: "hr"}, entries)
		return err
	}))
	const batch = 20_000
	for _, p := range c.populations {
		var some []access.Identity
		for i := range p.Size {
			if id, ok := p.Identity(i); ok {
				some = append(some, id)
			}
			if len(some) == batch || i == p.Size-1 && len(some) > 0 {
				require.NoError(c.b, c.store.Do(c.ctx, func(tx *store.Tx) error {
					_, err := tx.ImportIdentities(c.ctx, some, "dba")
					return err
				}))
				some = some[:0]
			}
		}
	}
}

// run sweeps once and returns how it ended, the events of its history and the activities.
func (c *crowd) run(s store.Sweep, try int) (out workflows.Swept, events, activities int) {
	id := fmt.Sprintf("bench-sweep-%d-%d", s.ID, try)
	run, err := c.temporal.ExecuteWorkflow(c.ctx, client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue}, "Sweep", workflows.SweepState{Sweep: s.ID})
	require.NoError(c.b, err)
	at := run.GetRunID()
	require.NoError(c.b, run.Get(c.ctx, &out))
	for at != "" { // a long sweep goes on in other runs
		history := c.temporal.GetWorkflowHistory(c.ctx, id, at, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for at = ""; history.HasNext(); events++ {
			e, err := history.Next()
			require.NoError(c.b, err)
			switch e.GetEventType() {
			case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
				activities++
			case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
				at = e.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
			}
		}
	}
	return out, events, activities
}

var resident = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// watch samples the memory of the worker until it is told to stop.
func (c *crowd) watch() (stop func() []float64) {
	var samples []float64
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
				text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.worker.Process.Pid))
				if m := resident.FindSubmatch(text); err == nil && m != nil {
					kb, _ := strconv.Atoi(string(m[1]))
					samples = append(samples, float64(kb)/1024)
				}
			}
		}
	})
	return func() []float64 {
		close(done)
		wg.Wait()
		return samples
	}
}

// mean of the part of the samples between two fractions.
func mean(samples []float64, from, to float64) float64 {
	part := samples[int(float64(len(samples))*from):int(float64(len(samples))*to)]
	sum := 0.0
	for _, s := range part {
		sum += s
	}
	return sum / max(float64(len(part)), 1)
}

// BenchmarkSweep goes through a million accounts of a hundred thousand principals by each
// of the rules that list, and through a hundred thousand by one that looks at every
// account; twice, for the second run compares with the first.
func BenchmarkSweep(b *testing.B) {
	accounts := 1_000_000
	if text := os.Getenv(sizeVariable); text != "" {
		var err error
		accounts, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	begun := time.Now()
	c := newCrowd(b, accounts)
	b.Logf("%d accounts, %d principals on record after %s", accounts, accounts/10, time.Since(begun).Round(time.Second))
	all := 0
	for _, p := range c.populations {
		all += p.Size
	}
	left, nobodys := 0, 0
	for _, p := range c.populations {
		for i := range p.Size {
			switch _, known := p.Identity(i); {
			case !known && !p.Logins:
				nobodys++
			case (i%p.People)%50 == 49:
				left++
			}
		}
	}
	for _, k := range []struct {
		rule  sweep.Rule
		conns []string
		seen  int
		want  int
	}{
		{sweep.Rule{Kind: sweep.Left}, nil, all, left},
		{sweep.Rule{Kind: sweep.Unissued}, nil, all, nobodys},
		{sweep.Rule{Kind: sweep.Orphans}, nil, all, 0},
		{sweep.Rule{Kind: sweep.ACL, Most: 1}, []string{"crowd-0"}, c.populations[0].Size, 0}, // each account is looked at
	} {
		b.Run(string(k.rule.Kind), func(b *testing.B) {
			c.b = b
			var s store.Sweep
			require.NoError(b, c.store.Do(c.ctx, func(tx *store.Tx) (err error) {
				s, err = tx.CreateSweep(c.ctx, sweep.Spec{Name: "bench-" + string(k.rule.Kind), Rule: k.rule, Connections: k.conns, Mode: sweep.Report}, "bench")
				return err
			}))
			for try, which := range []string{"first", "again"} {
				stop := c.watch()
				began := time.Now()
				out, events, asked := c.run(s, try)
				took := time.Since(began)
				memory := stop()
				require.EqualValues(b, k.seen, out.Accounts)
				require.EqualValues(b, k.want, out.Found)
				b.ReportMetric(took.Seconds(), which+"-s")
				b.ReportMetric(float64(k.seen)/took.Seconds(), which+"-accounts/s")
				b.ReportMetric(float64(out.Found), which+"-found")
				if len(memory) > 0 {
					b.ReportMetric(mean(memory, .25, .5), which+"-MB-2nd-quarter")
					b.ReportMetric(mean(memory, .75, 1), which+"-MB-4th-quarter")
				}
				b.ReportMetric(float64(events), "events")
				b.ReportMetric(float64(asked+1), "actions") // the start is one
			}
			b.ReportMetric(c.workerMegabytes(), "worker-MB-peak")
			b.ReportMetric(0, "ns/op")
		})
	}
}
