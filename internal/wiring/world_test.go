package wiring_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

func TestMain(m *testing.M) { devtest.Main(m) }

// world is a whole Sever of its own: records in a fresh database, a worker with
// queues that nobody else uses, and systems to act upon.
type world struct {
	t        *testing.T
	ctx      context.Context
	queue    string
	parts    wiring.Parts
	key      ed25519.PublicKey
	policy   plan.Policy
	secrets  string // the folder of new credentials
	stop     func() // of the worker
	database config.Secret
}

var quick = activities.Pace{LaneWait: 5 * time.Second, LookEvery: time.Millisecond, Looks: 20}

// newWorld starts one with the given connections.
func newWorld(t *testing.T, conns ...catalog.Connection) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	address, namespace := devtest.Temporal(t)
	temporal, err := wiring.Dial(ctx, config.Vars{"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace}, silent)
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	pub, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	policy, err := plan.For(access.HR)
	require.NoError(t, err)
	policy.SecondLook, policy.RetryEvery, policy.Patience = 300*time.Millisecond, 500*time.Millisecond, 10*time.Second
	w := &world{t: t, ctx: ctx, queue: "test-" + unique(), key: pub, policy: policy, secrets: filepath.Join(t.TempDir(), "secrets")}
	w.database = records(ctx, t)
	w.parts = wiring.Parts{
		Temporal: temporal, Queue: w.queue, Store: w.openStore(), Connections: catalog.Of(conns...),
		Notary: activities.Notary{Key: key, File: filepath.Join(t.TempDir(), "checkpoints")},
		Sink:   activities.DirSink(w.secrets), Pace: quick,
	}
	w.startWorker()
	t.Cleanup(func() { w.stop() })
	return w
}

// The log of a world goes nowhere unless SEVER_TEST_LOG is set.
var logTo = func() io.Writer {
	if os.Getenv("SEVER_TEST_LOG") != "" {
		return os.Stderr
	}
	return io.Discard
}()

var silent = slog.New(slog.NewTextHandler(logTo, &slog.HandlerOptions{Level: slog.LevelWarn}))

func unique() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// records makes a fresh database with its two roles and the schema.
func records(ctx context.Context, t *testing.T) config.Secret {
	t.Helper()
	pg := devtest.Postgres(t)
	name, password := "records_"+unique(), unique()
	roles := store.Roles{Database: name, Owner: name + "_owner", OwnerPassword: config.NewSecret(password), App: name + "_app", AppPassword: config.NewSecret(password)}
	require.NoError(t, store.CreateRoles(ctx, config.NewSecret(pg.URL("postgres")), roles))
	as := func(role string) config.Secret {
		return config.NewSecret(fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", role, password, pg.Addr, name))
	}
	require.NoError(t, store.Migrate(ctx, as(roles.Owner), as(roles.App)))
	return as(roles.App)
}

func (w *world) openStore() *store.Store {
	s, err := store.Open(w.ctx, w.database, store.Options{})
	require.NoError(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

func (w *world) startWorker() {
	stop, err := wiring.Start(w.ctx, w.parts)
	require.NoError(w.t, err)
	w.stop = stop
}

// inMemory is a connection to a system in memory. Its name is unique, for the
// queue of a connection is named after it.
func inMemory(t *testing.T, planted ...memory.Account) (catalog.Connection, *memory.System) {
	t.Helper()
	name := "mem-" + unique()
	s := memory.New(name).Add(planted...)
	return catalog.Connection{Name: name, Spec: memory.Spec, Provider: s, Owner: "dba@example.com"}, s
}

// owns says that accounts belong to a principal.
func (w *world) owns(who access.PrincipalID, refs ...access.Ref) {
	w.t.Helper()
	var ids []access.Identity
	for _, r := range refs {
		ids = append(ids, access.Identity{Principal: who, Connection: r.Connection, Account: r.Name, Host: r.Host, Evidence: access.Imported, Source: "test"})
	}
	require.NoError(w.t, w.parts.Store.Do(w.ctx, func(tx *store.Tx) error {
		_, err := tx.ImportIdentities(w.ctx, ids, "test")
		return err
	}))
}

// submit asks for an offboarding the way that every trigger does.
func (w *world) submit(who access.PrincipalID, key string, change ...func(*workflows.Submit)) workflows.Submitted {
	w.t.Helper()
	s := workflows.Submit{Case: "case-" + unique(), Principal: who, Policy: w.policy, Requester: "hr@example.com"}
	for _, c := range change {
		c(&s)
	}
	start := w.parts.Temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: w.id(who), TaskQueue: w.queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, "OffboardPrincipal", workflows.State{})
	h, err := w.parts.Temporal.UpdateWithStartWorkflow(w.ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: key, UpdateName: workflows.UpdateSubmit, Args: []any{s},
			WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	require.NoError(w.t, err)
	var out workflows.Submitted
	require.NoError(w.t, h.Get(w.ctx, &out))
	return out
}

// id keeps the worlds of parallel tests apart: they share a namespace.
func (w *world) id(who access.PrincipalID) string { return workflows.WorkflowID(who) + "/" + w.queue }

func (w *world) say(who access.PrincipalID, update string, d workflows.Decision) error {
	h, err := w.parts.Temporal.UpdateWorkflow(w.ctx, client.UpdateWorkflowOptions{WorkflowID: w.id(who), UpdateName: update,
		Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted})
	if err != nil {
		return err
	}
	return h.Get(w.ctx, nil)
}

// ends waits for the case to close.
func (w *world) ends(who access.PrincipalID) workflows.Result {
	w.t.Helper()
	var r workflows.Result
	require.NoError(w.t, w.parts.Temporal.GetWorkflow(w.ctx, w.id(who), "").Get(w.ctx, &r))
	w.record(who)
	return r
}

// reaches waits until the case stands as wanted.
func (w *world) reaches(who access.PrincipalID, what string, want func(workflows.Progress) bool) workflows.Progress {
	w.t.Helper()
	var p workflows.Progress
	require.Eventually(w.t, func() bool {
		v, err := w.parts.Temporal.QueryWorkflow(w.ctx, w.id(who), "", workflows.QueryProgress)
		return err == nil && v.Get(&p) == nil && want(p)
	}, 60*time.Second, 10*time.Millisecond, "%s: %+v", what, &p)
	return p
}

func inPhase(phase workflows.Phase) func(workflows.Progress) bool {
	return func(p workflows.Progress) bool { return p.Phase == phase }
}

// outcomes are how the accounts of a case ended, by name.
func (w *world) outcomes(caseID string) map[string]access.Outcome {
	w.t.Helper()
	accounts, err := w.parts.Store.AccountsOf(w.ctx, caseID, nil)
	require.NoError(w.t, err)
	out := map[string]access.Outcome{}
	for _, a := range accounts {
		out[a.Name] = a.Outcome
	}
	return out
}

// tale is the audit trail in short words, and proof that its chain is whole.
func (w *world) tale(caseID string) []string {
	w.t.Helper()
	require.Empty(w.t, audit.VerifyChain(caseID, w.parts.Store.Events(w.ctx, caseID, 1), nil))
	var out []string
	for row, err := range w.parts.Store.Events(w.ctx, caseID, 1) {
		require.NoError(w.t, err)
		line := []string{row.Kind}
		if a, ok := row.Data["action"]; ok {
			line = append(line, fmt.Sprint(a))
		}
		if row.Outcome != "" {
			line = append(line, row.Outcome)
		}
		out = append(out, strings.Join(line, " "))
	}
	return out
}

// paired checks that every intent has exactly one end, and comes before it.
func (w *world) paired(caseID string) {
	w.t.Helper()
	open := map[string]int64{}
	for row, err := range w.parts.Store.Events(w.ctx, caseID, 1) {
		require.NoError(w.t, err)
		at := strings.LastIndex(row.Key, "/")
		if at < 0 {
			continue
		}
		switch step := row.Key[:at]; row.Kind {
		case audit.StepIntent, audit.RestoreIntent:
			require.NotContains(w.t, open, step, "two intents of one attempt")
			open[step] = row.Seq
		case audit.StepResult, audit.StepInterrupted, audit.RestoreResult:
			require.Contains(w.t, open, step, "a result without an intent: %s", row.Key)
			delete(open, step)
		}
	}
	require.Empty(w.t, open, "intents without a result")
}
