package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Look asks for one role by name, and in every database where pg_shdepend says that
// something names it. When there is no such role it looks for what is left of the
// oid. It has connections of its own, which are opened after our last act on the
// role and are seconds old at most.
func (s *Server) Look(ctx context.Context, ref access.Ref) (access.Sighting, error) {
	op := op("look at", ref, "")
	if err := checkName("role", ref.Name); err != nil {
		return access.Sighting{}, refuse(op, err)
	}
	var oid int64
	if ref.ForeignID != "" {
		t, err := planned(op, ref)
		if err != nil {
			return access.Sighting{}, err
		}
		oid = t.oid
	}
	var f facts
	err := s.conns.look(ctx, oid, s.home, func(conn *kept) (err error) {
		f, err = askServer(ctx, conn.Conn, ref, oid)
		f.opened = conn.opened
		return err
	})
	if err != nil {
		return access.Sighting{}, s.classified(op, err)
	}
	if f.found.byName == nil {
		return s.absent(ref, oid, f), nil
	}
	v := view{role: *f.found.byName, objects: f.shared}
	if err := s.askDatabases(ctx, f, &v); err != nil {
		return access.Sighting{}, s.classified(op, err)
	}
	return s.present(f, v), nil
}

// facts are what one connection can tell about a role: all that is in the shared
// catalogs.
type facts struct {
	version  int
	opened   time.Time
	standby  bool
	database string
	login    string
	at       string
	found    namesakes
	password *bool
	places   []place
	shared   []object
	members  []membership
	settings []setting
	reach    [][2]string
	sessions int
	orphans  int // sessions of roles that are gone
	prepared []prepared
}

// place is a database in which something names the role.
type place struct {
	Name     string
	Open     bool // takes connections
	MayEnter bool // from us
	Rows     int
}

// prepared is a transaction that PREPARE TRANSACTION left behind.
type prepared struct{ GID, Database string }

const aboutServer = `
select pg_is_in_recovery(), current_database()::text, session_user::text,
       to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       has_table_privilege('pg_authid', 'select')`

// placesOf counts what names the role $1, by database. What is the server's own has
// no name. Before 15, "p" marks a built-in role and names nothing.
const placesOf = `
select case when s.dbid = 0 then '' else coalesce(d.datname::text, 'with oid ' || s.dbid) end, coalesce(d.datallowconn, false),
       coalesce(has_database_privilege(d.oid, 'CONNECT'), false), s.n::int
from (select dbid, count(*) as n from pg_shdepend
       where refclassid = 'pg_authid'::regclass and refobjid = $1::int8::oid and classid <> 'pg_auth_members'::regclass and deptype <> 'p'
       group by dbid) s
     left join pg_database d on d.oid = s.dbid
order by 1`

// collectPlaces also tells whether something of the server itself names the role.
func collectPlaces(rows pgx.Rows) (places []place, shared bool, err error) {
	places, err = pgx.CollectRows(rows, pgx.RowToStructByPos[place])
	if len(places) > 0 && places[0].Name == "" {
		return places[1:], true, err
	}
	return places, false, err
}

const preparedBy = `
select gid, database::text from pg_prepared_xacts where owner = $1::text::name order by 1`

// askServer reads the shared catalogs in two round trips, or three when something of
// the server itself names the role.
func askServer(ctx context.Context, conn *pgx.Conn, ref access.Ref, oid int64) (facts, error) {
	f := facts{version: major(conn)}
	var mayRead bool
	var first pgx.Batch
	first.Queue(aboutServer).QueryRow(func(row pgx.Row) error {
		return row.Scan(&f.standby, &f.database, &f.login, &f.at, &mayRead)
	})
	first.Queue(roleByNameOrID, ref.Name, oid).Query(func(rows pgx.Rows) (err error) {
		f.found, err = readNamesakes(rows, ref)
		return err
	})
	first.Queue(preparedBy, ref.Name).Query(func(rows pgx.Rows) (err error) {
		f.prepared, err = pgx.CollectRows(rows, pgx.RowToStructByPos[prepared])
		return err
	})
	if err := conn.SendBatch(ctx, &first).Close(); err != nil {
		return f, err
	}
	if f.found.byName != nil {
		oid = f.found.byName.OID
	}
	return f, f.askAbout(ctx, conn, oid, mayRead)
}

