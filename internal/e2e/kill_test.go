package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/devtest"
)

// Everything is killed at once in the middle of a case, after 0, 2 and 5 steps,
// and started again. The case must end clean, no step may have run twice without a
// read in between, and every mutation must have its intent and its result.
func TestKilledInTheMiddleOfACase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	target := devtest.Postgres(t)
	admin, err := pgx.Connect(ctx, target.URL("postgres"))
	require.NoError(t, err)
	defer admin.Close(ctx)
	world := "kill_" + unique()
	plant := func(role string) {
		_, err := admin.Exec(ctx, fmt.Sprintf("create role %s login; create role %[1]s_team; grant %[1]s_team to %[1]s", role))
		require.NoError(t, err)
		for d := range 3 {
			conn, err := pgx.Connect(ctx, target.URL(fmt.Sprintf("%s_%d", world, d)))
			require.NoError(t, err)
			_, err = conn.Exec(ctx, fmt.Sprintf("create table %s_t (x int); alter table %[1]s_t owner to %[1]s", role))
			require.NoError(t, err)
			_ = conn.Close(ctx)
		}
	}
	for d := range 3 {
		_, err := admin.Exec(ctx, fmt.Sprintf("create database %s_%d", world, d))
		require.NoError(t, err)
	}
	_, err = admin.Exec(ctx, "create role "+world+"_heir")
	require.NoError(t, err)

	i := install(t, target.URL("postgres"))
	i.start()
	for _, steps := range []int{0, 2, 5} {
		who, role := fmt.Sprintf("E%d", 100+steps), fmt.Sprintf("%s_ada%d", world, steps)
		plant(role)
		code, said := i.sever("principal,connection,account\n"+who+",pg-main,"+role+"\n", "identities", "import", "-")
		require.Equal(t, 0, code, said)
		code, said = i.sever("", "offboard", who, "--reason", "hr", "--successor", "pg-main="+world+"_heir", "--wait=false", "--key", who)
		require.Contains(t, []int{0, 3}, code, said)
		id := i.awaitSteps(who, steps)
		i.kill()
		i.start()
		// The command that was interrupted may be given again: same key, same case.
		code, said = i.sever("", "offboard", who, "--reason", "hr", "--successor", "pg-main="+world+"_heir", "--wait=false", "--key", who)
		require.Contains(t, []int{0, 3}, code, said)
		i.awaitClean(id)
		i.checkTrail(id)
		var left int
		require.NoError(t, admin.QueryRow(ctx, "select count(*) from pg_roles where rolname = $1", role).Scan(&left))
		require.Zero(t, left)
	}
	code, said := i.sever("", "audit", "verify")
	require.Equal(t, 0, code, said)
}

// awaitSteps waits until so many steps of the case are done.
func (i *installation) awaitSteps(who string, n int) (id string) {
	i.t.Helper()
	ctx := context.Background()
	conn, err := i.records(ctx)
	require.NoError(i.t, err)
	defer conn.Close(ctx)
	require.Eventually(i.t, func() bool {
		var done int
		err := conn.QueryRow(ctx, `select c.id, count(s.*) filter (where s.state = 'done') from cases c left join steps s on s.case_id = c.id
			where c.principal = $1 group by c.id`, who).Scan(&id, &done)
		return err == nil && done >= n
	}, 30*time.Second, time.Millisecond)
	return id
}

func (i *installation) awaitClean(id string) {
	i.t.Helper()
	ctx := context.Background()
	conn, err := i.records(ctx)
	require.NoError(i.t, err)
	defer conn.Close(ctx)
	var status, phase string
	require.Eventually(i.t, func() bool {
		return conn.QueryRow(ctx, "select status, phase from cases where id = $1", id).Scan(&status, &phase) == nil && status == "clean"
	}, 2*time.Minute, 20*time.Millisecond, "case %s: %s", id, &phase)
}

// checkTrail asks the records with SQL of its own.
func (i *installation) checkTrail(id string) {
	i.t.Helper()
	ctx := context.Background()
	conn, err := i.records(ctx)
	require.NoError(i.t, err)
	defer conn.Close(ctx)
	for what, query := range map[string]string{
		"intents without exactly one end": `
			select count(*) from audit_events i where chain = $1 and kind = 'step.intent' and 1 <> (
			  select count(*) from audit_events r where r.chain = i.chain and r.kind in ('step.result', 'step.interrupted')
			  and regexp_replace(r.key, '/[^/]*$', '') = regexp_replace(i.key, '/[^/]*$', '') and r.seq > i.seq)`,
		"repeats without a read": `
			select count(*) from audit_events where chain = $1 and kind = 'step.intent' and attempt > 1 and not data ? 'seen_before_repeating'`,
		"ends without an intent": `
			select count(*) from audit_events r where chain = $1 and kind in ('step.result', 'step.interrupted') and not exists (
			  select from audit_events i where i.chain = r.chain and i.kind = 'step.intent'
			  and regexp_replace(r.key, '/[^/]*$', '') = regexp_replace(i.key, '/[^/]*$', '') and i.seq < r.seq)`,
	} {
		var n int
		require.NoError(i.t, conn.QueryRow(ctx, query, id).Scan(&n))
		require.Zero(i.t, n, what)
	}
}
