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

// clearing is one transaction that takes from a role all that it has in a database.
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

var errOwner = errors.New("it owns something there, and nobody is named to receive it")

func (c *clearing) run(ctx context.Context, tx pgx.Tx) (access.Receipt, error) {
	taken := 0
	for round := range rounds {
		if err := c.read(ctx, tx, round == 0); err != nil {
			return access.Receipt{}, err
		}
		if round == 0 {
			if err := c.borrow(ctx, tx); err != nil {
				return access.Receipt{}, err
			}
		}
		switch {
		case len(c.found) == 0 && round == 0:
			return access.Receipt{Already: true, Words: "nothing in this database names it"}, nil
		case len(c.found) == 0:
			words := fmt.Sprintf("moved %d objects to their new owner, took away %d entries", c.moved, taken)
			return access.Receipt{Words: words}, c.loans.giveBack(ctx, tx)
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
	owned := len(c.found) - len(slices.DeleteFunc(slices.Clone(c.found), object.owned))
	if owned > 0 && c.successor == "" {
		return nil, errOwner
	}
	if first && slices.ContainsFunc(c.found, func(o object) bool { return o.Bond == owns }) {
		sql = c.loans.take(tx.Conn(), c.role)
	}
	if owned > 0 && first {
		to, err := c.checkSuccessor(ctx, tx)
		if err != nil {
			return nil, err
		}
		sql = append(sql, c.loans.take(tx.Conn(), to)...)
		sql = append(sql, c.handOver(tx.Conn(), to)...)
		c.moved = owned
	}
	return append(sql, takeAway(c.role.Name, c.found, isSuperuser(tx.Conn()))...), nil
}

// borrow takes the rights of the owners who granted what is to be taken away, and then
// reads again, for that tells what we may do.
func (c *clearing) borrow(ctx context.Context, tx pgx.Tx) error {
	var owners []string
	for _, o := range c.found {
		if !o.May && o.Owner != "" && o.Owner != c.role.Name && o.Owner != c.successor {
			owners = append(owners, o.Owner)
		}
	}
	some, err := c.loans.borrow(ctx, tx, owners...)
	if err != nil || !some {
		return err
	}
	return c.read(ctx, tx, false)
}

// handOver are the statements that move what the role owns. From outside of the
// database that is the database itself; REASSIGN OWNED would move the objects of the
// database that we are in.
func (c *clearing) handOver(conn *pgx.Conn, to role) []string {
	if c.inside(conn) {
		return []string{"reassign owned by " + quote(c.role.Name) + " to " + quote(to.Name)}
	}
	var sql []string
	for _, o := range c.found {
		if o.owned() && o.Class == "pg_database" {
			sql = append(sql, "alter database "+o.Identity+" owner to "+quote(to.Name))
		}
	}
	return sql
}

func (c *clearing) inside(conn *pgx.Conn) bool { return conn.Config().Database == c.database }

// entriesOf are the rows of pg_shdepend that name the role $1 in the database $2 or in
// no database. A membership that it granted (from 16 on) is not for here.
const entriesOf = `
select classid::regclass::text, objid::int8, objsubid, deptype::text, dbid = 0
from pg_shdepend
where refclassid = 'pg_authid'::regclass and refobjid = $1::int8::oid
  and (dbid = 0 or dbid = (select oid from pg_database where datname = $2::text::name))
  and classid <> 'pg_auth_members'::regclass and deptype <> 'p'
order by 1, 2, 3`

// read finds what names the role: in the step's database, and of what belongs to the
// server what counts to it. The first time it makes sure of the role as well. What
// REASSIGN OWNED moves is not explained, which would take longer than to move it.
func (c *clearing) read(ctx context.Context, tx pgx.Tx, first bool) error {
	var n namesakes
	var shared bool
	var b pgx.Batch
	c.found = nil
	if first {
		b.Queue(roleByNameOrID, c.target.ref.Name, c.target.oid).Query(func(rows pgx.Rows) (err error) {
			n, err = readNamesakes(rows, c.target.ref)
			return err
		})
	}
	b.Queue(entriesOf, c.target.oid, c.database).Query(func(rows pgx.Rows) (err error) {
		c.found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (object, error) {
			o := object{Database: c.database, Kind: entryKind}
			var ofServer bool
			err := row.Scan(&o.Class, &o.OID, &o.Sub, &o.Bond, &ofServer)
			if shared = shared || ofServer; ofServer {
				o.Kind = "" // explained below, or counted to another database
			}
			return o, err
		})
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
	return c.explain(ctx, tx, shared)
}

// explain replaces entries by what they stand for, but for the local things that the
// role merely owns. From outside of the database its entries stay as they are.
func (c *clearing) explain(ctx context.Context, tx pgx.Tx, shared bool) error {
	inside := c.inside(tx.Conn())
	plain := func(o object) bool { return o.Kind == entryKind && (o.owned() || !inside) }
	var b pgx.Batch
	var known []object
	add := func(rows pgx.Rows) error {
		found, err := collectObjects(rows)
		known = append(known, found...)
		return err
	}
	if inside && slices.ContainsFunc(c.found, func(o object) bool { return o.Kind == entryKind && !o.owned() }) {
		b.Queue(localObjects, c.target.oid, false).Query(add)
	}
	if shared {
		b.Queue(sharedQuery(major(tx.Conn()), sharedObjects), c.target.oid).Query(add)
	}
	c.found = slices.DeleteFunc(c.found, func(o object) bool { return !plain(o) })
	if b.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	for _, o := range known {
		if c.here(o) {
			c.found = append(c.found, o)
		}
	}
	return nil
}

// here reports whether something counts to the step's database.
func (c *clearing) here(o object) bool {
	if o.Class == "pg_tablespace" || o.Class == "pg_parameter_acl" {
		return c.database == c.server.home
	}
	return o.Database == c.database
}

// owned reads, by name, what the role owns here. The transaction may be over.
func (c *clearing) owned(ctx context.Context, conn querier, version int) ([]object, error) {
	var out []object
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{localObjects, []any{c.target.oid, true}},
		{sharedQuery(version, sharedObjects), []any{c.target.oid}},
	} {
		rows, err := conn.Query(ctx, q.sql, q.args...)
		if err != nil {
			return nil, err
		}
		found, err := collectObjects(rows)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			if o.owned() && c.here(o) {
				out = append(out, o)
			}
		}
	}
	return out, nil
}

// send runs statements as one message: they are many, short and of one mind.
func (c *clearing) send(ctx context.Context, tx pgx.Tx, sql []string) error {
	if len(sql) == 0 {
		return nil
	}
	_, err := tx.Conn().PgConn().Exec(ctx, strings.Join(sql, ";\n")).ReadAll()
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "42501" {
		return refuse(c.op, c.server.scrubbed(err, missingRight), c.server.lacking(e))
	}
	return err
}
