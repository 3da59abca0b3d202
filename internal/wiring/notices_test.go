package wiring_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/courier"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// outside is somebody who is told by a webhook, and believes what is signed.
type outside struct {
	mu   sync.Mutex
	told []notice.Message
	ids  map[string]bool
}

func (o *outside) messages() []notice.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.told)
}

func (o *outside) kinds() []notice.Kind {
	var out []notice.Kind
	for _, m := range o.messages() {
		out = append(out, m.Type)
	}
	return out
}

// tells makes a Sever tell somebody outside.
func tells(t *testing.T, w *severtest.World) *outside {
	t.Helper()
	const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	o := &outside{ids: map[string]bool{}}
	check, err := standardwebhooks.NewWebhook(key)
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m notice.Message
		if err != nil || check.Verify(body, r.Header) != nil || json.Unmarshal(body, &m) != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		if id := r.Header.Get("webhook-id"); !o.ids[id] {
			o.ids[id], o.told = true, append(o.told, m)
		}
	}))
	t.Cleanup(server.Close)
	w.Stop()
	w.Parts.Notices, err = courier.FromVars(config.Vars{"SEVER_NOTICE_WEBHOOKS": "outside", "SEVER_NOTICE_OUTSIDE_URL": server.URL, "SEVER_NOTICE_OUTSIDE_SECRET": key})
	require.NoError(t, err)
	w.Parts.Carry = courier.Pace{Look: 10 * time.Millisecond, Lease: time.Minute, First: 10 * time.Millisecond, Most: time.Second, Sweep: time.Minute}
	w.Parts.Store, err = store.Open(w.Ctx, w.Database, store.Options{Subscribers: w.Parts.Notices.Subscribers()})
	require.NoError(t, err)
	t.Cleanup(w.Parts.Store.Close)
	w.StartWorker()
	t.Cleanup(w.Stop)
	return o
}

// A case that a guard stops, and a person lets go on, is told from the guard to its end.
func TestPeopleOutsideAreTold(t *testing.T) {
	t.Parallel()
	w, _ := twoOfHers(t)
	o := tells(t, w)
	got, p := quarantined(t, w)
	wait := func(want ...notice.Kind) {
		require.Eventually(t, func() bool { return len(o.messages()) >= len(want) }, 30*time.Second, 10*time.Millisecond)
		require.ElementsMatch(t, want, o.kinds())
	}
	wait(notice.GuardTripped, notice.ApprovalNeeded)
	for _, m := range o.messages() {
		require.Equal(t, []any{got.Case, ada, access.HR, p.Hash}, []any{m.Data.Case, m.Data.Principal, m.Data.Reason, m.Data.Plan})
		require.Contains(t, m.Data.Next, "sever approve "+got.Case+" --plan "+p.Hash[:12])
	}
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Why: "she had two accounts", Hash: p.Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	wait(notice.GuardTripped, notice.ApprovalNeeded, notice.CaseContained, notice.CaseClosed)
	closed := o.messages()[slices.Index(o.kinds(), notice.CaseClosed)]
	require.Equal(t, "clean", closed.Data.Outcome)
}

// What only a person can do is told once for every task, however often the case is
// weighed; a dry run is told to nobody.
func TestATaskIsToldOutside(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers(memory.Owns("archive", "table old")))
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	o := tells(t, w)
	w.Owns(ada, system.Ref("ada"))
	w.Preview(ada)
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "owns something", severtest.InPhase(workflows.PhasePeople))
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	w.Reaches(ada, "still does", func(p workflows.Progress) bool { return len(p.Plans) > 1 && p.Phase == workflows.PhasePeople })
	accounts, err := w.Parts.Store.AccountsOf(w.Ctx, got.Case, nil)
	require.NoError(t, err)
	require.NoError(t, w.Say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Why: "it stays", Account: accounts[0].ID}))
	require.Equal(t, access.CaseExceptions, w.Ends(ada).Status)
	require.Eventually(t, func() bool { return slices.Contains(o.kinds(), notice.CaseClosed) }, 30*time.Second, 10*time.Millisecond)
	require.ElementsMatch(t, []notice.Kind{notice.CaseContained, notice.TaskOpened, notice.CaseClosed}, o.kinds())
	task := o.messages()[slices.Index(o.kinds(), notice.TaskOpened)].Data
	require.Equal(t, []any{got.Case, conn.Name, "dba@example.com"}, []any{task.Case, task.Connection, task.AskedOf})
	require.Contains(t, task.Words, "nobody is named to receive them")
}