func (f *facts) askAbout(ctx context.Context, conn *pgx.Conn, oid int64, mayRead bool) error {
	var shared bool
	var b pgx.Batch
	b.Queue(placesOf, oid).Query(func(rows pgx.Rows) (err error) {
		f.places, shared, err = collectPlaces(rows)
		return err
	})
	b.Queue(sessionCount, oid).QueryRow(func(row pgx.Row) error { return row.Scan(&f.sessions) })
	if oid == 0 {
		b.Queue(orphanCount).QueryRow(func(row pgx.Row) error { return row.Scan(&f.orphans) })
	}
	b.Queue(membershipsOf, oid).Query(func(rows pgx.Rows) (err error) {
		f.members, err = collectMemberships(rows)
		return err
	})
	if f.found.byName != nil {
		b.Queue(settingsOf, oid).Query(func(rows pgx.Rows) (err error) {
			f.settings, err = pgx.CollectRows(rows, pgx.RowToStructByPos[setting])
			return err
		})
		b.Queue(reachable, oid).Query(func(rows pgx.Rows) (err error) {
			f.reach, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (pair [2]string, err error) {
				err = row.Scan(&pair[0], &pair[1])
				return pair, err
			})
			return err
		})
		if mayRead {
			b.Queue(`select rolpassword is not null from pg_authid where oid = $1::int8::oid`, oid).QueryRow(func(row pgx.Row) error {
				return row.Scan(&f.password)
			})
		}
	}
	if err := conn.SendBatch(ctx, &b).Close(); err != nil || !shared {
		return err
	}
	rows, err := conn.Query(ctx, sharedQuery(f.version, sharedObjects), oid)
	if err != nil {
		return err
	}
	f.shared, err = collectObjects(rows)
	return err
}

// view is everything that was seen of a role that exists.
type view struct {
	role    role
	objects []object
	gaps    []access.Gap
}

// askDatabases reads, side by side, every database that names the role.
func (s *Server) askDatabases(ctx context.Context, f facts, v *view) error {
	found := make([][]object, len(f.places))
	errs := make([]error, len(f.places))
	var all provider.Together
	for i, p := range f.places {
		if gap, closed := p.closed(s.conns.dsn.User); closed {
			v.gaps = append(v.gaps, gap)
			continue
		}
		all.Go(func() {
			errs[i] = s.conns.look(ctx, v.role.OID, p.Name, func(conn *kept) error {
				rows, err := conn.Query(ctx, localObjects, v.role.OID, true)
				if err != nil {
					return err
				}
				found[i], err = collectObjects(rows)
				return err
			})
		})
	}
	all.Wait()
	for i, p := range f.places {
		// A database that turns us away is a gap; a server that does not answer is an error.
		if err := errs[i]; err != nil {
			if !turnedAway(err) {
				return err
			}
			v.gaps = append(v.gaps, access.Gap{Object: "database " + readable(p.Name), Why: s.hide(err.Error()),
				Remedy: "let our login connect to it: GRANT CONNECT and pg_hba.conf"})
		}
		v.objects = append(v.objects, found[i]...)
	}
	return nil
}

// turnedAway reports whether a server that lives let us not into one database.
func turnedAway(err error) bool {
	if _, dialing := errors.AsType[*pgconn.ConnectError](err); !dialing {
		return false
	}
	c := code(err)
	return c == "42501" || c == "55000" || c == "3D000" || strings.HasPrefix(c, "28")
}

// closed is the gap of a database that cannot be entered.
func (p place) closed(login string) (access.Gap, bool) {
	gap := access.Gap{Object: "database " + readable(p.Name)}
	what := fmt.Sprintf("it holds %d entries that name this role", p.Rows)
	switch {
	case !p.Open:
		gap.Why = what + " and takes no connections"
		gap.Remedy = fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS true", quote(p.Name))
	case !p.MayEnter:
		gap.Why = what + " and our login may not connect to it"
		gap.Remedy = fmt.Sprintf("GRANT CONNECT ON DATABASE %s TO %s", quote(p.Name), quote(login))
	default:
		return gap, false
	}
	return gap, true
}

// present is the sighting of a role that exists.
func (s *Server) present(f facts, v view) access.Sighting {
	r := v.role
	a := s.account(r)
	a.Grants = append(attributeGrants(r), membershipGrants(r.Name, f.login, f.members)...)
	record := make([]object, 0, len(v.objects))
	for _, o := range v.objects {
		a.Grants = append(a.Grants, o.grants(r.Name)...)
		record = append(record, o.hers(r.Name))
		if !o.explained(r.Name) {
			v.gaps = append(v.gaps, access.Gap{Object: cleanWords(o), Why: "pg_shdepend says that it names this role, and nothing that we can read says how",
				Remedy: "look at it by hand; it may have changed just now"})
		}
	}
	for _, p := range f.prepared {
		a.Grants = append(a.Grants, access.Grant{Kind: access.Ownership, Database: p.Database, Extent: access.ExtentDatabase,
			Object: "prepared transaction " + literal(p.GID), Privilege: "whatever it did"})
	}
	slices.SortStableFunc(a.Grants, compareGrants)
	s.describe(&a, f)
	a.Snapshot = snapshot{Version: snapshotVersion, Role: r, Password: f.password, Settings: f.settings,
		Memberships: slices.DeleteFunc(f.members, func(m membership) bool { return m.noted(r.Name) }), Objects: record}.bytes()
	v.gaps = append(v.gaps, f.gaps()...)
	return access.Sighting{
		Exists:   true,
		Account:  a,
		Sessions: f.sessions,
		Gaps:     v.gaps,
		Asked:    f.asked(r.Name, r.OID),
		Answered: fmt.Sprintf("role %s exists with oid %d, %s; %d grants in %d databases, %d sessions",
			readable(r.Name), r.OID, loginWord(r), len(a.Grants), len(f.places), f.sessions),
	}
}

