package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// lane is one connection of a run of a sweep, by the records.
type lane struct {
	Sweep         string
	Run           int
	Result        string // of the run
	Opened, Taken int    // cases: that the run says it opened, and that are on record
	Connection    string
	State         string
	Began, Ended  time.Time
	SaidUnknown   bool // there is a finding that nothing is known of it
	Lanes, Listed int  // of the run
}

func (l lane) String() string { return fmt.Sprintf("run %d of %s, %s", l.Run, l.Sweep, l.Connection) }

// finding is what the enforcing sweep found of an account.
type finding struct {
	Kind, Connection, Account, Host, Principal string
	First, Last, Gone                          int
}

// presence is an account of somebody who has left, and when it was certainly there.
type presence struct {
	principal, on, account, host string
	from, until                  time.Time // no end: it was there when the judge came
}

// truthfulRuns holds what runs say of themselves against how their connections ended.
func truthfulRuns(lanes []lane) (wrong []string) {
	for _, l := range lanes {
		want := "partial"
		switch l.Listed {
		case l.Lanes:
			want = "complete"
		case 0:
			want = "failed"
		}
		switch {
		case l.Result == "":
			wrong = append(wrong, l.String()+": it has not ended")
		case l.State != "listed" && l.State != "unknown":
			wrong = append(wrong, fmt.Sprintf("%s: it ended %s, and the connection is %s", l, l.Result, l.State))
		case l.Result != want:
			wrong = append(wrong, fmt.Sprintf("%s: it ended %s, with %d of %d connections listed", l, l.Result, l.Listed, l.Lanes))
		case l.State == "unknown" && !l.SaidUnknown:
			wrong = append(wrong, l.String()+": unknown, and no finding says so")
		case l.Opened != l.Taken:
			wrong = append(wrong, fmt.Sprintf("%s: it says that it opened %d cases, and %d are on record", l, l.Opened, l.Taken))
		}
	}
	return wrong
}

// saw reports whether a run claims to have listed an account that was there all the while.
func (l lane) saw(p presence) bool {
	return l.State == "listed" && p.on == l.Connection && !l.Began.Before(p.from) && (p.until.IsZero() || !l.Ended.After(p.until))
}

// unfound are accounts that a run claims to have seen, and has no finding about.
func unfound(lanes []lane, there []presence, found []finding) (wrong []string) {
	for _, l := range lanes {
		for _, p := range there {
			if !l.saw(p) {
				continue
			}
			if !slices.ContainsFunc(found, func(f finding) bool {
				return f.Kind == "left" && f.Connection == p.on && f.Account == p.account && f.Host == p.host && f.Principal == p.principal &&
					f.First <= l.Run && l.Run <= f.Last && (f.Gone == 0 || f.Gone > l.Run)
			}) {
				wrong = append(wrong, fmt.Sprintf("%s: listed, and %s of %s was there and is not found", l, p.account, p.principal))
			}
		}
	}
	return wrong
}

// innocent are findings that somebody has left who has not.
func innocent(found []finding, left []string) (wrong []string) {
	for _, f := range found {
		if f.Kind == "left" && !slices.Contains(left, f.Principal) {
			wrong = append(wrong, fmt.Sprintf("found as having left: %s, who has %s/%s", f.Principal, f.Connection, f.Account))
		}
	}
	return wrong
}

// sweepTally is what the judge of sweeps had to go by: with none of it there is nothing to say.
type sweepTally struct{ listed, unknown, held int }

func (t *sweepTally) add(l lane, there []presence) {
	if l.State == "listed" {
		t.listed++
	} else {
		t.unknown++
	}
	for _, p := range there {
		if l.Sweep == enforcing && l.saw(p) {
			t.held++
		}
	}
}

func (t sweepTally) String() string {
	if t == (sweepTally{}) {
		return ""
	}
	return fmt.Sprintf("sweeps listed %d, missed %d, were held to %d accounts; ", t.listed, t.unknown, t.held)
}

