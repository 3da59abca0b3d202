package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/severhq/sever/internal/access"
)

// Revoke ends every privilege in one database, in one transaction. It refuses when
// the role owns something there.
func (s *Server) Revoke(ctx context.Context, step access.Step) (access.Receipt, error) {
	return s.clear(ctx, op(access.Revoke, step.Account, step.Database), step, "")
}

// clear takes from a role all that it has in step.Database, and when there is a
// successor it hands over first what the role owns there.
func (s *Server) clear(ctx context.Context, op string, step access.Step, successor string) (access.Receipt, error) {
	t, err := planned(op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	if err := checkName("database", step.Database); err != nil {
		return access.Receipt{}, refuse(op, err)
	}
	var receipt access.Receipt
	in := func(database string) error {
		return s.conns.with(ctx, database, func(conn *pgx.Conn) error {
			c := clearing{server: s, op: op, database: step.Database, target: t, successor: successor}
			err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
				receipt, err = c.run(ctx, tx)
				return err
			})
			if code(err) == "55P03" {
				return s.lockedBy(ctx, conn, op, c.found, err)
			}
			return err
		})
	}
	err = in(step.Database)
	if turnedAway(err) && step.Database != s.home {
		// Privileges on the database itself can be taken from outside of it. What is
		// inside is found by pg_shdepend, and refused.
		if outside := in(s.home); !turnedAway(outside) {
			err = outside
		}
	}
	if errors.Is(err, errGone) {
		return access.Receipt{Already: true, Words: errGone.Error()}, nil
	}
	if err != nil {
		return access.Receipt{}, s.classified(op, err)
	}
	return receipt, nil
}

// clearing is one transaction of clear.
type clearing struct {
	server    *Server
	op        string
	database  string
	target    target
	successor string

	role  role
	found []object
	loans loans
	moved int
}

// rounds bounds how often we read and take away. The second round takes what the
// first uncovered; a third that finds something is losing against somebody.
const rounds = 3

func (c *clearing) run(ctx context.Context, tx pgx.Tx) (access.Receipt, error) {
	taken := 0
	for round := range rounds {
		if err := c.read(ctx, tx, round == 0); err != nil {
			return access.Receipt{}, err
		}
		switch {
		case len(c.found) == 0 && round == 0:
			return access.Receipt{Already: true, Words: "nothing in this database names it"}, nil
		case len(c.found) == 0:
			words := fmt.Sprintf("moved %d objects to their new owner, took away %d entries", c.moved, taken)
			return access.Receipt{Words: words}, c.send(ctx, tx, c.loans.back)
		}
		sql, err := c.statements(ctx, tx, round == 0)
		if err != nil {
			return access.Receipt{}, err
		}
		if len(sql) == 0 {
			break
		}
		if round == 0 {
			taken = len(c.found) - c.moved
		}
		if err := c.send(ctx, tx, sql); err != nil {
			return access.Receipt{}, err
		}
	}
	return access.Receipt{}, c.residue()
}

// statements are what one round sends, in order.
func (c *clearing) statements(ctx context.Context, tx pgx.Tx, first bool) ([]string, error) {
	var sql []string
	owned := slices.DeleteFunc(slices.Clone(c.found), func(o object) bool { return !o.owned() })
	if len(owned) > 0 && c.successor == "" {
		return nil, c.refuseOwner(owned)
	}
	if first && slices.ContainsFunc(c.found, func(o object) bool { return o.Bond == owns }) {
		sql = c.loans.take(tx.Conn(), c.role)
	}
	if len(owned) > 0 && first {
		to, err := c.checkSuccessor(ctx, tx, owned)
		if err != nil {
			return nil, err
		}
		sql = append(sql, c.loans.take(tx.Conn(), to)...)
		sql = append(sql, "reassign owned by "+quote(c.role.Name)+" to "+quote(to.Name))
		c.moved = len(owned)
	}
	return append(sql, takeAway(c.role.Name, c.found, isSuperuser(tx.Conn()))...), nil
}

// read finds the role and what names it: in the connected database, and of what
// belongs to the server what counts to this database. The first time it makes sure
// of the role as well.
func (c *clearing) read(ctx context.Context, tx pgx.Tx, first bool) error {
	var local, shared []object
	var n namesakes
	inside := tx.Conn().Config().Database == c.database
	var b pgx.Batch
	if first {
		b.Queue(roleByNameOrID, c.target.ref.Name, c.target.oid).Query(func(rows pgx.Rows) (err error) {
			n, err = readNamesakes(rows, c.target.ref)
			return err
		})
	}
	if inside {
		b.Queue(localObjects, c.target.oid).Query(func(rows pgx.Rows) (err error) {
			local, err = collectObjects(rows)
			return err
		})
	} else {
		b.Queue(entriesElsewhere, c.target.oid, c.database).Query(func(rows pgx.Rows) (err error) {
			local, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (object, error) {
				o := object{Database: c.database, Kind: "inside the database"}
				err := row.Scan(&o.Class, &o.OID, &o.Bond)
				return o, err
			})
			return err
		})
	}
	b.Queue(sharedQuery(major(tx.Conn()), sharedObjects), c.target.oid).Query(func(rows pgx.Rows) (err error) {
		shared, err = collectObjects(rows)
		return err
	})
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	if first {
		r, err := c.target.settle(c.op, n)
		if err != nil {
			return err
		}
		c.role = r
	}
	shared = slices.DeleteFunc(shared, func(o object) bool { return !c.here(o) })
	c.found = append(local, shared...)
	return nil
}

// here reports whether something of the server counts to the step's database.
func (c *clearing) here(o object) bool {
	if o.Class == "pg_tablespace" || o.Class == "pg_parameter_acl" {
		return c.database == c.server.home
	}
	return o.Database == c.database
}

// entriesElsewhere are the rows for a database that we are not connected to.
const entriesElsewhere = `
select s.classid::regclass::text, s.objid::int8, s.deptype::text
from pg_shdepend s join pg_database d on d.oid = s.dbid
where s.refclassid = 'pg_authid'::regclass and s.refobjid = $1::int8::oid and d.datname = $2::text::name
order by 1, 2`

// send runs statements as one message: they are many, short and of one mind.
func (c *clearing) send(ctx context.Context, tx pgx.Tx, sql []string) error {
	if len(sql) == 0 {
		return nil
	}
	_, err := tx.Conn().PgConn().Exec(ctx, strings.Join(sql, ";\n")).ReadAll()
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "42501" {
		return refuse(c.op, c.server.scrubbed(err, "our own login lacks a right"), c.server.lacking(e))
	}
	return err
}
