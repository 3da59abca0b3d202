package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/severhq/sever/internal/config"
)

// Roles are the database and the two roles that a Sever installation uses.
type Roles struct {
	Database      string // "sever" if empty
	Owner         string // "sever_owner" if empty
	OwnerPassword config.Secret
	App           string // "sever_app" if empty
	AppPassword   config.Secret
}

// CreateRoles makes the database and the roles as a superuser, or a role that may
// create both, and sets the passwords. What is there already is kept. Passwords
// travel as SCRAM verifiers, so that no log of the server can show them.
func CreateRoles(ctx context.Context, superuser config.Secret, r Roles) error {
	r.Database, r.Owner, r.App = cmpOr(r.Database, "sever"), cmpOr(r.Owner, "sever_owner"), cmpOr(r.App, "sever_app")
	c, err := parse(superuser)
	if err != nil {
		return wrap("create roles", err)
	}
	delete(c.RuntimeParams, "search_path")
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return wrap("create roles", connecting(c, err))
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // and with it ends the lock
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, laneNumber("\x00roles")); err != nil {
		return wrap("create roles: wait for the turn", err)
	}
	for _, role := range []struct {
		name     string
		password config.Secret
	}{{r.Owner, r.OwnerPassword}, {r.App, r.AppPassword}} {
		if err := createRole(ctx, conn, role.name, role.password); err != nil {
			return fmt.Errorf("create role %q: %w", role.name, err)
		}
	}
	return wrap("create the database", createDatabase(ctx, conn, r))
}

func createRole(ctx context.Context, conn *pgx.Conn, name string, password config.Secret) error {
	verifier, err := scramVerifier(password)
	if err != nil {
		return err
	}
	role := pgx.Identifier{name}.Sanitize()
	if _, err := conn.Exec(ctx, `create role `+role); err != nil && !already(err) {
		return err
	}
	// The verifier is base64, colons and dollars: safe between quotes.
	_, err = conn.Exec(ctx, `alter role `+role+` with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '`+verifier+`'`)
	return err
}

// createDatabase makes the database and takes from everybody what nobody needs.
func createDatabase(ctx context.Context, conn *pgx.Conn, r Roles) error {
	database, owner, app := pgx.Identifier{r.Database}.Sanitize(), pgx.Identifier{r.Owner}.Sanitize(), pgx.Identifier{r.App}.Sanitize()
	// Who is no superuser can only give away what it is a member of.
	if _, err := conn.Exec(ctx, `
		do $$ begin
		    if not (select rolsuper from pg_roles where rolname = current_user) then
		        grant `+owner+` to current_user;
		    end if;
		end $$`); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `create database `+database+` owner `+owner+` encoding 'UTF8' template template0`); err != nil && !already(err) {
		return err
	}
	for _, s := range []string{
		`revoke all on database ` + database + ` from public`,
		`grant connect on database ` + database + ` to ` + app,
	} {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func already(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == pgerrcode.DuplicateObject || pg.Code == pgerrcode.DuplicateDatabase || pg.Code == pgerrcode.UniqueViolation)
}
