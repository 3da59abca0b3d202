package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// mostNamed is how many objects a refusal names; the rest is counted.
const mostNamed = 50

// listed makes one blocker of each object, and one of those that are too many.
func listed(objects []object, one func(object) access.Blocker) []access.Blocker {
	var out []access.Blocker
	for i, o := range objects {
		if i == mostNamed {
			out = append(out, access.Blocker{Object: fmt.Sprintf("%d more", len(objects)-mostNamed), Why: "as the others"})
			break
		}
		out = append(out, one(o))
	}
	return out
}

// refuseOwner is the answer where there is nobody to hand over to. Nothing was done.
func (c *clearing) refuseOwner(ctx context.Context, conn *pgx.Conn) error {
	owned, err := c.owned(ctx, conn, major(conn))
	if err != nil {
		return err
	}
	if len(owned) == 0 { // inside a database that we are outside of
		owned = c.found
	}
	return refuse(c.op, fmt.Errorf("it owns %d objects there, and nobody is named to receive them", len(owned)),
		listed(owned, func(o object) access.Blocker { return o.blocker(c.role.Name) })...)
}

// entryKind is the kind of what we know only by its entry in pg_shdepend.
const entryKind = "entry"

// residue refuses with what pg_shdepend still lists after we took away what we can.
func (c *clearing) residue() error {
	return refuse(c.op, fmt.Errorf("%d entries are left that the server did not take away", len(c.found)),
		listed(c.found, func(o object) access.Blocker { return o.blocker(c.role.Name) })...)
}

// blocker says why an object still names a role, and what a person could run.
func (o object) blocker(role string) access.Blocker {
	b := access.Blocker{Object: cleanWords(o)}
	in := `\connect ` + quote(o.Database) + "; "
	switch {
	case o.Kind == entryKind:
		b.Object = fmt.Sprintf("%s with oid %d in database %s", o.Class, o.OID, readable(o.Database))
		b.Why = "our login cannot enter the database"
		b.Remedy = fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS true; GRANT CONNECT ON DATABASE %[1]s to our login", quote(o.Database))
	case o.owned():
		b.Why = "owned by " + readable(role)
		b.Remedy = in + fmt.Sprintf("REASSIGN OWNED BY %s TO ...", quote(role))
	case o.Bond == inInit:
		b.Why = "an extension was installed with privileges for it"
		b.Remedy = in + fmt.Sprintf("DROP OWNED BY %s, when it owns nothing there", quote(role))
	case o.Class == "pg_default_acl":
		b.Why = "default privileges of role " + readable(o.Owner)
		b.Remedy = in + strings.Join(takeAway(role, []object{o}, true), "; ")
	default:
		b.Why = "it names the role"
		if who := grantorNames(o, role); len(who) > 0 {
			b.Why = "granted by " + strings.Join(who, ", ")
		}
		if !o.May {
			b.Why += "; our login lacks the rights of " + readable(o.Owner)
		}
		b.Remedy = in + strings.Join(takeAway(role, []object{o}, true), "; ")
	}
	return b
}

func grantorNames(o object, role string) []string {
	var out []string
	for _, e := range o.ACL {
		if name := readable(e.Grantor); e.Grantee == role && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// whoLocks finds the sessions that hold a lock on one of the tables.
const whoLocks = `
select distinct a.pid::int8, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), l.relation::regclass::text
from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'relation' and l.granted and l.relation = any ($1::int8[]::oid[]) and l.pid <> pg_backend_pid()
  and l.database = (select oid from pg_database where datname = current_database())
order by 1, 4
limit 20`

// lockedBy adds to a lock timeout who holds locks on the tables that we wanted.
func (s *Server) lockedBy(ctx context.Context, conn *pgx.Conn, op string, wanted []object, cause error) error {
	e := &provider.Error{Kind: provider.Transient, Op: op, Err: s.scrubbed(cause, verdicts["55P03"].word)}
	var oids []int64
	for _, o := range wanted {
		if o.Class == "pg_class" {
			oids = append(oids, o.OID)
		}
	}
	rows, err := conn.Query(ctx, whoLocks, oids)
	if err != nil {
		return errors.Join(e, err)
	}
	type holder struct {
		PID               int64
		User, Application string
		Table             string
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[holder])
	for _, h := range found {
		e.Blockers = append(e.Blockers, access.Blocker{
			Object: "table " + h.Table,
			Why:    fmt.Sprintf("session %d of %s (%s) holds a lock on it", h.PID, readable(h.User), h.Application),
		})
	}
	if err != nil {
		return errors.Join(e, err)
	}
	return e
}
