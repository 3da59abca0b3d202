package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
)

// column is a column of one of our tables.
type column struct{ table, name, kind string }

// columns are all columns of a table, as the database knows them: one that is added
// later is tampered with as well.
func columns(t *testing.T, conn *pgx.Conn, table string) []column {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		select $1::text, attname::text, format_type(atttypid, null) from pg_attribute
		where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum`, table)
	require.NoError(t, err)
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c column, err error) {
		return c, row.Scan(&c.table, &c.name, &c.kind)
	})
	require.NoError(t, err)
	require.NotEmpty(t, out)
	return out
}

// another is an expression with a value that the column does not have.
func (c column) another() string {
	switch c.kind {
	case "bigint", "integer":
		return c.name + " + 1000"
	case "timestamp with time zone":
		return c.name + " + interval '1 microsecond'"
	case "jsonb":
		return c.name + ` || '{"tampered": true}'`
	}
	return fmt.Sprintf("overlay(%s placing case left(%[1]s, 1) when '7' then '8' else '7' end from 1 for 1)", c.name)
}

// trail is a world whose audit trail has two chains and two checkpoints, with the
// guards of the database taken away as the owner of its tables can.
type trail struct {
	*world
	s       *Store
	conn    *pgx.Conn
	outside []audit.Checkpoint
}

func newTrail(t *testing.T) *trail {
	t.Helper()
	w, s := open(t)
	file := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	checkpoint := func() {
		c, err := s.AddCheckpoint(t.Context(), testKey(1), noon)
		require.NoError(t, err)
		require.NoError(t, audit.AppendCheckpoint(file, c))
	}
	newCase(t, s, "c1", "E1")
	for i := range 4 {
		appendAll(t, s, event("c1", fmt.Sprint("k", i)), event(audit.House, fmt.Sprint("h", i)))
	}
	checkpoint()
	checkpoint() // nothing grew: nothing is written
	for i := range 3 {
		appendAll(t, s, event("c1", fmt.Sprint("later", i)))
	}
	checkpoint()
	appendAll(t, s, event("c1", "uncovered"))
	outside, err := audit.ReadCheckpoints(file)
	require.NoError(t, err)
	require.Len(t, outside, 2)

	tr := &trail{world: w, s: s, conn: connect(t, w.owner), outside: outside}
	tr.exec(t, `alter table audit_events disable trigger user; alter table audit_heads disable trigger user;
		alter table checkpoints disable trigger user; alter table checkpoint_heads disable trigger user`)
	require.Empty(t, tr.verify(t).Findings)
	return tr
}

func (tr *trail) exec(t *testing.T, sql string) {
	t.Helper()
	_, err := tr.conn.Exec(t.Context(), sql)
	require.NoError(t, err, sql)
}

func (tr *trail) verify(t *testing.T) audit.Report {
	t.Helper()
	report, err := tr.s.VerifyAudit(t.Context(), keysOf(testKey(1)), tr.outside)
	require.NoError(t, err)
	return report
}

// tampered runs statements, verifies what they left, and takes them back.
func (tr *trail) tampered(t *testing.T, sql string) []audit.Finding {
	t.Helper()
	tx, err := tr.conn.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(t.Context())
	_, err = tx.Exec(t.Context(), sql)
	require.NoError(t, err, sql)
	book, err := queries{tx}.book(t.Context())
	require.NoError(t, err)
	book.Keys, book.Outside = keysOf(testKey(1)), tr.outside
	return audit.VerifyAll(book).Findings
}

// Every column of every row, changed one at a time, is found, and located in its
// chain at its row.
func TestEveryColumnOfEveryRowIsWatched(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	tr.exec(t, constraintsGone)
	require.Empty(t, tr.tampered(t, "select"))
	tested := 0
	for _, c := range columns(t, tr.conn, "audit_events") {
		for _, row := range []struct {
			chain string
			seq   int
		}{{"c1", 1}, {"c1", 2}, {"c1", 3}, {"c1", 4}, {"c1", 5}, {"c1", 6}, {"c1", 7}, {"c1", 8}, {"house", 1}, {"house", 2}, {"house", 3}, {"house", 4}} {
			findings := tr.tampered(t, fmt.Sprintf("update audit_events set %s = %s where chain = '%s' and seq = %d", c.name, c.another(), row.chain, row.seq))
			require.NotEmpty(t, findings, "%v of %v", c, row)
			located := false
			for _, f := range findings {
				located = located || f.Chain == row.chain && f.Seq == int64(row.seq)
			}
			require.True(t, located, "%v of %v: %v", c, row, findings)
			tested++
		}
	}
	require.Equal(t, 14*12, tested)
	for _, c := range []struct{ table, chain, seq string }{
		{"audit_heads", "chain", "(seq)"}, {"checkpoints", "'checkpoints'", "no"}, {"checkpoint_heads", "'checkpoints'", "no"},
	} {
		for _, col := range columns(t, tr.conn, c.table) {
			var rows int
			require.NoError(t, tr.conn.QueryRow(t.Context(), "select count(*) from "+c.table).Scan(&rows))
			require.NotZero(t, rows)
			for i := range rows {
				one := fmt.Sprintf("(select ctid from %s order by ctid offset %d limit 1)", c.table, i)
				var chain string
				var seq int64
				require.NoError(t, tr.conn.QueryRow(t.Context(), fmt.Sprintf("select %s, %s from %s where ctid = %s", c.chain, c.seq, c.table, one)).Scan(&chain, &seq))
				sql := fmt.Sprintf("update %s set %s = %s where ctid = %s", c.table, col.name, col.another(), one)
				findings := tr.tampered(t, sql)
				located := slices.ContainsFunc(findings, func(f audit.Finding) bool {
					return f.Chain == chain && (f.Seq == seq || c.table == "audit_heads" && f.Seq == seq+1) // a head that is ahead names a row that is gone
				})
				require.True(t, located, "%s: %v", sql, findings)
			}
		}
	}
}

// Rows that somebody forged with the hashes of the whole chain made to fit, and its head
// too, are found by the checkpoints, up to the last row that one of them covers.
func TestForgedChainsAreFound(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	tr.exec(t, constraintsGone)
	var rows []audit.Row
	for r, err := range tr.s.Events(t.Context(), "c1", 1) {
		require.NoError(t, err)
		rows = append(rows, r)
	}
	const covered = 7
	require.Len(t, rows, covered+1)
	for i := range rows {
		forged := audit.Row{Event: event("c1", "forged")}
		swapped := slices.Clone(rows)
		if i > 0 {
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
		}
		changed := slices.Clone(rows)
		changed[i].Actor = "mallory"
		for name, c := range map[string]struct {
			rows []audit.Row
			from int // the first row that differs
		}{
			"deleted":  {slices.Delete(slices.Clone(rows), i, i+1), i + 1},
			"inserted": {slices.Insert(slices.Clone(rows), i, forged), i + 1},
			"swapped":  {swapped, max(i, 1)},
			"changed":  {changed, i + 1},
			"cut off":  {rows[:i], i + 1},
		} {
			if name == "swapped" && i == 0 {
				continue
			}
			findings := tr.rewritten(t, "c1", c.rows)
			if c.from > covered {
				require.Empty(t, findings, "no checkpoint covers row %d: this cannot be seen", c.from)
				continue
			}
			located := slices.ContainsFunc(findings, func(f audit.Finding) bool { return f.Chain == "c1" && f.Seq >= int64(c.from) && f.Seq <= covered+1 })
			require.True(t, located, "%s at %d: %v", name, i+1, findings)
		}
	}
}

// rewritten puts other rows in place of a chain, all hashes and the head made to fit,
// verifies that, and takes it back.
func (tr *trail) rewritten(t *testing.T, chain string, rows []audit.Row) []audit.Finding {
	t.Helper()
	tx, err := tr.conn.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(t.Context())
	_, err = tx.Exec(t.Context(), "delete from audit_events where chain = $1", chain)
	require.NoError(t, err)
	head := audit.Head{Chain: chain, Hash: audit.Genesis}
	sealed := make([]audit.Row, len(rows))
	for i, r := range rows {
		sealed[i], err = audit.Seal(head.Hash, int64(i+1), r.Event)
		require.NoError(t, err)
		head = sealed[i].Head()
	}
	_, err = tx.Exec(t.Context(), "update audit_heads set seq = 0, hash = $2 where chain = $1", chain, audit.Genesis)
	require.NoError(t, err)
	forger := Tx{queries: queries{tx}, tx: tx}
	require.NoError(t, forger.insertRows(t.Context(), sealed, map[string]audit.Head{chain: head}))
	book, err := queries{tx}.book(t.Context())
	require.NoError(t, err)
	book.Keys, book.Outside = keysOf(testKey(1)), tr.outside
	return audit.VerifyAll(book).Findings
}

// constraintsGone takes away what would refuse to hold tampered rows.
const constraintsGone = `
	do $$ declare c record; begin
	    for c in select conrelid::regclass as t, conname from pg_constraint
	             where conrelid in ('audit_events'::regclass, 'audit_heads'::regclass, 'checkpoint_heads'::regclass, 'checkpoints'::regclass)
	             order by contype = 'p', contype = 'u'
	    loop execute format('alter table %s drop constraint %I', c.t, c.conname); end loop;
	end $$`

func TestTamperingIsFoundAndLocated(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	tr.exec(t, constraintsGone)
	for name, c := range map[string]struct{ sql, want string }{
		"row deleted": {`delete from audit_events where chain = 'c1' and seq = 3`, "c1 3 missing"},
		"row deleted, others renumbered": {`delete from audit_events where chain = 'c1' and seq = 3;
			update audit_events set seq = seq - 1 where chain = 'c1' and seq > 3; update audit_heads set seq = seq - 1 where chain = 'c1'`,
			"c1 3 missing, c1 4 changed"}, // and the checkpoint saw another row 4
		"row inserted": {`update audit_events set seq = seq + 1 where chain = 'c1' and seq > 7; update audit_heads set seq = seq + 1 where chain = 'c1';
			insert into audit_events select chain, 8, 'forged', at, kind, actor, object, attempt, outcome, words, request_id, data, hash, hash
			from audit_events where chain = 'c1' and seq = 7`, "c1 8 changed, c1 8 inserted"},
		"rows swapped": {`update audit_events set seq = 13 - seq where chain = 'c1' and seq in (6, 7)`, "c1 6 reordered, c1 7 changed, c1 7 reordered"},
		"row moved to another chain": {`update audit_events set chain = 'house', seq = 5 where chain = 'c1' and seq = 8`,
			"c1 8 truncated, house 5 changed, house 5 inserted"},
		"a time that is no time":   {`update audit_events set at = 'infinity' where chain = 'c1' and seq = 8`, "c1 8 changed"},
		"a number in another form": {`update audit_events set data = '{"plan": 1.0, "list": ["a"]}' where chain = 'c1' and seq = 8`, "c1 8 changed"},
		"data that is no object":   {`update audit_events set data = 'null' where chain = 'c1' and seq = 8`, "c1 8 changed"},
		"tail cut off":             {`delete from audit_events where chain = 'c1' and seq > 6`, "c1 7 truncated"},
		"tail and head cut off": {`delete from audit_events where chain = 'c1' and seq > 6;
			update audit_heads h set (seq, hash) = (select seq, hash from audit_events e where e.chain = 'c1' and seq = 6) where chain = 'c1'`, "c1 7 truncated"},
		"chain and head gone": {`delete from audit_events where chain = 'house'; delete from audit_heads where chain = 'house'`, "house 1 truncated"},
		"everything gone":     {`delete from audit_events; delete from audit_heads; delete from checkpoint_heads; delete from checkpoints`, "checkpoints 1 truncated, checkpoints 2 truncated, c1 1 truncated, house 1 truncated"},
		"an older copy of all": {`delete from audit_events where chain = 'c1' and seq > 4; delete from checkpoint_heads where no > 1; delete from checkpoints where no > 1;
			update audit_heads h set (seq, hash) = (select seq, hash from audit_events e where e.chain = 'c1' and seq = 4) where chain = 'c1'`,
			"checkpoints 2 truncated, c1 5 truncated"},
		"head gone":            {`delete from audit_heads where chain = 'house'`, "house 4 missing"},
		"checkpoint gone":      {`delete from checkpoint_heads where no = 2; delete from checkpoints where no = 2`, "checkpoints 2 truncated"},
		"line of a checkpoint": {`delete from checkpoint_heads where no = 1 and chain = 'house'`, "checkpoints 1 changed"},
	} {
		got := []string{}
		for _, f := range tr.tampered(t, c.sql) {
			got = append(got, fmt.Sprintf("%s %d %s", f.Chain, f.Seq, f.What))
		}
		require.Equal(t, c.want, strings.Join(got, ", "), name)
	}
}

func TestCheckpoints(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	none, err := s.AddCheckpoint(t.Context(), testKey(1), noon)
	require.NoError(t, err)
	require.Equal(t, audit.Checkpoint{}, none)

	appendAll(t, s, event("a", "k1"), event("b", "k1"))
	one, err := s.AddCheckpoint(t.Context(), testKey(1), noon.Add(time.Nanosecond))
	require.NoError(t, err)
	require.Len(t, one.Heads, 2)
	again, err := s.AddCheckpoint(t.Context(), testKey(1), noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, one, again, "nothing grew")

	appendAll(t, s, event("b", "k2"))
	two, err := s.AddCheckpoint(t.Context(), testKey(2), noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 2, two.No)
	require.Equal(t, one.Hash, two.Prev)
	require.Len(t, two.Heads, 1)
	all, err := s.Checkpoints(t.Context())
	require.NoError(t, err)
	require.Equal(t, []audit.Checkpoint{one, two}, all)

	report, err := s.VerifyAudit(t.Context(), keysOf(testKey(1), testKey(2)), all)
	require.NoError(t, err)
	require.Equal(t, audit.Report{Chains: 2, Rows: 3, Checkpoints: 2, Findings: []audit.Finding{}}, report)
	report, err = s.VerifyAudit(t.Context(), keysOf(testKey(1)), nil)
	require.NoError(t, err)
	require.Len(t, report.Findings, 1, "signed by a key that is not ours")

	file := filepath.Join(t.TempDir(), "c.jsonl")
	require.NoError(t, audit.AppendCheckpoint(file, all...))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(text), "\n"))
}
