package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// right is what the application may do with one table.
type right struct{ table, privileges string }

// rights are all that the application may do. The audit trail and the checkpoints
// only grow; plans and steps keep what they say and change how they stand.
var rights = []right{
	{"principals", `select, insert, update (login, name, email, attributes, standing, left_at, returned_at, roster_at, updated_at)`},
	{"scim_users", `select, insert, update (external_id, user_name, user_key, emails, active, document, version, updated_at, deleted_at)`},
	{"identities", `select, insert, update (evidence, source, imported_by, imported_at)`},
	{"rosters", `select, insert`},
	{"ties", `select, insert, update (foreign_id, tied_by, tied_at)`},
	{"questions", `select, insert, update (kind, words, case_id, asked_at, decision, decided_by, decided_why, decided_at)`},
	{"shared_secrets", `select, insert, update (owner, how, imported_by, imported_at)`},
	{"commands", `select, insert`},
	{"deliveries", `select, insert, update (state, attempts, repeats, retries, next_try_at, principal, case_id, words, ended_at)`},
	{"doubts", `select, insert, update (settled_at, settled_by, settled_why)`},
	{"tokens", `select, insert, update (revoked_at, revoked_by, last_used_at)`},
	{"http_requests", `select, insert, update (status, answer), delete`},
	{"cases", `select, insert, update (reason, policy, successors, status, phase, contained_at, proven_at, second_look_at, closed_at)`},
	{"case_connections", `select, insert, update (kind, state, why, next_try_at, attempts, listed, accounts, grants, discovered_at)`},
	{"case_accounts", `select, insert,
		update (foreign_id, evidence, engine, before, now, account_exists, gaps, shared_with, outcome, why, seen_at, proven_at)`},
	{"case_grants", `select, insert, delete`},
	{"plans", `select, insert, update (status, decided_by, decided_at, decided_why)`},
	{"steps", `select, insert, update (state, attempts, already, moved, words, blockers, started_at, tried_at, ended_at, undo_attempts, missing, returned, undone_at)`},
	{"proofs", `select, insert`},
	{"incidents", `select, insert, update (ended_at)`},
	{"incident_people", `select, insert, update (state, case_id, joined, escalated, words, tries, taken_at)`},
	{"tasks", `select, insert, update (connection, subject, words, next, owner, due, opened_at, closed_at, closed_by, closed_why, reminders, reminded_at)`},
	{"notices", `select, insert, update (state, attempts, answer, since, next_at, delivered_at, failed_at)`},
	{"audit_events", `select, insert`},
	{"audit_heads", `select, insert, update (seq, hash)`},
	{"checkpoints", `select, insert`},
	{"checkpoint_heads", `select, insert`},
	{"sweeps", `select, insert, update (deleted_by, deleted_at)`},
	{"sweep_runs", `select, insert, update (ended_at, result, words, accounts, found, appeared, went, unseen, opened, waiting, waits_for)`},
	{"sweep_lanes", `select, insert, update (state, why, accounts, spared, ended_at)`},
	{"sweep_looks", `select, insert, delete`},
	{"findings", `select, insert, update (foreign_id, words, evidence, last_run, last_at, gone_run)`},
	{"sweep_cases", `select, insert`},
	{"schema_migrations", `select`},
}

// giveRights gives the role what rights lists and takes everything else away, in
// one transaction: at no moment has a running application less than it needs.
func giveRights(ctx context.Context, conn *pgx.Conn, role string) error {
	var exists bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_roles where rolname = $1)`, role).Scan(&exists); err != nil {
		return wrap("look for the application's role", err)
	}
	if !exists {
		return fmt.Errorf("%w: create %q with LOGIN and a password", ErrNoRole, role)
	}
	app := pgx.Identifier{role}.Sanitize()
	statements := []string{
		`revoke all on schema sever from public, ` + app,
		`revoke all on all tables in schema sever from public, ` + app,
		`revoke all on all sequences in schema sever from public, ` + app,
		`revoke all on all functions in schema sever from public, ` + app,
		`grant usage on schema sever to ` + app,
	}
	for _, r := range rights {
		statements = append(statements, fmt.Sprintf(`grant %s on table %s to %s`, r.privileges, pgx.Identifier{schema, r.table}.Sanitize(), app))
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
}
