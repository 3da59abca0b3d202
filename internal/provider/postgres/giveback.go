package postgres

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// ownerWords are the words of ALTER ... OWNER TO for a kind of object. Extensions
// are not among them: PostgreSQL cannot change their owner.
var ownerWords = map[string]string{
	"table": "table", "foreign table": "foreign table", "sequence": "sequence",
	"view": "view", "materialized view": "materialized view",
	"function": "routine", "procedure": "routine", "aggregate": "routine",
	"schema": "schema", "type": "type", "language": "language", "large object": "large object",
	"foreign-data wrapper": "foreign data wrapper", "server": "server",
	"event trigger": "event trigger", "publication": "publication", "subscription": "subscription",
	"operator": "operator", "operator class": "operator class", "operator family": "operator family",
	"collation": "collation", "conversion": "conversion", "statistics object": "statistics",
	"text search dictionary": "text search dictionary", "text search configuration": "text search configuration",
	"database": "database", "tablespace": "tablespace",
}

// giveBack undoes Revoke and Reassign in one database: first the ways in, without which
// nobody is made an owner, then the objects, those that the successor still has, then
// every other recorded privilege that is not there.
func (r *restoration) giveBack(ctx context.Context, tx pgx.Tx) error {
	self, err := r.find(ctx, tx)
	if err != nil {
		return err
	}
	var was []object
	for _, o := range r.was.Objects {
		if o.Database == r.step.Database {
			was = append(was, o)
		}
	}
	// A grantor must be able to enter a schema before it can grant what is inside.
	slices.SortStableFunc(was, func(a, b object) int { return cmp.Compare(a.depth(), b.depth()) })
	inside := 0
	for inside < len(was) && was[inside].depth() == 0 {
		inside++
	}
	now, err := r.asTheyAre(ctx, tx, was, self)
	if err != nil {
		return err
	}
	var l loans
	if _, err := l.borrow(ctx, tx, r.lenders(was, now)...); err != nil {
		return err
	}
	given, err := r.returnPrivileges(ctx, tx, was[:inside], now)
	if err != nil {
		return err
	}
	moved := 0
	if r.step.Action == access.Reassign {
		if moved, err = r.returnObjects(ctx, tx, was, now); err != nil {
			return err
		}
		if now, err = r.asTheyAre(ctx, tx, was, self); err != nil {
			return err
		}
	}
	more, err := r.returnPrivileges(ctx, tx, was[inside:], now)
	if err != nil {
		return err
	}
	given += more
	if err := l.giveBack(ctx, tx); err != nil {
		return err
	}
	r.out.Already = moved+given == 0 && len(r.out.Missing) == 0
	r.out.Words = fmt.Sprintf("gave back %d objects and %d privileges", moved, given)
	return nil
}

