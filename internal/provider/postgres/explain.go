package postgres

import (
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Explain is a step as SQL for psql. It is written for a person's hand, and so it
// stops by itself where we would refuse.
func (s *Server) Explain(step access.Step) []string {
	role := quote(step.Account.Name)
	switch step.Action {
	case access.Contain:
		change := "NOLOGIN"
		if step.Mode == access.Kill {
			change += " PASSWORD NULL"
		}
		return []string{
			fmt.Sprintf("ALTER ROLE %s %s;", role, change),
			fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid = %s; -- again, until none is left", orOID(step.Account)),
		}
	case access.Rotate:
		return []string{`\password ` + role + " -- asks for a new one, and sends no more than its verifier"}
	case access.Unlink:
		p, err := parsePair(step.Object, step.Account.Name)
		if err != nil {
			return []string{"-- " + oneLine(err.Error())}
		}
		sql := fmt.Sprintf("REVOKE %s FROM %s;", quote(p.Role), quote(p.Member))
		return []string{sql + " -- from 16 on GRANTED BY each grantor"}
	case access.Revoke:
		return append([]string{`\connect ` + quote(step.Database), "BEGIN;"}, stopAndRevoke(step)...)
	case access.Reassign:
		return append([]string{
			`\connect ` + quote(step.Database), "BEGIN;",
			fmt.Sprintf("REASSIGN OWNED BY %s TO %s; -- moves databases and tablespaces that it owns, too", role, quote(step.Successor)),
		}, stopAndRevoke(step)...)
	case access.Delete:
		return []string{fmt.Sprintf("DROP ROLE %s; -- refuses while anything depends on it", role)}
	case access.Confirm:
		return []string{
			fmt.Sprintf("SELECT oid, rolname FROM pg_roles WHERE rolname = %s;", literal(step.Account.Name)),
			fmt.Sprintf("SELECT count(*) FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = %s;", orOID(step.Account)),
			fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE usesysid = %s;", orOID(step.Account)),
		}
	}
	return nil
}

// stopAndRevoke ends a transaction that takes the privileges away, unless the role
// owns something here: DROP OWNED would drop it.
func stopAndRevoke(step access.Step) []string {
	return []string{
		fmt.Sprintf(`SELECT count(*) > 0 AS owner FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = %s AND deptype = 'o'`+
			` AND classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)`+
			` AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) \gset`, orOID(step.Account)),
		`\if :owner`,
		`\echo it still owns something, and DROP OWNED would drop it`,
		"ROLLBACK;",
		`\else`,
		fmt.Sprintf("DROP OWNED BY %s RESTRICT; -- sever sends a REVOKE for each object instead", quote(step.Account.Name)),
		"COMMIT;",
		`\endif`,
	}
}

// orOID is the planned oid, or an expression for it.
func orOID(ref access.Ref) string {
	if _, err := planned("", ref); err == nil {
		return ref.ForeignID
	}
	return fmt.Sprintf("(SELECT oid FROM pg_roles WHERE rolname = %s)", literal(ref.Name))
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
