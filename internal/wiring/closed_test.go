package wiring_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/postgres"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/workflows"
)

// outage makes the audit trail unwritable, and writable again.
type outage struct {
	server      func(*testing.T) *postgres.Server
	close, open func(*severtest.World) error
}

var outages = map[string]outage{
	"no right to insert": {
		server: func(t *testing.T) *postgres.Server { return devtest.Postgres(t) },
		close:  asSuperuser("revoke insert on sever.audit_events from %s_app"),
		open:   asSuperuser("grant insert on sever.audit_events to %s_app"),
	},
	"read-only": {
		server: func(t *testing.T) *postgres.Server { return devtest.PostgresAlone(t) },
		close:  readOnly("on"), open: readOnly("off"),
	},
	"stopped": {
		server: func(t *testing.T) *postgres.Server { return devtest.PostgresAlone(t) },
		close:  func(w *severtest.World) error { return w.Server.Stop() },
		open:   func(w *severtest.World) error { return w.Server.Restart(w.Ctx) },
	},
}

// readOnly is how a hosting service stops writes when a disk is full.
func readOnly(state string) func(*severtest.World) error {
	return func(w *severtest.World) error {
		conn, err := pgx.Connect(w.Ctx, w.Server.URL("postgres"))
		if err != nil {
			return err
		}
		defer conn.Close(w.Ctx)
		if _, err = conn.Exec(w.Ctx, "alter system set default_transaction_read_only = "+state); err == nil {
			_, err = conn.Exec(w.Ctx, "select pg_reload_conf()")
		}
		if err != nil {
			return err
		}
		return awaitReadOnly(w, state)
	}
}

// awaitReadOnly waits until a new session begins with it. The older ones were told before
// that one could begin, and obey from their next statement on.
func awaitReadOnly(w *severtest.World, state string) error {
	for now := ""; now != state; {
		conn, err := pgx.Connect(w.Ctx, w.Server.URL(w.Records))
		if err != nil {
			return err
		}
		err = conn.QueryRow(w.Ctx, "show default_transaction_read_only").Scan(&now)
		_ = conn.Close(w.Ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

func asSuperuser(statement string) func(*severtest.World) error {
	return func(w *severtest.World) error {
		conn, err := pgx.Connect(w.Ctx, w.Server.URL(w.Records))
		if err != nil {
			return err
		}
		defer conn.Close(w.Ctx)
		_, err = conn.Exec(w.Ctx, fmt.Sprintf(statement, w.Records))
		return err
	}
}

// alsoHers is a second account: the work on it comes behind that on the first, in one batch,
// and must not go on where the first could not be written down.
func alsoHers() memory.Account {
	return memory.Account{Name: "ada_ro", Password: "another", Sessions: 1, Grants: []access.Grant{
		memory.Can("SELECT", "shop", "table orders"), memory.Member("readers")}}
}

// breaker closes the trail in the middle of the next call of an operation: what was
// written down before that call is all that may happen.
type breaker struct {
	w      *severtest.World
	system *memory.System
	outage outage
	next   atomic.Pointer[memory.Op]
	before atomic.Int64 // writes when it was closed
	broken chan error   // of each closing
}

func newBreaker(w *severtest.World, system *memory.System, o outage) *breaker {
	b := &breaker{w: w, system: system, outage: o, broken: make(chan error, 1)}
	system.Intercept(func(_ context.Context, c memory.Call) error {
		if op := b.next.Load(); op != nil && *op == c.Op && b.next.CompareAndSwap(op, nil) {
			b.before.Store(int64(len(system.Writes())))
			b.broken <- b.outage.close(w)
		}
		return nil
	})
	return b
}

// during breaks the trail during an operation, proves that nothing is written at the
// system beyond what was announced, and mends it. In between, run does what a person does.
func (b *breaker) during(op memory.Op, announced int, run func()) {
	t, w := b.w.T, b.w
	t.Helper()
	b.next.Store(&op)
	run()
	select {
	case err := <-b.broken:
		require.NoError(t, err, "close the trail during %s", op)
	case <-w.Ctx.Done():
		t.Fatalf("there was no %s", op)
	}
	b.stands(op, announced)
	require.NoError(t, b.outage.open(w))
}

// stands waits until the work has been tried again and again, and looks whether
// anything was written meanwhile.
func (b *breaker) stands(op memory.Op, announced int) {
	b.w.T.Helper()
	before := int(b.before.Load())
	var at int32
	require.Eventually(b.w.T, func() bool {
		now := attempts(b.w, ada)
		if at == 0 {
			at = now
		}
		return now > max(at, 1)
	}, time.Minute, 20*time.Millisecond, "nothing is tried again during %s", op)
	require.LessOrEqual(b.w.T, len(b.system.Writes())-before, announced, "during %s: %v", op, b.system.Writes()[before:])
}

// attempts is how often the work that is under way was tried in vain.
func attempts(w *severtest.World, who access.PrincipalID) (most int32) {
	run, err := w.Parts.Temporal.DescribeWorkflowExecution(w.Ctx, w.ID(who), "")
	require.NoError(w.T, err)
	for _, a := range run.PendingActivities {
		if a.LastFailure != nil {
			most = max(most, a.Attempt)
		}
	}
	return most
}

// The trail becomes unwritable five times in one case, each time in the middle of
// another action. Nothing is changed that was not announced before, and the case ends
// clean by itself.
func TestNothingChangesWhileTheTrailCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, o := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, system := severtest.InMemory(t, hers(), alsoHers())
			w := severtest.NewOn(t, o.server(t), conn)
			w.Policy.Patience, w.Policy.BatchSize = time.Minute, 25
			w.Owns(ada, system.Ref("ada"), system.Ref("ada_ro"))
			b := newBreaker(w, system, o)
			var got workflows.Submitted
			b.during(memory.OpList, 0, func() { got = w.Submit(ada, "key-1") })
			for _, p := range []struct {
				op        memory.Op
				announced int // writes that belong to the intent before
			}{{memory.OpContain, 2}, {memory.OpUnlink, 1}, {memory.OpRevoke, 1}, {memory.OpDelete, 1}} {
				b.during(p.op, p.announced, func() {})
			}
			require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
			require.Empty(t, system.World())
			require.Empty(t, system.Blind(), "what had no answer is read before it is repeated")
			w.Paired(got.Case)
		})
	}
}

