package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/postgres"
)

func TestMain(m *testing.M) { devtest.Main(m) }

// world is one test's part of a server: its own roles and databases, and a provider.
type world struct {
	*testing.T
	server devtest.Named
	suffix string
	pg     *postgres.Server
}

// nobodys keeps tests apart on a server: while a session lives on of a role that was
// dropped, of no account can be said that nothing of it is left.
var nobodys sync.Map

func sessionsOfNobody(s devtest.Named) *sync.RWMutex {
	m, _ := nobodys.LoadOrStore(s.Name, new(sync.RWMutex))
	return m.(*sync.RWMutex)
}

// each runs a test on every server version of this machine.
func each(t *testing.T, test func(w *world)) {
	t.Parallel()
	for _, s := range devtest.Servers(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := &world{T: t, server: s, suffix: fmt.Sprintf("_%08x", rand.Uint32())}
			w.pg = w.open(nil)
			test(w)
		})
	}
}

// open makes a provider; vars overrides its settings.
func (w *world) open(vars config.Vars) *postgres.Server {
	w.Helper()
	p, err := postgres.Spec.Open(provider.Settings{
		Connection: "pg", Prefix: "SEVER_CONN_PG_",
		Vars: config.Vars{"SEVER_CONN_PG_URL": w.server.URL("postgres")}.With(vars),
	})
	require.NoError(w, err)
	w.Cleanup(p.Close)
	return p.(*postgres.Server)
}

// name makes a name that no other test has.
func (w *world) name(base string) string { return base + w.suffix }

// fill writes the names of the test into SQL: {ada} becomes ada_1f2e3d4c.
func (w *world) fill(sql string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(sql, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		b.WriteString(w.name(name))
		sql = after
	}
}

// connect opens a session as the server's superuser.
func (w *world) connect(database string) *pgx.Conn {
	w.Helper()
	return w.dial(w.server.URL(w.fill(database)))
}

func (w *world) dial(url string) *pgx.Conn {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), url)
	require.NoError(w, err)
	w.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// sql runs statements as the superuser, in one session.
func (w *world) sql(database string, statements ...string) {
	w.Helper()
	conn := w.connect(database)
	defer conn.Close(context.Background())
	for _, s := range statements {
		_, err := conn.Exec(w.Context(), w.fill(s))
		require.NoError(w, err, s)
	}
}

// database makes a database of this test.
func (w *world) database(base string) string {
	w.Helper()
	w.sql("postgres", "create database {"+base+"}")
	return w.name(base)
}

// query is the first column of a query, as text.
func (w *world) query(database, sql string) []string {
	w.Helper()
	conn := w.connect(database)
	defer conn.Close(context.Background())
	rows, err := conn.Query(w.Context(), w.fill(sql))
	require.NoError(w, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w, err)
	return out
}

const password = "correct-horse"

// person makes a role that can log in, and returns the reference to it.
func (w *world) person(base string) access.Ref {
	w.Helper()
	w.sql("postgres", fmt.Sprintf("create role {%s} login password '%s'", base, password))
	return w.ref(w.name(base))
}

// ref is the reference to a role as Accounts gives it.
func (w *world) ref(name string) access.Ref {
	w.Helper()
	for a, err := range w.pg.Accounts(w.Context()) {
		require.NoError(w, err)
		if a.Name == name {
			return a.Ref
		}
	}
	require.Fail(w, "no such account: "+name)
	return access.Ref{}
}

// login opens a session as a person.
func (w *world) login(database, name, pass string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(w.server.URL(w.fill(database)))
	require.NoError(w, err)
	cfg.User, cfg.Password = name, pass
	conn, err := pgx.ConnectConfig(w.Context(), cfg)
	if err == nil {
		w.Cleanup(func() { _ = conn.Close(context.Background()) })
	}
	return conn, err
}

func (w *world) mustLogin(database, name string) *pgx.Conn {
	w.Helper()
	conn, err := w.login(database, name, password)
	require.NoError(w, err)
	return conn
}

func (w *world) look(ref access.Ref) access.Sighting {
	w.Helper()
	seen, err := w.pg.Look(w.Context(), ref)
	require.NoError(w, err)
	return seen
}

// endSessions does what the ladder does: again and again until none twice in a row.
func (w *world) endSessions(ref access.Ref) {
	w.Helper()
	zeros := 0
	w.eventually("sessions of "+ref.Name+" end", func() bool {
		alive, err := w.pg.EndSessions(w.Context(), ref)
		require.NoError(w, err)
		if alive > 0 {
			zeros = 0
			return false
		}
		zeros++
		return zeros == 2
	})
}