// lenders are those whose rights it takes: the owners now, and of what was handed over
// the role and its successor.
func (r *restoration) lenders(was []object, now map[address]object) []string {
	names := []string{}
	if r.step.Action == access.Reassign {
		names = append(names, r.was.Role.Name, r.step.Successor)
	}
	for _, o := range was {
		names = append(names, o.Owner)
		if have, there := now[o.address()]; there {
			names = append(names, have.Owner)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// depth is 0 for what has to be entered first, unless it comes back itself.
func (o object) depth() int {
	if (o.Class == "pg_namespace" || o.Class == "pg_database") && !o.owned() {
		return 0
	}
	return 1
}

// address is the place of an object in the catalogs, which a new name or owner does not change.
type address struct {
	class string
	oid   int64
	sub   int32
}

func (o object) address() address { return address{o.Class, o.OID, o.Sub} }

// asTheyAre reads recorded objects anew. What is gone is not in the answer.
func (r *restoration) asTheyAre(ctx context.Context, tx pgx.Tx, was []object, self role) (map[address]object, error) {
	var classes []string
	var oids []int64
	var subs []int32
	for _, o := range was {
		classes, oids, subs = append(classes, o.Class), append(oids, o.OID), append(subs, o.Sub)
	}
	out := map[address]object{}
	for _, sql := range []string{
		theseObjects + explainLocal,
		sharedQuery(major(tx.Conn()), theseObjects+explainShared),
	} {
		rows, err := tx.Query(ctx, sql, classes, oids, subs, self.OID)
		if err != nil {
			return nil, err
		}
		found, err := collectObjects(rows)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			if o.Known {
				out[o.address()] = o
			}
		}
	}
	return out, nil
}

// returnObjects makes the role the owner again of what the successor still owns.
func (r *restoration) returnObjects(ctx context.Context, tx pgx.Tx, was []object, now map[address]object) (int, error) {
	role, moved := r.was.Role.Name, 0
	for _, o := range was {
		if !o.owned() || o.More.Attached { // a sequence of a column follows its table
			continue
		}
		have, there := now[o.address()]
		word := ownerWords[have.Kind]
		switch {
		case !there:
			r.missing(cleanWords(o), "it was dropped", "")
			continue
		case have.Owner == role:
			continue
		case have.Owner != r.step.Successor:
			r.missing(cleanWords(o), "it belongs to "+readable(have.Owner)+" now", "")
			continue
		case word == "":
			r.missing(cleanWords(o), "PostgreSQL cannot change its owner", "")
			continue
		}
		sql := fmt.Sprintf("alter %s %s owner to %s", word, have.Identity, quote(role))
		ok, err := r.orMissing(ctx, tx, cleanWords(o), sql)
		if err != nil {
			return moved, err
		}
		if ok {
			moved++
		}
	}
	return moved, nil
}

// returnPrivileges grants what was recorded and is not there.
func (r *restoration) returnPrivileges(ctx context.Context, tx pgx.Tx, was []object, now map[address]object) (int, error) {
	known, err := r.rolesThere(ctx, tx, was)
	if err != nil {
		return 0, err
	}
	given := 0
	for _, o := range was {
		sql := r.regrants(o, now, known)
		for _, one := range sql {
			ok, err := r.orMissing(ctx, tx, cleanWords(o), one...)
			if err != nil {
				return given, err
			}
			if ok {
				given++
			}
		}
	}
	return given, nil
}

// rolesThere are those of the recorded grantors and grantees that exist.
func (r *restoration) rolesThere(ctx context.Context, tx pgx.Tx, was []object) (map[string]bool, error) {
	names := map[string]bool{}
	for _, o := range was {
		for _, e := range o.ACL {
			names[e.Grantor], names[e.Grantee] = true, true
		}
	}
	rows, err := tx.Query(ctx, `select rolname::text from pg_roles where rolname::text = any ($1::text[])`, slices.Sorted(maps.Keys(names)))
	if err != nil {
		return nil, err
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	known := map[string]bool{"": true}
	for _, n := range there {
		known[n] = true
	}
	return known, err
}

// regrants are groups of statements, each of which gives one thing back or fails
// alone.
func (r *restoration) regrants(o object, now map[address]object, known map[string]bool) [][]string {
	have, there := now[o.address()]
	switch {
	case o.Class == "pg_default_acl":
		return r.redefaults(o, known)
	case o.Class == "pg_user_mapping":
		return r.remap(o, there)
	case o.Bond == inPolicy:
		return r.repolicy(o, have, there)
	case o.Class == "pg_parameter_acl" && !there:
		// An entry that says nothing is dropped; the setting is still there.
		return r.regrantACL(o, object{Kind: o.Kind, Identity: o.Identity}, known)
	case !there:
		if !o.owned() { // what was owned was reported as dropped already
			r.missing(cleanWords(o), "it was dropped", "")
		}
		return nil
	}
	return r.regrantACL(o, have, known)
}

// regrantACL orders the missing entries so that each grantor has what it grants.
func (r *restoration) regrantACL(o, have object, known map[string]bool) [][]string {
	word := grantWords[have.Kind]
	if word == "" {
		return nil
	}
	var want []ace
	for _, e := range o.ACL {
		if r.involves(o, e) && !slices.ContainsFunc(have.ACL, e.within) {
			want = append(want, e)
		}
	}
	var out [][]string
	for len(want) > 0 {
		next := slices.IndexFunc(want, func(e ace) bool { return e.Grantor == o.Owner || mayGrant(have.ACL, e) })
		if next < 0 {
			break
		}
		e := want[next]
		want = slices.Delete(want, next, next+1)
		have.ACL = append(have.ACL, e)
		if !known[e.Grantee] || !known[e.Grantor] {
			r.missing(cleanWords(o), fmt.Sprintf("%s, and %s granted it: one of them is not there any more", everybody(e.Grantee), readable(e.Grantor)), "")
			continue
		}
		grant := e.grant(word, have)
		if e.Grantor == o.Owner {
			out = append(out, []string{grant})
		} else {
			out = append(out, []string{"set local role " + quote(e.Grantor), grant, "reset role"})
		}
	}
	for _, e := range want {
		r.missing(cleanWords(o), fmt.Sprintf("%s to %s: %s may not grant it any more", e.Privilege, everybody(e.Grantee), readable(e.Grantor)), e.grant(word, have))
	}
	return append(r.excess(o, have, word), out...)
}

// involves reports whether our steps can have ended an entry: it is the role's own,
// rests on the role's, or was melted into the successor's.
func (r *restoration) involves(o object, e ace) bool {
	role := r.was.Role.Name
	if o.owned() {
		return e.Grantee == role || e.Grantee == r.step.Successor
	}
	return e.Grantee == role || slices.Contains(o.issued(role), e)
}

// excess takes back what an owner has more than before: entries of the successor that
// came to it with the object.
func (r *restoration) excess(o, have object, word string) [][]string {
	if !o.owned() || o.ACL == nil {
		return nil
	}
	var out [][]string
	for _, e := range have.ACL {
		mine := e.Grantee == r.was.Role.Name || e.Grantee == r.step.Successor
		if !mine || slices.ContainsFunc(o.ACL, e.within) {
			continue
		}
		what, plain := e.on(have), e
		if plain.Grantable = false; slices.ContainsFunc(o.ACL, plain.within) {
			what = "grant option for " + what
		}
		out = append(out, []string{fmt.Sprintf("revoke %s on %s %s from %s", what, word, have.subject(), to(e.Grantee))})
	}
	return out
}

// within reports whether an entry is covered by another: the same with, or without
// need for, the grant option.
func (e ace) within(have ace) bool {
	return e.Grantor == have.Grantor && e.Grantee == have.Grantee && e.Privilege == have.Privilege && (have.Grantable || !e.Grantable)
}

// subject is what stands after ON TABLE: the table also where it is about a column.
func (o object) subject() string {
	if o.More.Table != "" {
		return o.More.Table
	}
	return o.Identity
}

// on is a privilege as it stands before ON: SELECT, or SELECT (name).
func (e ace) on(o object) string {
	if o.More.Column != "" {
		return e.Privilege + " (" + quote(o.More.Column) + ")"
	}
	return e.Privilege
}

func (e ace) grant(word string, o object) string {
	sql := fmt.Sprintf("grant %s on %s %s to %s", e.on(o), word, o.subject(), to(e.Grantee))
	if e.Grantable {
		sql += " with grant option"
	}
	return sql
}

// redefaults gives back default privileges. They have no lasting address: an entry
// that says nothing is dropped, so they are named by role, schema and kind.
func (r *restoration) redefaults(o object, known map[string]bool) [][]string {
	alter, on := alterDefaults(o), defaultWords[o.More.On]
	var sql []string
	if o.Bond == owns && o.More.Schema == "" {
		sql = append(sql, fmt.Sprintf("%s revoke all privileges on %s from %s, public", alter, on, quote(o.Owner)))
	}
	for _, e := range o.ACL {
		if o.Bond != owns && e.Grantee != r.was.Role.Name {
			continue
		}
		if !known[e.Grantee] {
			r.missing(cleanWords(o), readable(e.Grantee)+" is not there any more", "")
			continue
		}
		grant := fmt.Sprintf("%s grant %s on %s to %s", alter, e.Privilege, on, to(e.Grantee))
		if e.Grantable {
			grant += " with grant option"
		}
		sql = append(sql, grant)
	}
	if len(sql) == 0 {
		return nil
	}
	return [][]string{sql}
}

func (r *restoration) remap(o object, there bool) [][]string {
	switch {
	case there:
		return nil
	case len(o.More.Options) > 0:
		r.missing(cleanWords(o), "it had "+strings.Join(o.More.Options, ", ")+", which are credentials and were not recorded",
			fmt.Sprintf("CREATE USER MAPPING FOR %s SERVER %s OPTIONS (...)", quote(r.was.Role.Name), quote(o.More.Name)))
		return nil
	}
	return [][]string{{fmt.Sprintf("create user mapping if not exists for %s server %s", quote(r.was.Role.Name), quote(o.More.Name))}}
}

var policyCommands = map[string]string{"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}

func (r *restoration) repolicy(o, have object, there bool) [][]string {
	role := r.was.Role.Name
	on := quote(o.More.Name) + " on " + o.More.Table
	if there {
		if slices.Contains(have.More.Roles, role) {
			return nil
		}
		names := []string{quote(role)}
		for _, n := range have.More.Roles {
			names = append(names, quote(n))
		}
		return [][]string{{"alter policy " + quote(have.More.Name) + " on " + have.More.Table + " to " + strings.Join(names, ", ")}}
	}
	if len(o.More.Roles) > 1 {
		r.missing(cleanWords(o), "it was dropped", "")
		return nil
	}
	sql := "create policy " + on + " as restrictive"
	if o.More.Permissive {
		sql = "create policy " + on + " as permissive"
	}
	sql += " for " + policyCommands[o.More.Command] + " to " + quote(role)
	if o.More.Using != "" {
		sql += " using (" + o.More.Using + ")"
	}
	if o.More.Check != "" {
		sql += " with check (" + o.More.Check + ")"
	}
	return [][]string{{sql}}
}
