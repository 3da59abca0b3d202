package chaos

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/store"
)

// row is one line of the trail about a step, at the time of PostgreSQL's own commit: the
// clock of no worker takes part.
type row struct {
	Key, Kind, Object string
	At                time.Time
}

// trail reads the rows about the steps of a case, in the order of the chain.
func (w *world) trail(ctx context.Context, caseID string) ([]row, error) {
	c, err := pgx.Connect(ctx, w.recordsURL)
	if err != nil {
		return nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	found, err := c.Query(ctx, `select key, kind, object, pg_xact_commit_timestamp(xmin) from sever.audit_events
		where chain = $1 and kind in ('step.intent', 'step.result', 'step.interrupted', 'restore.intent', 'restore.result') order by seq`, caseID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[row])
}

// attempt is an intent and its end.
type attempt struct {
	key      string
	from, to time.Time // to is zero while there is none
}

// attempts pairs intents with their ends, by object; what does not pair is said.
func attempts(trail []row) (map[string][]*attempt, []string) {
	out := map[string][]*attempt{}
	byKey := map[string]*attempt{}
	var wrong []string
	for _, r := range trail {
		key := r.Key
		if i := strings.LastIndex(key, "/"); i >= 0 {
			key = key[:i]
		}
		if strings.HasSuffix(r.Kind, ".intent") {
			if byKey[key] != nil {
				wrong = append(wrong, "two intents: "+r.Key)
				continue
			}
			a := &attempt{key: key, from: r.At}
			byKey[key] = a
			out[r.Object] = append(out[r.Object], a)
			continue
		}
		a := byKey[key]
		switch {
		case a == nil:
			wrong = append(wrong, "an end without an intent: "+r.Key)
		case !a.to.IsZero():
			wrong = append(wrong, "two ends: "+r.Key)
		default:
			a.to = r.At
		}
	}
	for object, all := range out {
		for _, a := range all {
			if a.to.IsZero() {
				wrong = append(wrong, "no end: "+a.key+" of "+object)
			}
		}
	}
	return out, wrong
}

// slack is what the two clocks' ends are apart: the target's log has milliseconds.
const slack = 2 * time.Millisecond

// covered holds every change on the wire against the attempts at its account: exactly
// one has begun before it and has ended after it.
func covered(log []seen, of func(s seen, name string) []string, tried map[string][]*attempt) (wrong []string) {
	for _, s := range log {
		if !s.Changes {
			continue
		}
		for _, name := range s.Names {
			objects := of(s, name)
			if len(objects) == 0 {
				continue // somebody else's: judged elsewhere
			}
			n := around(objects, tried, s.At, 0)
			if n == 0 { // one attempt ends and the next begins in the same commit: no slack where it is not needed
				n = min(around(objects, tried, s.At, slack), 1)
			}
			if n != 1 {
				wrong = append(wrong, fmt.Sprintf("%d attempts around %s", n, s))
			}
		}
	}
	return wrong
}

// around counts the attempts at an account that were under way at a time. Of several
// accounts of which it was one, each may have one: the most that any has counts.
func around(objects []string, tried map[string][]*attempt, at time.Time, slack time.Duration) (most int) {
	for _, o := range objects {
		n := 0
		for _, a := range tried[o] {
			if !a.from.After(at.Add(slack)) && !a.to.Before(at.Add(-slack)) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// outside are changes that name nobody who leaves, or somebody besides.
func outside(log []seen, leaves func(name string) bool) (wrong []string) {
	for _, s := range log {
		if s.Changes && (len(s.Names) == 0 || !slices.ContainsFunc(s.Names, leaves) ||
			slices.ContainsFunc(s.Names, func(n string) bool { return !leaves(n) })) {
			wrong = append(wrong, "outside the plan: "+s.String())
		}
	}
	return wrong
}

// repeated are changes that were sent again, and nobody looked in between. A look is one
// at the account, or at a list that names nobody.
func repeated(log []seen) (wrong []string) {
	slices.SortStableFunc(log, func(a, b seen) int { return a.At.Compare(b.At) })
	sent := map[string]seen{}
	for _, s := range log {
		if s.Changes {
			key := s.On + "\x00" + s.What + "\x00" + strings.Join(s.Names, " ") // as one role and as another is not the same
			if first, ok := sent[key]; ok {
				wrong = append(wrong, fmt.Sprintf("sent twice without a look: %s, and before at %s", s, first.At.Format("15:04:05.000")))
			}
			sent[key] = s
			continue
		}
		for key, first := range sent {
			if first.On == s.On && (len(s.Names) == 0 || slices.ContainsFunc(s.Names, func(n string) bool { return slices.Contains(first.Names, n) })) {
				delete(sent, key)
			}
		}
	}
	return wrong
}

// ending is how a case stands, by the records.
type ending struct {
	ID, Status, Phase string
	Tasks             int      // open ones that say why
	Outcomes          []string // "connection/account outcome"
}

// It is asked often, so on connections that stay; those that a kill ended are an error.
func (w *world) ending(ctx context.Context, principal string) (e ending, err error) {
	err = w.ask.QueryRow(ctx, `select id, status, phase, (select count(*) from sever.tasks t where t.case_id = c.id and closed_at is null and words <> ''),
		array(select connection || '/' || name || ' ' || outcome from sever.case_accounts a where a.case_id = c.id order by 1)
		from sever.cases c where principal = $1 order by opened_at desc limit 1`, principal).Scan(&e.ID, &e.Status, &e.Phase, &e.Tasks, &e.Outcomes)
	return e, err
}

// why is what the records say about a case that is open: its connections, tasks, and
// steps that are not done.
func (w *world) why(ctx context.Context, caseID string) []string {
	out, err := rows(ctx, w.recordsURL, `
		select connection || ' is ' || state || ' ' || why from sever.case_connections where case_id = $1 and state <> 'discovered'
		union all select 'task ' || subject || ': ' || words from sever.tasks where case_id = $1 and closed_at is null
		union all select 'step ' || plan_no || '/' || ordinal || ' ' || action || ' ' || connection || ' is ' || state || ' after ' || attempts || ': ' || words
			from sever.steps s join sever.case_accounts a on a.id = s.account_id
			where s.case_id = $1 and state not in ('done', 'superseded', 'undone')
		union all (select 'last ' || at || ' ' || kind || ' ' || object || ' ' || outcome || ' ' || words from sever.audit_events where chain = $1 order by seq desc limit 3)`, caseID)
	if err != nil {
		return []string{err.Error()}
	}
	return out
}

// truthful holds what a case says of itself against what is left.
func truthful(l *leaver, e ending, still []string) (wrong []string) {
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s, case %s %s: ", l.id, e.ID, e.Status)+fmt.Sprintf(format, args...))
	}
	if l.Back && e.Status == "clean" {
		say("hired again, and nothing was given back")
		return wrong
	}
	switch e.Status {
	case "clean":
		for _, line := range still {
			say("left: %s", line)
		}
		if len(e.Outcomes) < len(l.made) {
			say("%d accounts are accounted for, of %d", len(e.Outcomes), len(l.made))
		}
	case "cancelled", "reinstated":
		for _, m := range l.made {
			if !slices.ContainsFunc(still, func(line string) bool { return strings.HasPrefix(line, m.on+" ") }) {
				say("not given back: %s", m.object())
			}
			if m.on == Target && (l.reason() != "incident" || l.Back) && !slices.ContainsFunc(still, func(line string) bool { return strings.HasPrefix(line, Target+" role "+l.name+" t") }) {
				say("given back, and it cannot log in: %v", still)
			}
			if m.on == Maria && !slices.ContainsFunc(still, m.open) {
				say("given back, and %s is locked or not there: %v", m.object(), still)
			}
		}
	case "open":
		if e.Tasks == 0 {
			say("it is at %s, and no task says what for: %v", e.Phase, e.Outcomes)
		}
	default:
		say("how could it end so?")
	}
	return wrong
}

// judge asks everybody.
func (s *stage) judge(ctx context.Context) (wrong []string) {
	fail := func(err error) {
		if err != nil {
			wrong = append(wrong, "the judge could not look: "+err.Error())
		}
	}
	all, err := s.w.everything(ctx)
	fail(err)
	log := append(s.w.wire.log(), statements(tail(s.w.targetLog, s.logMark), adminLogin, s.oids)...)
	records, err := store.Open(ctx, config.NewSecret(s.w.appURL(s.w.recordsAddr)), store.Options{})
	if err != nil {
		return append(wrong, err.Error())
	}
	defer records.Close()
	tried := map[string][]*attempt{}
	for _, l := range s.people {
		e, err := s.w.ending(ctx, l.id)
		fail(err)
		wrong = append(wrong, truthful(l, e, left(all, l))...)
		steps, err := s.w.trail(ctx, e.ID)
		fail(err)
		unread, err := s.w.unread(ctx, e.ID)
		fail(err)
		wrong = append(wrong, unread...)
		mine, unpaired := attempts(steps)
		wrong = append(wrong, unpaired...)
		maps.Copy(tried, mine)
		for _, f := range audit.VerifyChain(e.ID, records.Events(ctx, e.ID, 1), nil) {
			wrong = append(wrong, fmt.Sprintf("the trail: %+v", f))
		}
	}
	wrong = append(wrong, covered(log, s.objectsOf, tried)...)
	wrong = append(wrong, outside(log, s.leaves)...)
	wrong = append(wrong, repeated(log)...)
	after, err := s.others(ctx)
	fail(err)
	for _, line := range s.before {
		if !slices.Contains(after, line) {
			wrong = append(wrong, "touched: "+line)
		}
	}
	for _, line := range after {
		if !slices.Contains(s.before, line) {
			wrong = append(wrong, "new: "+line)
		}
	}
	wrong = append(wrong, s.judgeSweeps(ctx)...)
	wrong = append(wrong, s.judgeLodgers(ctx)...)
	wrong = append(wrong, s.heirlooms(all)...)
	wrong = append(wrong, s.onMaria(ctx, all)...)
	return wrong
}

// heirlooms: what a leaver owned belongs to the heir once the leaver is gone.
func (s *stage) heirlooms(all []string) (wrong []string) {
	for i, l := range s.people {
		if !slices.Contains(l.Systems, Target) {
			continue
		}
		owner := s.heir()
		if slices.ContainsFunc(left(all, l), func(line string) bool { return strings.HasPrefix(line, Target+" role ") }) {
			owner = l.name
		}
		want := fmt.Sprintf("pg-main table %s of %s", s.papers(i), owner)
		other := fmt.Sprintf("pg-main table %s of %s", s.papers(i), s.heir())
		if !slices.Contains(all, want) && !slices.Contains(all, other) {
			wrong = append(wrong, "missing: "+want)
		}
	}
	return wrong
}

// objectsOf are the accounts that what was seen may be about, in the words of the trail:
// one, unless there are several of the name and it does not say which. There is none
// where nobody planted it.
func (s *stage) objectsOf(e seen, name string) (out []string) {
	for _, l := range s.people {
		for _, m := range l.made {
			if m.on == e.On && l.name == name && (e.Where == "" || e.Where == m.host) {
				out = append(out, m.object())
			}
		}
	}
	return out
}

// ended reports whether a case is over, for good.
func (e ending) ended(l *leaver) bool {
	if l.Back && e.Status == string(access.CaseClean) {
		return false
	}
	return cmp.Or(e.Status, "open") != string(access.CaseOpen)
}
