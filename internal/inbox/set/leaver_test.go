package set_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/postgres"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// TestASignedEventContainsAPerson: an identity provider says that a session was revoked,
// and moments later the person's role at a real server can do nothing. The same token
// again starts nothing; that her address belongs to somebody else now stops the removal.
func TestASignedEventContainsAPerson(t *testing.T) {
	t.Parallel()
	target := devtest.Postgres(t)
	u := severtest.Unique()
	role := "ada_" + u
	name := "pg-" + u
	p, err := postgres.Spec.Open(provider.Settings{Connection: name, Vars: config.Vars{catalog.Prefix(name) + "URL": target.URL("postgres")}, Prefix: catalog.Prefix(name)})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	admin, err := pgx.Connect(t.Context(), target.URL("postgres"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	_, err = admin.Exec(t.Context(), "create role "+role+" login password 'hers'")
	require.NoError(t, err)
	// canLogIn is nil when there is no such role.
	canLogIn := func() (can *bool) {
		rows, err := admin.Query(t.Context(), "select rolcanlogin from pg_roles where rolname = $1", role)
		require.NoError(t, err)
		all, err := pgx.CollectRows(rows, pgx.RowTo[bool])
		require.NoError(t, err)
		if len(all) == 0 {
			return nil
		}
		return &all[0]
	}
	require.True(t, *canLogIn())

	w := severtest.New(t, catalog.Connection{Name: name, Spec: postgres.Spec, Provider: p, Owner: "dba"})
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		return tx.UpsertPrincipals(w.Ctx, []access.Principal{{ID: "E1", Login: "ada", Email: "ada@example.com"}})
	}))
	w.Owns("E1", access.Ref{Connection: name, Name: role})
	ctx, cancel := context.WithCancel(w.Ctx)
	d := inbox.Dispatcher{Desk: w.Desk(), Log: slog.New(slog.DiscardHandler), Pace: inbox.Pace{Every: 5 * time.Millisecond}}
	ended := make(chan struct{})
	go func() { defer close(ended); d.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })

	i := newIDP(t, w.Parts.Store, config.Vars{"SEVER_EVENT_OKTA_HOLD": "forensics first"})
	begun := time.Now()
	for range 2 {
		status, said := i.push("okta", i.sign(i.claims(with("iat", begun.Unix()))))
		require.Equal(t, 202, status, said)
	}
	require.Eventually(t, func() bool { can := canLogIn(); return can != nil && !*can }, time.Minute, 5*time.Millisecond)
	t.Logf("contained %s after the token was sent", time.Since(begun).Round(time.Millisecond))
	w.Reaches("E1", "held", severtest.InPhase(workflows.PhaseHeld))

	recycled := i.claims(with("jti", "jti_2"), with("events", map[string]any{
		"https://schemas.openid.net/secevent/risc/event-type/identifier-recycled": map[string]any{}}))
	status, said := i.push("okta", i.sign(recycled))
	require.Equal(t, 202, status, said)
	done := func(id int64) store.Delivery {
		var one store.Delivery
		require.Eventually(t, func() bool {
			one, err = w.Parts.Store.Delivery(w.Ctx, id)
			return err == nil && one.State == store.DeliveryDone
		}, time.Minute, 10*time.Millisecond, "%+v", &one)
		return one
	}
	first, second := done(1), done(3) // the one between is the repetition, whose number was not used
	require.Equal(t, first.CaseID, second.CaseID)
	require.Equal(t, "case "+second.CaseID+" was held already", second.Words)
	require.NoError(t, w.Say("E1", workflows.UpdateResume, workflows.Decision{By: "dba", Why: "it is she"}))
	require.Equal(t, access.CaseClean, w.Ends("E1").Status)
	require.Nil(t, canLogIn(), "the role is gone")

	cases, err := w.Parts.Store.ListCases(w.Ctx, store.CaseFilter{})
	require.NoError(t, err)
	require.Len(t, cases, 1)
	require.Equal(t, []any{"set:okta", access.Incident}, []any{cases[0].Requester, cases[0].Reason})
	require.Empty(t, audit.VerifyChain(audit.House, w.Parts.Store.Events(w.Ctx, audit.House, 1), nil))
}