// Neither is anything given back while that cannot be written down.
func TestNothingIsGivenBackWhileTheTrailCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, o := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")), alsoHers())
			w := severtest.NewOn(t, o.server(t), conn)
			w.Policy.RetryEvery, w.Policy.BatchSize = time.Hour, 25
			w.Owns(ada, system.Ref("ada"), system.Ref("ada_ro"))
			got := w.Submit(ada, "key-1")
			w.Reaches(ada, "half-way", severtest.InPhase(workflows.PhasePeople))
			b := newBreaker(w, system, o)

			// The decision itself cannot be written: it does not take effect.
			require.NoError(t, o.close(w))
			b.before.Store(int64(len(system.Writes())))
			said := make(chan error, 1)
			go func() {
				said <- w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "she stays"})
			}()
			b.stands("the decision", 0)
			b.next.Store(new(memory.OpRestore))
			require.NoError(t, o.open(w))
			require.NoError(t, <-said)
			require.NoError(t, <-b.broken)
			b.stands(memory.OpRestore, 1)
			require.NoError(t, o.open(w))

			require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseCancelled}, w.Ends(ada))
			require.Equal(t, map[string]access.Outcome{"ada": access.Reinstated, "ada_ro": access.Reinstated}, w.Outcomes(got.Case))
			require.Len(t, system.World()[0].Account.Grants, 4, "all is given back")
			require.True(t, system.Connect(system.Ref("ada"), "secret-of-ada"))
			require.Empty(t, system.Blind())
			w.Paired(got.Case)
		})
	}
}

// A case that cannot even be opened in the trail changes nothing, and says why.
func TestTheReasonIsToldToTemporal(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	o := outages["no right to insert"]
	require.NoError(t, o.close(w))
	said := make(chan error, 1)
	go func() { said <- w.Try(ada, "key-1") }()
	require.Eventually(t, func() bool {
		_, err := w.Parts.Temporal.DescribeWorkflowExecution(w.Ctx, w.ID(ada), "")
		return err == nil && len(failing(w, ada)) > 0
	}, 30*time.Second, 20*time.Millisecond)
	require.Contains(t, fmt.Sprint(failing(w, ada)), "permission denied for table audit_events")
	require.Empty(t, system.Writes())
	require.NoError(t, o.open(w))
	require.NoError(t, <-said)
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
}
