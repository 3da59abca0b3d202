package store

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/migrations"
)

func TestMigrateUpDownUp(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	conn := connect(t, w.owner)
	before := catalog(t, conn)

	c, err := parse(w.owner)
	require.NoError(t, err)
	m, err := migrator(c)
	require.NoError(t, err)
	require.NoError(t, m.Down())
	_, err = m.Close()
	require.NoError(t, err)
	require.Equal(t, []string{"schema_migrations"}, tables(t, conn))

	require.NoError(t, Migrate(t.Context(), w.owner, w.app))
	require.Equal(t, before, catalog(t, conn))
	w.open(t, Options{})
}

func TestMigrateOnEveryVersion(t *testing.T) {
	t.Parallel()
	for _, on := range devtest.Servers(t) {
		t.Run(on.Name, func(t *testing.T) {
			t.Parallel()
			w := emptyOn(t, on.Server)
			require.NoError(t, Migrate(t.Context(), w.owner, w.app))
			s := w.open(t, Options{})
			newCase(t, s, "c1", "E1")
			planned(t, s, "c1", PlanApproved, found(t, s, "c1", account("pg-main", "ada", "1")))
			appendAll(t, s, event("c1", "k1"))
			rowsOf(t, s, "c1")
		})
	}
}

// catalog is every table, column, constraint, index, trigger and right of ours.
func catalog(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		select format('%s.%s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
		from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = 'sever'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
		union all select pg_get_constraintdef(oid) || conname from pg_constraint where connamespace = 'sever'::regnamespace
		union all select indexdef from pg_indexes where schemaname = 'sever'
		union all select pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where not tgisinternal
		union all select relname || coalesce(relacl::text, '') from pg_class where relnamespace = 'sever'::regnamespace
		order by 1`)
	require.NoError(t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return out
}

func tables(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `select tablename::text from pg_tables where schemaname = 'sever' order by 1`)
	require.NoError(t, err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return out
}

func TestMigrateFromManyPlacesAtOnce(t *testing.T) {
	t.Parallel()
	w := empty(t)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() { errs[i] = Migrate(t.Context(), w.owner, w.app) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	w.open(t, Options{})
}

func TestEveryTableHasRightsAndAComment(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	conn := connect(t, w.owner)
	var listed []string
	for _, r := range rights {
		listed = append(listed, r.table)
	}
	require.ElementsMatch(t, tables(t, conn), listed)
	var silent []string
	require.NoError(t, conn.QueryRow(t.Context(), `
		select coalesce(array_agg(relname::text), '{}') from pg_class
		where relnamespace = 'sever'::regnamespace and relkind = 'r' and relname <> 'schema_migrations' and obj_description(oid) is null`).Scan(&silent))
	require.Empty(t, silent)
}

func TestNobodyElseHasRights(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	conn := connect(t, w.owner)
	var others []string
	require.NoError(t, conn.QueryRow(t.Context(), `
		select coalesce(array_agg(distinct what), '{}') from (
		    select format('%s on table %s', x.privilege_type, c.relname) as what from pg_class c, aclexplode(c.relacl) x
		    where c.relnamespace = 'sever'::regnamespace and x.grantee = 0
		    union all
		    select format('%s on %s', x.privilege_type, n.nspname) from pg_namespace n, aclexplode(n.nspacl) x
		    where n.nspname = 'sever' and x.grantee = 0
		    union all
		    select format('%s on %s', x.privilege_type, p.proname) from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
		    where p.pronamespace = 'sever'::regnamespace and x.grantee = 0
		    union all
		    select format('%s on database', x.privilege_type) from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
		    where d.datname = current_database() and x.grantee = 0
		) all_rights`).Scan(&others))
	require.Empty(t, others)
}

func TestMigrateTakesExcessRightsAway(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	conn := connect(t, w.owner)
	before := catalog(t, conn)
	for _, s := range []string{"grant all on all tables in schema sever to " + w.roles.App, "grant select on sever.cases to public",
		"grant create on schema sever to " + w.roles.App} {
		_, err := conn.Exec(t.Context(), s)
		require.NoError(t, err)
	}
	_, err := Open(t.Context(), w.app, Options{})
	require.ErrorIs(t, err, ErrPrivileged)
	require.ErrorContains(t, err, "delete on audit_events")
	require.NoError(t, Migrate(t.Context(), w.owner, w.app))
	require.Equal(t, before, catalog(t, conn))
	w.open(t, Options{})
}

func TestMigrateAfterACrash(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]string{
		"before the first migration was kept": "drop schema sever cascade; create schema sever; " +
			"create table sever.schema_migrations (version bigint not null primary key, dirty boolean not null); insert into sever.schema_migrations values (1, true)",
		"before the last migration was kept": lastDown(t) + "update schema_migrations set dirty = true",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := migrated(t)
			conn := connect(t, w.owner)
			before := catalog(t, conn)
			_, err := conn.Exec(t.Context(), c)
			require.NoError(t, err)
			_, err = Open(t.Context(), w.app, Options{})
			require.ErrorIs(t, err, ErrNotMigrated)
			require.NoError(t, Migrate(t.Context(), w.owner, w.app))
			require.Equal(t, before, catalog(t, conn))
		})
	}
}

// lastDown takes back the last migration.
func lastDown(t *testing.T) string {
	t.Helper()
	entries, err := migrations.Files.ReadDir(".")
	require.NoError(t, err)
	text, err := migrations.Files.ReadFile(entries[len(entries)-2].Name())
	require.NoError(t, err)
	return string(text)
}

func TestEveryMigrationNotesItself(t *testing.T) {
	t.Parallel()
	entries, err := migrations.Files.ReadDir(".")
	require.NoError(t, err)
	require.Len(t, entries, 2*migrations.Latest(), "numbered pairs without gaps")
	for i, e := range entries {
		text, err := migrations.Files.ReadFile(e.Name())
		require.NoError(t, err)
		if i%2 == 1 {
			require.Equal(t, strings.Replace(entries[i-1].Name(), ".down.", ".up.", 1), e.Name(), "numbered pairs")
			require.Regexp(t, `update schema_migrations set dirty = false;\n$`, string(text), e.Name())
		}
	}
}

func TestMigrateSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	for name, c := range map[string]struct {
		owner, app config.Secret
		want       error
		says       string
	}{
		"wrong password":   {password(t, w.owner, config.NewSecret("guess-me")), w.app, ErrPassword, w.roles.Owner},
		"nobody there":     {config.NewSecret("postgres://o:guess-me@127.0.0.1:1/" + w.roles.Database), w.app, ErrUnreachable, "127.0.0.1:1"},
		"no database":      {at(t, w.owner, "nowhere"), at(t, w.app, "nowhere"), ErrNoDatabase, `"nowhere"`},
		"no such role":     {w.owner, as(t, w.app, "nobody", w.roles.Database), ErrNoRole, `"nobody"`},
		"one role only":    {w.owner, w.owner, ErrSameRole, w.roles.Owner},
		"two databases":    {w.owner, at(t, w.app, "other"), nil, `"other"`},
		"no URL":           {config.Secret{}, w.app, nil, "no URL"},
		"a malformed URL":  {config.NewSecret("postgres://o:guess-me@[::1/x"), w.app, nil, "malformed"},
		"a malformed port": {w.owner, config.NewSecret("postgres://a:guess-me@host:port/x"), nil, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Migrate(t.Context(), c.owner, c.app)
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "guess-me")
		})
	}
}

func at(t *testing.T, base config.Secret, database string) config.Secret {
	t.Helper()
	return as(t, base, "", database)
}

func TestANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	_, err := connect(t, w.owner).Exec(t.Context(), `update schema_migrations set version = version + 1`)
	require.NoError(t, err)
	require.ErrorIs(t, Migrate(t.Context(), w.owner, w.app), ErrNewerSchema)
	_, err = Open(t.Context(), w.app, Options{})
	require.ErrorIs(t, err, ErrNewerSchema)
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	bare, full := empty(t), migrated(t)
	_, err := connect(t, full.super).Exec(t.Context(), "create role "+full.roles.App+"_x login password 'x'; grant connect on database "+full.roles.Database+" to "+full.roles.App+"_x")
	require.NoError(t, err)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), full.super.Reveal())
		require.NoError(t, err)
		defer conn.Close(context.Background())
		_, err = conn.Exec(context.Background(), "drop owned by "+full.roles.App+"_x; drop role "+full.roles.App+"_x")
		require.NoError(t, err)
	})
	for name, c := range map[string]struct {
		url  config.Secret
		want error
	}{
		"not migrated":       {bare.app, ErrNotMigrated},
		"a role without":     {password(t, as(t, full.app, full.roles.App+"_x", full.roles.Database), config.NewSecret("x")), ErrNotMigrated},
		"the owner":          {full.owner, ErrPrivileged},
		"a superuser":        {full.super, ErrPrivileged},
		"wrong password":     {password(t, full.app, config.NewSecret("guess-me")), ErrPassword},
		"nobody there":       {config.NewSecret("postgres://o:guess-me@127.0.0.1:1/x"), ErrUnreachable},
		"database not there": {at(t, full.app, "nowhere"), ErrNoDatabase},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Open(t.Context(), c.url, Options{})
			require.ErrorIs(t, err, c.want)
			require.Nil(t, s)
			require.NotContains(t, err.Error(), "guess-me")
		})
	}
	s, err := Open(t.Context(), full.owner, Options{Privileged: true})
	require.NoError(t, err)
	require.NoError(t, s.Ping(t.Context()))
	s.Close()
}

func TestCreateRolesMayBeRepeated(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	r := w.roles
	r.AppPassword = config.NewSecret("another $one' \"of\\ many")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { require.NoError(t, CreateRoles(t.Context(), w.super, r)) })
	}
	wg.Wait()
	_, err := Open(t.Context(), w.app, Options{})
	require.ErrorIs(t, err, ErrPassword)
	w.app = password(t, w.app, r.AppPassword)
	w.open(t, Options{})

	var verifier string
	require.NoError(t, connect(t, w.super).QueryRow(t.Context(), `select rolpassword from pg_authid where rolname = $1`, r.App).Scan(&verifier))
	require.Regexp(t, `^SCRAM-SHA-256\$4096:`, verifier)
	r.AppPassword = config.NewSecret("grün")
	require.ErrorContains(t, CreateRoles(t.Context(), w.super, r), "printable ASCII")
	r.AppPassword = config.Secret{}
	require.ErrorContains(t, CreateRoles(t.Context(), w.super, r), "no password")
}
