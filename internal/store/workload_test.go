package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/sweep"
)

// statement is one that the store sent, with the arguments of its first time.
type statement struct {
	sql  string
	args []any
}

// recorder keeps every different statement that a pool sends.
type recorder struct {
	mu   sync.Mutex
	sent map[string]statement
}

func (r *recorder) keep(sql string, args []any) {
	verb, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	if !slices.Contains([]string{"select", "insert", "update", "delete", "with"}, strings.ToLower(verb)) {
		return // the beginning and the end of transactions
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.sent[sql]; !known {
		r.sent[sql] = statement{sql, args}
	}
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	r.keep(q.SQL, q.Args)
	return ctx
}

func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, b pgx.TraceBatchStartData) context.Context {
	for _, q := range b.Batch.QueuedQueries {
		r.keep(q.SQL, q.Arguments)
	}
	return ctx
}

// TraceCopyFromStart writes a copy as the server judges it: who copies columns in writes
// them, and the driver asks for their types by a select.
func (r *recorder) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, c pgx.TraceCopyFromStartData) context.Context {
	columns := strings.Join(c.ColumnNames, ", ")
	r.keep("insert into "+c.TableName.Sanitize()+" ("+columns+") select "+columns+" from "+c.TableName.Sanitize(), nil)
	return ctx
}

func (*recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData)       {}
func (*recorder) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData)   {}
func (*recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)       {}
func (*recorder) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}

// statements are all that the store sends during its normal work, as the application's
// role. A table or a column that is new to rights is worked with here, too.
func statements(t *testing.T, w *world) []statement {
	t.Helper()
	r := &recorder{sent: map[string]statement{}}
	s := w.open(t, Options{Subscribers: []notice.Subscriber{{Name: "ops"}}})
	s.pool.Close()
	config := s.pool.Config()
	config.ConnConfig.Tracer = r
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	s.pool, s.queries = pool, queries{pool}
	require.NoError(t, s.check(t.Context(), false))

	people(t, s)
	callers(t, s)
	c := newCase(t, s, "c1", "E1")
	accounts := found(t, s, c.ID, account("pg-main", "ada", "1"))
	planned(t, s, c.ID, PlanWaiting, accounts)
	doubts(t, s, c)
	deliveries(t, s)
	climbs(t, s, accounts[0])
	ends(t, s, c)
	sweeps(t, s)
	strikes(t, s)
	tells(t, s)
	return slices.Collect(maps.Values(r.sent))
}

// people imports who there is, what belongs to them and what they could know.
func people(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	s.do(t, func(tx *Tx) error {
		_, err := tx.AcceptRoster(ctx, Roster{Source: "people.csv", SHA256: "1", By: "hr"}, []Entry{{Principal: access.Principal{ID: "E2", Login: "bob"}}})
		require.NoError(t, err)
		_, err = tx.Provision(ctx, Person{Principal: access.Principal{ID: "E3", Login: "cy"}}, true, []string{"Team"})
		require.NoError(t, err)
		_, err = tx.AddSCIMUser(ctx, SCIMUser{ID: "u1", Principal: "E3", UserName: "cy", Document: []byte(`{}`)})
		require.NoError(t, err)
		u, err := tx.LockSCIMUser(ctx, "u1")
		require.NoError(t, err)
		_, err = tx.ChangeSCIMUser(ctx, u)
		require.NoError(t, err)
		_, err = tx.DeleteSCIMUser(ctx, "u1")
		require.NoError(t, err)
		_, err = tx.ImportIdentities(ctx, []access.Identity{{Principal: "E1", Connection: "pg-main", Account: "ada", Evidence: access.Imported}}, "dba")
		require.NoError(t, err)
		_, err = tx.ImportSecrets(ctx, []SharedSecret{{Principal: "E1", Name: "wifi", Owner: "it"}}, "dba")
		require.NoError(t, err)
		_, err = tx.Remember(ctx, "key", "c1", "E1")
		return err
	})
	_, err := s.LastRoster(ctx)
	require.NoError(t, err)
}