func (w *world) eventually(what string, holds func() bool) {
	w.Helper()
	for ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second); ; {
		if holds() {
			cancel()
			return
		}
		select {
		case <-ctx.Done():
			cancel()
			require.Fail(w, "never happened: "+what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// plan is the ladder for an account, as the planner would make it.
func plan(a access.Account, mode access.Mode, successor string) []access.Step {
	steps := []access.Step{{Action: access.Contain, Account: a.Ref, Mode: mode}}
	var links []access.Step
	byDatabase := map[string]access.Action{}
	for _, g := range a.Grants {
		switch g.EndedBy {
		case access.Unlink:
			links = append(links, access.Step{Action: access.Unlink, Account: a.Ref, Object: g.Object})
		case access.Reassign:
			byDatabase[g.Database] = access.Reassign
		case access.Revoke:
			if byDatabase[g.Database] == "" {
				byDatabase[g.Database] = access.Revoke
			}
		}
	}
	slices.SortFunc(links, func(a, b access.Step) int { return strings.Compare(a.Object, b.Object) })
	steps = append(steps, links...)
	for db, action := range byDatabase {
		s := access.Step{Action: action, Account: a.Ref, Database: db}
		if action == access.Reassign {
			s.Successor = successor
		}
		steps = append(steps, s)
	}
	return append(steps, access.Step{Action: access.Delete, Account: a.Ref})
}

// do carries out one step.
func do(ctx context.Context, pg *postgres.Server, s access.Step) (access.Receipt, error) {
	switch s.Action {
	case access.Contain:
		return pg.Contain(ctx, s.Account, s.Mode)
	case access.Unlink:
		return pg.Unlink(ctx, s)
	case access.Revoke:
		return pg.Revoke(ctx, s)
	case access.Reassign:
		return pg.Reassign(ctx, s)
	case access.Delete:
		return pg.Delete(ctx, s)
	}
	return access.Receipt{}, errors.New("not a step: " + string(s.Action))
}

func (w *world) do(s access.Step) access.Receipt {
	w.Helper()
	r, err := do(w.Context(), w.pg, s)
	require.NoError(w, err, "%s %s %s", s.Action, s.Database, s.Object)
	return r
}

// offboard climbs the whole ladder and proves the end of it. Every step runs twice:
// the second time there is nothing left to do.
func (w *world) offboard(ref access.Ref, successor string) []access.Step {
	w.Helper()
	seen := w.look(ref)
	require.Empty(w, seen.Gaps)
	steps := plan(seen.Account, access.Lock, successor)
	for _, s := range steps {
		w.do(s)
		require.True(w, w.do(s).Already, "%s %s %s runs twice", s.Action, s.Database, s.Object)
		if s.Action == access.Contain {
			w.endSessions(ref)
		}
	}
	gone := w.look(ref)
	require.True(w, gone.Gone(), "%+v", gone)
	return steps
}

// refused asserts that a step was refused, and returns all that it says.
func (w *world) refused(s access.Step) string {
	w.Helper()
	_, err := do(w.Context(), w.pg, s)
	return w.rejected(err)
}

func (w *world) rejected(err error) string {
	w.Helper()
	require.Error(w, err)
	require.Equal(w, provider.Rejected, provider.KindOf(err), "%v", err)
	return err.Error()
}

// grants are an account's grants on one line each.
func lines(grants []access.Grant) []string {
	out := make([]string, len(grants))
	for i, g := range grants {
		out[i] = fmt.Sprintf("%s | %s | %s | %s | %s", g.Database, g.Kind, g.Object, g.Privilege, g.EndedBy)
	}
	return out
}

// urlAs is the server's URL for another login.
func (w *world) urlAs(database, user, pass string) string {
	u, err := url.Parse(w.server.URL(w.fill(database)))
	require.NoError(w, err)
	u.User = url.UserPassword(user, pass)
	return u.String()
}

// connectTo opens a session to a database by its literal name.
func (w *world) connectTo(database string) *pgx.Conn {
	w.Helper()
	cfg, err := pgx.ParseConfig(w.server.URL("postgres"))
	require.NoError(w, err)
	cfg.Database = database
	conn, err := pgx.ConnectConfig(w.Context(), cfg)
	require.NoError(w, err)
	w.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