// judgeSweeps asks the records what the sweeps of a seed did, and holds it against what
// was planted.
func (s *stage) judgeSweeps(ctx context.Context) (wrong []string) {
	if !s.sweeps() {
		return nil
	}
	// One that was asked for as everything broke may begin only now.
	limit, cancel := context.WithTimeout(ctx, caseLimit)
	defer cancel()
	all, err := s.lanes(ctx)
	for err == nil && slices.ContainsFunc(all, func(l lane) bool { return l.Result == "" }) && pause(limit, 100*time.Millisecond) == nil {
		all, err = s.lanes(ctx)
	}
	if err != nil {
		return append(wrong, "the judge of sweeps could not look: "+err.Error())
	}
	wrong = append(wrong, truthfulRuns(all)...)
	found, err := queried[finding](ctx, s.w.recordsURL, `
		select f.kind, f.connection, f.account, f.host, f.principal, f.first_run, f.last_run, coalesce(f.gone_run, 0)
		from sever.findings f join sever.sweeps s on s.id = f.sweep_id where s.name = $1 and f.last_run > $2`, enforcing, s.ranBefore[enforcing])
	if err != nil {
		return append(wrong, "the judge of sweeps could not look: "+err.Error())
	}
	there, err := s.presences(ctx)
	if err != nil {
		return append(wrong, "the judge of sweeps could not look: "+err.Error())
	}
	for _, l := range all {
		s.swept.add(l, there)
	}
	enforced := slices.DeleteFunc(all, func(l lane) bool { return l.Sweep != enforcing })
	wrong = append(wrong, unfound(enforced, there, found)...)
	wrong = append(wrong, innocent(found, s.sweptOf())...)
	return append(wrong, s.casesOfSweeps(ctx)...)
}

// lanes are the connections of each run of a sweep since the seed began.
func (s *stage) lanes(ctx context.Context) (all []lane, err error) {
	for name, before := range s.ranBefore {
		lanes, err := queried[lane](ctx, s.w.recordsURL, `
			select s.name, r.no, r.result, r.opened, (select count(*) from sever.sweep_cases k join sever.cases c on c.id = k.case_id where k.sweep_id = s.id and k.run = r.no),
			       l.connection, l.state, r.started_at, coalesce(l.ended_at, clock_timestamp()),
			       exists (select from sever.findings f where f.sweep_id = s.id and f.kind = 'unknown' and f.connection = l.connection and f.account = ''
			           and f.first_run <= r.no and r.no <= f.last_run),
			       count(*) over run, count(*) filter (where l.state = 'listed') over run
			from sever.sweeps s join sever.sweep_runs r on r.sweep_id = s.id join sever.sweep_lanes l on l.sweep_id = s.id and l.run = r.no
			where s.name = $1 and r.no > $2 window run as (partition by r.sweep_id, r.no) order by r.no, l.connection`, name, before)
		if err != nil {
			return nil, err
		}
		all = append(all, lanes...)
	}
	return all, nil
}

// presences are the accounts of those who have left, each until something else than
// containing was begun with it.
func (s *stage) presences(ctx context.Context) (out []presence, err error) {
	type touched struct {
		Object string
		At     time.Time
	}
	for _, l := range s.people {
		if !l.Swept {
			continue
		}
		ends, err := queried[touched](ctx, s.w.recordsURL, `
			select object, min(pg_xact_commit_timestamp(e.xmin)) from sever.audit_events e join sever.cases c on c.id = e.chain
			where c.principal = $1 and e.kind = 'step.intent' and e.data->>'action' <> 'contain' group by object`, l.id)
		if err != nil {
			return nil, err
		}
		for _, m := range l.made {
			p := presence{principal: l.id, on: m.on, account: m.account, host: m.host, from: s.enrolled}
			if i := slices.IndexFunc(ends, func(t touched) bool { return t.Object == m.object() }); i >= 0 {
				p.until = ends[i].At
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// casesOfSweeps: who stays has no case, and who leaves has one, for the reason that the
// seed says.
func (s *stage) casesOfSweeps(ctx context.Context) (wrong []string) {
	reasons := map[string]string{}
	for who := range s.stayers() {
		reasons[who] = ""
	}
	for _, l := range s.people {
		reasons[l.id] = l.reason()
	}
	for who, want := range reasons {
		cases, err := rows(ctx, s.w.recordsURL, `select reason from sever.cases where principal = $1`, who)
		switch {
		case err != nil:
			wrong = append(wrong, "the judge could not look: "+err.Error())
		case want == "" && len(cases) > 0:
			wrong = append(wrong, fmt.Sprintf("a case for %s, who has not left: %v", who, cases))
		case want != "" && !slices.Equal(cases, []string{want}):
			wrong = append(wrong, fmt.Sprintf("%s has the cases %v, not one of reason %s", who, cases, want))
		}
	}
	return wrong
}

// unread are repeated attempts that the trail has no answer of the system for. While a
// sweep reads, the wire cannot tell whose look it was: the case has to say what it saw.
func (w *world) unread(ctx context.Context, caseID string) ([]string, error) {
	return rows(ctx, w.recordsURL, `select 'repeated, and nobody read it before: ' || object || ' ' || key from sever.audit_events
		where chain = $1 and kind = 'step.intent' and attempt > 1 and coalesce(data->>'seen_before_repeating', '') = ''`, caseID)
}

// queried are what a query returns, a struct a row.
func queried[T any](ctx context.Context, url, sql string, args ...any) ([]T, error) {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	found, err := c.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[T])
}