// callers use the HTTP interface.
func callers(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	text := config.NewSecret("sever_x")
	r := HTTPRequest{Actor: "ci", Key: "k1", Status: 200, Answer: []byte("{}")}
	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.AddToken(ctx, Token{ID: "T1", Name: "ci", Roles: []string{"auditor"}, CreatedBy: "ops", ExpiresAt: time.Now().Add(time.Hour)}, text))
		require.NoError(t, tx.UsedToken(ctx, "T1"))
		require.NoError(t, tx.RevokeToken(ctx, "T1", "ops"))
		_, err := tx.BeginRequest(ctx, r)
		require.NoError(t, err)
		require.NoError(t, tx.EndRequest(ctx, r))
		require.NoError(t, tx.ForgetRequest(ctx, r))
		_, err = tx.ForgetRequests(ctx, time.Hour)
		return err
	})
	_, err := s.Tokens(ctx)
	require.NoError(t, err)
	_, err = s.TokenOf(ctx, text)
	require.NoError(t, err)
}

// doubts asks about a link, and answers.
func doubts(t *testing.T, s *Store, c Case) {
	t.Helper()
	ctx := t.Context()
	ada := access.Ref{Connection: "pg-main", Resource: "srv", Name: "ada", ForeignID: "1"}
	s.do(t, func(tx *Tx) error {
		return tx.Ask(ctx, c.ID, "E1", "pg-main", []Question{{Ref: ada, Kind: "again", Words: "made again"}})
	})
	asked, err := s.Questions(ctx, QuestionFilter{Principal: "E1"})
	require.NoError(t, err)
	require.Len(t, asked, 1)
	s.do(t, func(tx *Tx) error {
		_, err := tx.Confirm(ctx, asked[0], "dba", "it is hers")
		return err
	})
	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.Tie(ctx, "E1", []access.Ref{ada}, "sever"))
		return tx.Ask(ctx, c.ID, "E1", "pg-main", nil)
	})
}

// deliveries takes a message twice, tries it, and settles what it put in doubt.
func deliveries(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	for range 2 {
		s.do(t, func(tx *Tx) error {
			_, _, err := tx.AddDelivery(ctx, message("msg_1", "aa"))
			return err
		})
	}
	s.do(t, func(tx *Tx) error {
		d, err := tx.ClaimDelivery(ctx, time.Minute)
		require.NoError(t, err)
		d.State, d.Words = DeliveryRefused, "nobody is called that"
		_, err = tx.MoveDelivery(ctx, d, 0)
		require.NoError(t, err)
		_, err = tx.SetDelivery(ctx, d.ID, DeliveryDropped)
		require.NoError(t, err)
		require.NoError(t, tx.RaiseDoubt(ctx, Doubt{Principal: "E1", Words: "recycled", DeliveryID: d.ID, RaisedAt: noon}))
		_, err = tx.SettleDoubts(ctx, "E1", "dba", "she is the same")
		return err
	})
}

// climbs decides the plan and carries a step out, gives it back, and proves.
func climbs(t *testing.T, s *Store, a CaseAccount) {
	t.Helper()
	ctx := t.Context()
	s.do(t, func(tx *Tx) error { return tx.DecidePlan(ctx, a.CaseID, "hash of 1", PlanApproved, "ciso", "yes") })
	s.do(t, func(tx *Tx) error {
		step, err := tx.BeginStep(ctx, a.CaseID, 1, 1)
		require.NoError(t, err)
		step.State = StepDone
		require.NoError(t, tx.EndStep(ctx, step))
		_, err = tx.BeginUndo(ctx, step)
		require.NoError(t, err)
		require.NoError(t, tx.Returned(ctx, step, ReturnedAlready, "it is there", nil))
		require.NoError(t, tx.EndUndo(ctx, step, StepUndone, "given back", nil))
		_, err = tx.ReopenSteps(ctx, a.CaseID, []string{"pg-main"})
		return err
	})
	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.AddProof(ctx, Proof{CaseID: a.CaseID, AccountID: a.ID, Look: 1, Gone: true, At: noon}))
		require.NoError(t, tx.SetOutcome(ctx, a.ID, access.Removed, "gone"))
		return tx.SetForeignID(ctx, a.ID, "2")
	})
	_, err := s.CaseFile(ctx, a.CaseID)
	require.NoError(t, err)
}

