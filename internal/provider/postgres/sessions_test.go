package postgres_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
)

func alive(conn *pgx.Conn) bool {
	_, err := conn.Exec(context.Background(), "select 1")
	return err == nil
}

func TestSessionUnderAnotherRoleDies(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.sql("postgres", "create role {reporting}", "grant {reporting} to {ada}")
		session := w.mustLogin("postgres", ada.Name)
		_, err := session.Exec(w.Context(), w.fill("set role {reporting}"))
		require.NoError(w, err)
		require.Equal(w, 1, w.look(ada).Sessions)

		_, err = w.pg.Contain(w.Context(), ada, access.Lock)
		require.NoError(w, err)
		w.endSessions(ada)

		require.False(w, alive(session))
		require.Zero(w, w.look(ada).Sessions)
	})
}

func TestNologinAloneIsNotContainment(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		session := w.mustLogin("postgres", ada.Name)
		_, err := w.pg.Contain(w.Context(), ada, access.Lock)
		require.NoError(w, err)

		_, err = w.login("postgres", ada.Name, password)
		require.ErrorContains(w, err, "not permitted to log in")
		require.True(w, alive(session), "a session survives NOLOGIN")
		seen := w.look(ada)
		require.True(w, seen.Account.Contained)
		require.Equal(w, 1, seen.Sessions)

		w.endSessions(ada)
		require.False(w, alive(session))
		require.Zero(w, w.look(ada).Sessions)
	})
}

// Six clients that reconnect in a loop, twenty times: nobody is left.
func TestReconnectRace(t *testing.T) {
	each(t, func(w *world) {
		for run := range 20 {
			ada := w.person("ada" + string(rune('a'+run)))
			c := &clients{url: w.urlAs("postgres", ada.Name, password)}
			var all sync.WaitGroup
			for range 6 {
				all.Go(c.reconnect)
			}
			w.eventually("the clients are in", func() bool { return c.in.Load() >= 12 })

			_, err := w.pg.Contain(w.Context(), ada, access.Lock)
			require.NoError(w, err)
			w.endSessions(ada)

			c.over.Store(true)
			w.eventually("they try again", func() bool { return c.late.Load() >= 12 })
			require.Zero(w, w.look(ada).Sessions, "run %d", run)
			c.stop.Store(true)
			all.Wait()
			require.Zero(w, c.back.Load(), "run %d: somebody came back", run)
			require.Zero(w, w.look(ada).Sessions, "run %d", run)
		}
	})
}

// clients log in again and again.
type clients struct {
	url        string
	in         atomic.Int64 // logins
	over, stop atomic.Bool
	late, back atomic.Int64 // attempts after over, and those that succeeded
}

func (c *clients) reconnect() {
	for !c.stop.Load() {
		late := c.over.Load()
		conn, err := pgx.Connect(context.Background(), c.url)
		if late {
			c.late.Add(1)
		}
		if err != nil {
			continue
		}
		c.in.Add(1)
		if late {
			c.back.Add(1)
		}
		for range 3 {
			if _, err := conn.Exec(context.Background(), "select 1"); err != nil {
				break
			}
		}
		_ = conn.Close(context.Background())
	}
}

// A client may ask the server to dawdle after its login. Until it is done the session
// is in no view of sessions, and NOLOGIN comes too late for it.
func TestSessionThatHidesAtItsStart(t *testing.T) {
	each(t, func(w *world) {
		ada, bob := w.person("ada"), w.person("bob")
		dawdle := func(name, seconds string) chan error {
			cfg, err := pgx.ParseConfig(w.urlAs("postgres", name, password))
			require.NoError(w, err)
			cfg.RuntimeParams["post_auth_delay"] = seconds
			done := make(chan error, 1)
			before := w.hidden()
			go func() {
				conn, err := pgx.ConnectConfig(context.Background(), cfg)
				if err == nil {
					_, err = conn.Exec(context.Background(), "select 1")
					_ = conn.Close(context.Background())
				}
				done <- err
			}()
			w.eventually("the session hides", func() bool {
				return slices.ContainsFunc(w.hidden(), func(pid string) bool { return !slices.Contains(before, pid) })
			})
			return done
		}
		hers, his := dawdle(ada.Name, "600"), dawdle(bob.Name, "3")
		_, err := w.pg.Contain(w.Context(), ada, access.Lock)
		require.NoError(w, err)
		require.Zero(w, w.look(ada).Sessions, "it is hidden")

		alive, err := w.pg.EndSessions(w.Context(), ada)
		require.NoError(w, err)
		require.Equal(w, 1, alive)
		w.endSessions(ada)
		require.ErrorContains(w, <-hers, "terminating connection")
		require.NoError(w, <-his, "a stranger's session is not touched")
	})
}

// hidden are the sessions that have begun and are in no view, here of ourselves.
func (w *world) hidden() []string {
	return w.query("postgres", `select distinct pid::text from pg_locks l where locktype = 'virtualxid' and pid <> pg_backend_pid()
		and exists (select from pg_locks d where d.pid = l.pid and d.locktype = 'object' and d.classid = 'pg_database'::regclass)
		and not exists (select from pg_stat_activity a where a.pid = l.pid and a.usesysid is not null)`)
}

// DROP ROLE does not end sessions, so they are looked for by oid afterwards too.
func TestSessionOutlivesItsRole(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		session := w.mustLogin("postgres", ada.Name)
		sessionsOfNobody(w.server).Lock()
		defer sessionsOfNobody(w.server).Unlock()
		w.sql("postgres", "drop role {ada}")

		seen := w.look(ada)
		require.False(w, seen.Exists)
		require.Equal(w, 1, seen.Sessions)
		require.False(w, seen.Gone())

		w.endSessions(ada)
		require.False(w, alive(session))
		require.True(w, w.look(ada).Gone())
	})
}

func TestSessionThatWeMayNotEnd(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.sql("postgres", "create role {helper} login createrole password 'x'")
		helper := w.open(config.Vars{"SEVER_CONN_PG_URL": w.urlAs("postgres", w.name("helper"), "x")})
		session := w.mustLogin("postgres", ada.Name)

		w.eventually("only this session is left", func() bool { // the server is still ending others of hers
			alive, err := helper.EndSessions(w.Context(), ada)
			require.Contains(w, w.rejected(err), "GRANT pg_signal_backend TO")
			return alive == 1
		})

		w.sql("postgres", "grant pg_signal_backend to {helper}")
		w.eventually("the session ends", func() bool {
			alive, err := helper.EndSessions(w.Context(), ada)
			require.NoError(w, err)
			return alive == 0
		})
		require.Error(w, session.Ping(w.Context()))
	})
}
