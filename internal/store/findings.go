package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/sweep"
)

// Finding is a finding on record, from the run that saw it first to the one that saw it
// gone.
type Finding struct {
	ID int64
	sweep.Finding
	sweep.Span
	FirstAt, LastAt time.Time
}

// Find records what a run found on one page, and may be repeated. What was there before
// is the same finding, with today's words.
func (t *Tx) Find(ctx context.Context, id int64, run int, found []sweep.Finding) error {
	op := fmt.Sprintf("record findings of sweep %d", id)
	n := len(found)
	if n == 0 {
		return nil
	}
	cols := map[string][]string{}
	seen := map[string]bool{}
	for _, f := range found {
		key := f.Key()
		if seen[key] {
			continue
		}
		seen[key] = true
		evidence := "{}"
		if len(f.Evidence) > 0 {
			var err error
			if evidence, err = toJSON(f.Evidence); err != nil {
				return wrap(op, err)
			}
		}
		for name, value := range map[string]string{"keys": key, "kinds": string(f.What), "connections": f.Connection, "resources": f.Resource,
			"accounts": f.Name, "hosts": f.Host, "ids": f.ForeignID, "principals": string(f.Principal), "objects": words(f.Object),
			"words": words(f.Words), "evidence": evidence} {
			cols[name] = append(cols[name], value)
		}
	}
	args := pgx.NamedArgs{"sweep": id, "run": run}
	for name, values := range cols {
		args[name] = values
	}
	_, err := t.exec(ctx, op, `
		insert into findings as f (sweep_id, key, kind, connection, resource, account, host, foreign_id, principal, object, words, evidence, first_run, last_run)
		select @sweep, n.key, n.kind, n.connection, n.resource, n.account, n.host, n.foreign_id, n.principal, n.object, n.words, n.evidence::jsonb, @run, @run
		from unnest(@keys::text[], @kinds::text[], @connections::text[], @resources::text[], @accounts::text[], @hosts::text[], @ids::text[],
		            @principals::text[], @objects::text[], @words::text[], @evidence::text[])
		     as n(key, kind, connection, resource, account, host, foreign_id, principal, object, words, evidence)
		order by n.key -- two runs never wait for each other
		on conflict (sweep_id, key) where gone_run is null do update set
		    foreign_id = excluded.foreign_id, words = excluded.words, evidence = excluded.evidence, last_run = excluded.last_run, last_at = now()
		where f.last_run <= excluded.last_run`, args)
	return err
}

// FindingFilter narrows a list of findings.
type FindingFilter struct {
	Sweep int64
	Run   int         // how things stood in this run
	State sweep.State // only these; empty: new, still and unseen
	What  sweep.What
	After int64 // the number of the last finding of the page before
	Limit int
}

// stateOf is Span.At in SQL.
const stateOf = `case when @run < first_run or @run > gone_run then '' when @run = gone_run then 'gone'
	when @run = first_run then 'new' when @run <= last_run then 'still' else 'unseen' end`

// Findings are a page of what stood in a run, in the order in which it was first found.
// The filter's limit is at most so many; zero means all.
func (q queries) Findings(ctx context.Context, f FindingFilter) ([]Finding, error) {
	return collect(ctx, q.db, fmt.Sprintf("findings of sweep %d", f.Sweep), scanFinding, `
		select id, kind, connection, resource, account, host, foreign_id, principal, object, words, evidence, first_run, last_run, coalesce(gone_run, 0), first_at, last_at
		from findings
		where sweep_id = @sweep and id > @after and (@kind = '' or kind = @kind)
		  and (@state = '' and `+stateOf+` in ('new', 'still', 'unseen') or @state <> '' and `+stateOf+` = @state)
		order by id limit nullif(@limit::bigint, 0)`,
		pgx.NamedArgs{"sweep": f.Sweep, "run": f.Run, "state": string(f.State), "kind": string(f.What), "after": f.After, "limit": f.Limit})
}

func scanFinding(row pgx.CollectableRow) (f Finding, err error) {
	var evidence []byte
	if err := row.Scan(&f.ID, &f.What, &f.Connection, &f.Resource, &f.Name, &f.Host, &f.ForeignID, &f.Principal, &f.Object, &f.Words, &evidence,
		&f.First, &f.Last, &f.Gone, &f.FirstAt, &f.LastAt); err != nil {
		return f, err
	}
	f.Evidence, err = fromJSON[map[string]string](evidence)
	return f, err
}

// CountFindings counts what stood in a run, by kind and state.
func (q queries) CountFindings(ctx context.Context, id int64, run int) (map[sweep.What]map[sweep.State]int64, error) {
	op := fmt.Sprintf("count the findings of sweep %d", id)
	rows, err := q.db.Query(ctx, `
		select kind, state, count(*) from (select kind, `+stateOf+` as state from findings where sweep_id = @sweep) as standing
		where state <> '' group by kind, state`, pgx.NamedArgs{"sweep": id, "run": run})
	if err != nil {
		return nil, wrap(op, err)
	}
	out := map[sweep.What]map[sweep.State]int64{}
	var what sweep.What
	var state sweep.State
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&what, &state, &n}, func() error {
		if out[what] == nil {
			out[what] = map[sweep.State]int64{}
		}
		out[what][state] = n
		return nil
	})
	return out, wrap(op, err)
}