// ends moves a case to its end and back, with a task, and signs the trail.
func ends(t *testing.T, s *Store, c Case) {
	t.Helper()
	ctx := t.Context()
	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.SetPhase(ctx, c.ID, "removing"))
		require.NoError(t, tx.SetPolicy(ctx, c.ID, access.Incident, nil))
		require.NoError(t, tx.AddSuccessors(ctx, c.ID, nil))
		require.NoError(t, tx.MarkContained(ctx, c.ID, noon))
		require.NoError(t, tx.MarkProven(ctx, c.ID, noon, noon))
		require.NoError(t, tx.OpenTask(ctx, Task{CaseID: c.ID, Key: "k", Subject: "ada", OpenedAt: noon, Due: noon}))
		_, err := tx.RemindOverdue(ctx, noon.AddDate(1, 0, 0))
		require.NoError(t, err)
		require.NoError(t, tx.CloseTask(ctx, c.ID, "k", "dba", "done"))
		require.NoError(t, tx.CloseCase(ctx, c.ID, access.CaseClean, noon))
		require.NoError(t, tx.ReopenCase(ctx, c.ID, "looking"))
		return tx.Append(ctx, event(audit.House, "k1"))
	})
	_, err := s.AddCheckpoint(ctx, testKey(1), noon)
	require.NoError(t, err)
}

// sweeps goes through a connection by a rule, and ends the rule.
func sweeps(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	at := swept(t, s, sweep.Rule{Kind: sweep.ACL, Most: 1})
	one := begun(t, s, at.ID, "run-1", "pg-main")
	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.PlanLooks(ctx, at.ID, one.No, "pg-main", 0, []SweepLook{{Ref: access.Ref{Name: "ada"}}}))
		require.NoError(t, tx.Find(ctx, at.ID, one.No, []sweep.Finding{ghost("a")}))
		require.NoError(t, tx.NoteSweepCase(ctx, at.ID, one.No, "c1", "E1"))
		require.NoError(t, tx.EndSweepLane(ctx, at.ID, one.No, SweepLane{Connection: "pg-main", State: LaneListed}))
		_, err := tx.EndSweepRun(ctx, SweepRun{Sweep: at.ID, No: one.No, Result: SweepComplete})
		return err
	})
	_, err := s.LooksOf(ctx, at.ID, one.No, "pg-main", 0, 1)
	require.NoError(t, err)
	_, err = s.Findings(ctx, FindingFilter{Sweep: at.ID, Run: one.No})
	require.NoError(t, err)
	_, err = s.SweepCases(ctx, at.ID)
	require.NoError(t, err)
	s.do(t, func(tx *Tx) error { return tx.DeleteSweep(ctx, at.ID, "dba") })
}

// strikes asks for many people at once, and goes on until nobody is left.
func strikes(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	s.do(t, func(tx *Tx) error {
		in := Incident{ID: "I-1", Key: "siem", Requester: "soc", OpenedAt: noon}
		for range 2 {
			_, _, err := tx.OpenIncident(ctx, in, []access.PrincipalID{"E1", "E2"})
			require.NoError(t, err)
		}
		require.NoError(t, tx.TakePerson(ctx, IncidentPerson{Incident: "I-1", Place: 1, CaseID: "c1", TakenAt: noon}))
		require.NoError(t, tx.MissPerson(ctx, IncidentPerson{Incident: "I-1", Place: 2, Words: "no"}))
		_, _, err := tx.EndIncident(ctx, "I-1", noon)
		require.NoError(t, err)
		_, err = tx.ResumeIncident(ctx, "I-1")
		return err
	})
	_, err := s.IncidentPeople(ctx, "I-1")
	require.NoError(t, err)
	_, err = s.Uncontained(ctx, "I-1", "")
	require.NoError(t, err)
	_, err = s.WaitingPeople(ctx, "I-1", 1, 2)
	require.NoError(t, err)
	_, err = s.ListIncidents(ctx, true)
	require.NoError(t, err)
	_, err = s.Incident(ctx, "I-1")
	require.NoError(t, err)
}

// tells carries a notice, in vain and not.
func tells(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	n, ok, err := s.ClaimNotice(ctx, "ops", 0)
	require.NoError(t, err)
	require.True(t, ok)
	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.PostponeNotice(ctx, n, "429", 0, true))
		_, err := tx.FailNotice(ctx, n, "404")
		require.NoError(t, err)
		_, err = tx.RetryNotices(ctx, "ops")
		require.NoError(t, err)
		return tx.DeliveredNotice(ctx, n, "200")
	})
}