func cleanWords(o object) string {
	if o.Kind != "" {
		return o.words() + " in database " + readable(o.Database)
	}
	return fmt.Sprintf("%s with oid %d in database %s", o.Class, o.OID, readable(o.Database))
}

func loginWord(r role) string {
	if r.Login {
		return "may log in"
	}
	return "may not log in"
}

// describe adds what a person wants to know and no step depends on.
func (s *Server) describe(a *access.Account, f facts) {
	switch {
	case f.password == nil:
		a.Attributes["password"] = "unknown: our login may not read pg_authid"
	case *f.password:
		a.Attributes["password"] = "set"
	default:
		a.Attributes["password"] = "none"
	}
	var names []string
	for _, in := range f.settings {
		for _, v := range in.Values {
			name, _, _ := strings.Cut(v, "=")
			if in.Database != "" {
				name += " in " + readable(in.Database)
			}
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		a.Attributes["settings"] = strings.Join(names, ", ")
	}
	var ways []string
	for _, r := range f.reach {
		ways = append(ways, readable(r[0])+" through "+readable(r[1]))
	}
	if len(ways) > 0 {
		a.Attributes["reaches"] = strings.Join(ways, ", ")
	}
	if notes := grantorNotes(a.Name, f.members); len(notes) > 0 {
		a.Attributes["noted as grantor"] = shortList(notes)
	}
}

// gaps are what makes every answer of this connection doubtful.
func (f facts) gaps() []access.Gap {
	if !f.standby {
		return nil
	}
	return []access.Gap{{Object: "server", Why: "it is a standby; what it shows may be old", Remedy: "point the URL at the primary"}}
}

func (f facts) asked(name string, oid int64) string {
	return fmt.Sprintf("pg_roles for name %s, pg_shdepend and pg_stat_activity for oid %d, on %s",
		literal(name), oid, f.line())
}

// line says where and when something was seen.
func (f facts) line() string {
	return fmt.Sprintf("a connection that only looks, opened %s as %s to %s (PostgreSQL %d), at %s",
		f.opened.UTC().Format("2006-01-02T15:04:05.000Z"), readable(f.login), readable(f.database), f.version, f.at)
}

// absent is the sighting of a role that is not there by name.
func (s *Server) absent(ref access.Ref, oid int64, f facts) access.Sighting {
	out := access.Sighting{Gaps: f.gaps()}
	if oid == 0 {
		out.Asked = fmt.Sprintf("pg_roles for name %s, on %s", literal(ref.Name), f.line())
		out.Answered = "no such role; its oid is not known, so nothing was looked for by oid"
		if f.orphans > 0 {
			out.Gaps = append(out.Gaps, access.Gap{Object: "sessions", Remedy: endOrphans,
				Why: fmt.Sprintf("%d sessions live on of roles that were dropped, and whose they are cannot be told any more", f.orphans)})
		}
		return out
	}
	out.Sessions = f.sessions
	if r := f.found.byID; r != nil {
		out.Residue = append(out.Residue, fmt.Sprintf("role %s: it has the oid %d of %s, which was renamed", readable(r.Name), oid, readable(ref.Name)))
	}
	for _, p := range f.places {
		out.Residue = append(out.Residue, fmt.Sprintf("database %s: %d entries of pg_shdepend", readable(p.Name), p.Rows))
	}
	for _, o := range f.shared {
		out.Residue = append(out.Residue, o.words())
	}
	for _, m := range f.members {
		if m.Inherit == nil {
			continue // before 16 a grantor that is gone is a note of who it was
		}
		out.Residue = append(out.Residue, fmt.Sprintf("membership of %s in %s, granted by %s", readable(m.Member), readable(m.Role), readable(m.Grantor)))
	}
	for _, p := range f.prepared {
		out.Residue = append(out.Residue, "prepared transaction "+literal(p.GID)+" in database "+readable(p.Database))
	}
	out.Asked = f.asked(ref.Name, oid)
	out.Answered = fmt.Sprintf("no such role, %d entries of pg_shdepend, %d sessions", entries(f), f.sessions)
	if len(out.Residue) > 0 {
		out.Answered += "; left: " + strings.Join(out.Residue, ", ")
	}
	return out
}

// endOrphans is what a person can do about sessions of roles that are gone.
const endOrphans = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IS NULL AND usesysid <> 0"

func entries(f facts) int {
	n := len(f.shared)
	for _, p := range f.places {
		n += p.Rows
	}
	return n
}
