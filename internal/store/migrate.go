package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	gomigrate "github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	driver "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/migrations"
)

// migrateLock is the advisory lock of Migrate, in one database.
var migrateLock = laneNumber("\x00migrate")

// Migrate brings the schema up to date as the owner of the database and then gives
// the role in the application's URL exactly the rights it needs, taking away any
// others. It may be repeated, and run from several places at once.
//
// A migration that was cut short is applied again: each is one transaction.
func Migrate(ctx context.Context, owner, app config.Secret) error {
	oc, err := parse(owner)
	if err != nil {
		return wrap("migrate as the owner", err)
	}
	ac, err := parse(app)
	if err != nil {
		return wrap("migrate for the application", err)
	}
	if oc.User == ac.User {
		return fmt.Errorf("migrate: %w: both URLs name the role %q", ErrSameRole, oc.User)
	}
	if oc.Database != ac.Database {
		return fmt.Errorf("migrate: the owner's URL names the database %q and the application's %q", oc.Database, ac.Database)
	}
	conn, err := pgx.ConnectConfig(ctx, oc)
	if err != nil {
		return wrap("migrate", connecting(oc, err))
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // and with it ends the lock
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, migrateLock); err != nil {
		return wrap("migrate: wait for the turn", err)
	}
	if _, err := conn.Exec(ctx, `create schema if not exists `+schema); err != nil {
		return wrap("migrate: create the schema", err)
	}
	if err := up(ctx, oc); err != nil {
		return wrap("migrate", err)
	}
	return wrap("migrate", giveRights(ctx, conn, ac.User))
}

// up applies the migrations that are missing.
func up(ctx context.Context, c *pgx.ConnConfig) error {
	m, err := migrator(c)
	if err != nil {
		return err
	}
	defer m.Close()
	stop := context.AfterFunc(ctx, func() { m.GracefulStop <- true })
	defer stop()
	version, dirty, err := m.Version()
	switch {
	case errors.Is(err, gomigrate.ErrNilVersion):
	case err != nil:
		return err
	case int(version) > migrations.Latest():
		return fmt.Errorf("%w: it is at %d, this program knows up to %d", ErrNewerSchema, version, migrations.Latest())
	case dirty: // nothing of that migration was kept, else it would have taken the mark back
		if err := m.Force(before(version)); err != nil {
			return err
		}
	}
	if err := m.Up(); err != nil && !errors.Is(err, gomigrate.ErrNoChange) {
		return failed(err)
	}
	return ctx.Err()
}

// before is the version before this one, in the numbers of golang-migrate.
func before(version uint) int {
	if n := migrations.Before(int(version)); n > 0 {
		return n
	}
	return database.NilVersion
}

// failed says which statement failed and why, without the whole file.
func failed(err error) error {
	var at database.Error
	switch {
	case errors.As(err, &at):
		return fmt.Errorf("%w, line %d: %w", ErrDirty, at.Line, at.OrigErr)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrNewerSchema, err)
	}
	return fmt.Errorf("%w: %w", ErrDirty, err)
}

// migrator is golang-migrate over the embedded files, in the schema of ours.
func migrator(c *pgx.ConnConfig) (*gomigrate.Migrate, error) {
	files, err := iofs.New(migrations.Files, ".")
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*c)
	d, err := withinSchema(db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return gomigrate.NewWithInstance("embedded", files, c.Database, d)
}

func withinSchema(db *sql.DB) (database.Driver, error) {
	return driver.WithInstance(db, &driver.Config{SchemaName: schema})
}
