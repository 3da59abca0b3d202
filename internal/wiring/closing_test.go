package wiring_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/workflows"
)

// A case that is closing takes nothing any more: what it said yes to, nobody would do. The
// request waits that moment, and opens a case of its own.
func TestACaseThatIsClosingTakesNothing(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	letIt := holdClosing(w)
	first := w.Submit(ada, "key-1")
	w.Reaches(ada, "closing", func(workflows.Progress) bool {
		_, err := w.Reinstate(first.Case, ada, "hr@example.com")
		return strings.Contains(err.Error(), "is closing at this moment")
	})
	require.ErrorContains(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr", Why: "no"}), "is closing at this moment")

	policy := w.Policy
	policy.Reason, policy.Priority = access.Incident, 1
	asked := make(chan error, 1)
	var second desk.Opened
	go func() {
		var err error
		second, err = w.Desk().Submit(w.Ctx, workflows.Submit{Case: "case-" + severtest.Unique(), Principal: ada, Policy: policy, Requester: "soc"}, "key-2")
		asked <- err
	}()
	select {
	case err := <-asked:
		t.Fatalf("it is answered while the case is closing: %+v, %v", second, err)
	case <-time.After(500 * time.Millisecond): // asked more than once by then; nothing tells when
	}
	letIt()
	require.NoError(t, <-asked)
	require.NotEqual(t, first.Case, second.Case)
	require.False(t, second.Joined)
	require.Equal(t, workflows.Result{Case: second.Case, Status: access.CaseClean}, w.Ends(ada))
	old, err := w.Parts.Store.Case(w.Ctx, first.Case)
	require.NoError(t, err)
	require.Equal(t, access.CaseClean, old.Status)
}

// holdClosing has the records take their time to end a case, until they are let.
func holdClosing(w *severtest.World) (let func()) {
	w.T.Helper()
	require.NoError(w.T, asSuperuser(`
		create function public.takes_its_time() returns trigger language plpgsql as $$ begin
			perform pg_advisory_xact_lock(4711); return new;
		end $$;
		create trigger takes_its_time before update of status on sever.cases for each row when (new.status <> 'open') execute function public.takes_its_time();
		-- %s`)(w))
	conn, err := pgx.Connect(w.Ctx, w.Server.URL(w.Records))
	require.NoError(w.T, err)
	_, err = conn.Exec(w.Ctx, "select pg_advisory_lock(4711)")
	require.NoError(w.T, err)
	return func() { require.NoError(w.T, conn.Close(w.Ctx)) }
}
