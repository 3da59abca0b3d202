package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/migrations"
)

func cmpOr[T comparable](v, fallback T) T { return cmp.Or(v, fallback) }

// parse reads a URL without ever repeating it: a malformed one may have its
// password anywhere.
func parse(url config.Secret) (*pgx.ConnConfig, error) {
	if url.Empty() {
		return nil, errors.New("connect to the database: no URL is given")
	}
	c, err := pgx.ParseConfig(url.Reveal())
	if err != nil {
		return nil, errors.New("connect to the database: the URL is malformed: it should read postgres://user:password@host:port/database")
	}
	c.RuntimeParams["search_path"] = schema
	c.RuntimeParams["application_name"] = cmpOr(c.RuntimeParams["application_name"], "sever")
	return c, nil
}

func newPool(ctx context.Context, url config.Secret, name string, size int32, params map[string]string) (*pgxpool.Pool, error) {
	c, err := parse(url)
	if err != nil {
		return nil, err
	}
	if name != "" {
		c.RuntimeParams["application_name"] = name
	}
	maps.Copy(c.RuntimeParams, params)
	pc, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	pc.ConnConfig, pc.MaxConns, pc.MaxConnIdleTime = c, size, 5*time.Minute
	pc.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	return pool, wrap("connect to the database", err)
}

// connecting explains why a connection to c could not be made.
func connecting(c *pgx.ConnConfig, err error) error {
	if err == nil {
		return nil
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return fmt.Errorf("connect to the database: %w at %s:%d: %w", ErrUnreachable, c.Host, c.Port, err)
	case pg.Code == pgerrcode.InvalidPassword || pg.Code == pgerrcode.InvalidAuthorizationSpecification:
		return fmt.Errorf("connect to the database: %w for role %q at %s:%d: %w", ErrPassword, c.User, c.Host, c.Port, err)
	case pg.Code == pgerrcode.InvalidCatalogName:
		return fmt.Errorf("connect to the database: %w: %q at %s:%d: create it, owned by the role that migrates: %w", ErrNoDatabase, c.Database, c.Host, c.Port, err)
	}
	return fmt.Errorf("connect to the database: %w", err)
}

// check refuses a schema or a role that would not do.
func (s *Store) check(ctx context.Context, privileged bool) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return connecting(s.pool.Config().ConnConfig, err)
	}
	defer conn.Release()
	var version int
	var dirty bool
	err = conn.QueryRow(ctx, `select version, dirty from schema_migrations`).Scan(&version, &dirty)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == pgerrcode.InsufficientPrivilege {
		return fmt.Errorf("open the store: %w: role %q may not read it: migrate with this role as the application's", ErrNotMigrated, s.pool.Config().ConnConfig.User)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == pgerrcode.UndefinedTable || errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("open the store: %w", ErrNotMigrated)
	}
	if err != nil {
		return wrap("open the store", err)
	}
	switch latest := migrations.Latest(); {
	case version > latest:
		return fmt.Errorf("open the store: %w: it is at %d, this program knows up to %d", ErrNewerSchema, version, latest)
	case version < latest || dirty:
		return fmt.Errorf("open the store: %w: it is at %d, this program needs %d", ErrNotMigrated, version, latest)
	}
	if privileged {
		return nil
	}
	return harmless(ctx, conn.Conn())
}

// harmless reports an error when the role could change the audit trail.
func harmless(ctx context.Context, conn *pgx.Conn) error {
	const could = `
		select coalesce(string_agg(p.privilege || ' on ' || c.relname, ', ' order by c.relname, p.privilege)
		                filter (where has_table_privilege(c.oid, p.privilege)), ''),
		       bool_or(pg_has_role(current_user, c.relowner, 'member'))
		from unnest(array['audit_events', 'checkpoints', 'checkpoint_heads']) as t(name)
		join pg_class c on c.oid = t.name::regclass
		cross join unnest(array['update', 'delete', 'truncate']) as p(privilege)`
	var rights string
	var owner bool
	if err := conn.QueryRow(ctx, could).Scan(&rights, &owner); err != nil {
		return wrap("open the store", err)
	}
	switch {
	case owner:
		return fmt.Errorf("open the store: %w: %q is or may become the owner of its tables, or is a superuser", ErrPrivileged, conn.Config().User)
	case rights != "":
		return fmt.Errorf("open the store: %w: %q has %s", ErrPrivileged, conn.Config().User, rights)
	}
	return nil
}
