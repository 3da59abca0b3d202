package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/workflows"
)

// The sweeps of a world. The first opens cases, as soon as somebody has approved its first
// plan; the others report, one by whole lists and one by looking at every account.
const enforcing = "leavers"

var reporting = map[string]string{Readers[0]: "unissued", Readers[1]: "acl:1"}

// sweeper is what a world has for seeds with a sweep: it is set up with the first of them.
type sweeper struct {
	ready bool
	mu    sync.Mutex
	roll  []string // "principal,status", of everybody whom a seed ever spoke of
}

// The first leaver is who left before everybody: by that case the sweep is approved.
const firstLeaver, firstLogin = "C0-0", "chaos0p0"

// setUpSweeps makes the sweeps, unless it was done, and has the first plan approved.
func (w *world) setUpSweeps(ctx context.Context) error {
	if w.sweeper.ready {
		return nil
	}
	w.onPanel(firstLogin)
	defer w.offPanel(firstLogin)
	w.sweeper.roll = []string{firstLeaver + ",left", "C0-1,active"}
	if err := w.rosters(ctx); err != nil {
		return err
	}
	ways := [][]string{{"create", enforcing, "--rule", "left", "--mode", "enforce", "--notice", "1s", "--max-per-run", "1000", "--max-per-hour", "1000000"}}
	for _, name := range slices.Sorted(maps.Keys(reporting)) {
		ways = append(ways, []string{"create", name, "--rule", reporting[name]})
	}
	if code, said := w.insist(ctx, "principal,connection,account\n"+firstLeaver+",plesk,"+firstLogin+"\n", "identities", "import", "-"); code != 0 {
		return fmt.Errorf("import: %s", said)
	}
	for _, args := range append(ways, []string{"run", enforcing, "--wait=false"}) {
		if code, said := w.insist(ctx, "", append([]string{"sweeps"}, args...)...); code != 0 {
			return fmt.Errorf("sweeps %s: exit %d: %s", strings.Join(args, " "), code, said)
		}
	}
	l := &leaver{Person: Person{Swept: true}, id: firstLeaver, name: firstLogin}
	ctx, cancel := context.WithTimeout(ctx, caseLimit)
	defer cancel()
	for {
		e, err := w.ending(ctx, l.id)
		if err == nil && e.Status == string(access.CaseClean) {
			w.sweeper.ready = true
			return nil
		}
		if err == nil {
			if wrong := w.attend(ctx, l, e, ""); wrong != nil {
				return fmt.Errorf("%s", wrong)
			}
		}
		if pause(ctx, 50*time.Millisecond) != nil {
			return fmt.Errorf("the first case of a sweep is at %q: %v", e.Phase, w.why(context.WithoutCancel(ctx), e.ID))
		}
	}
}

// offPanel removes what onPanel planted, and a case has left.
func (w *world) offPanel(name string) {
	for _, u := range w.site.Plesk.Users() {
		if u.Login == name || u.Login == name+"x" {
			w.site.Plesk.Drop(u.ID)
		}
	}
}

// rosters gives the house the complete list of people as it is now, as a schedule does
// every hour.
func (w *world) rosters(ctx context.Context) error {
	w.sweeper.mu.Lock()
	text := "principal,status\n" + strings.Join(w.sweeper.roll, "\n") + "\n"
	w.sweeper.mu.Unlock()
	if code, said := w.insist(ctx, text, "roster", "import", "-"); code != 0 && ctx.Err() == nil {
		return fmt.Errorf("roster: exit %d: %s", code, said)
	}
	return nil
}

// attend is what people do about a case that a sweep opened: rosters come in while it waits
// for the end of the notice, plans that ask for a word get it, and somebody is named for
// what the leaver owns, which a sweep cannot know.
func (w *world) attend(ctx context.Context, l *leaver, e ending, heir string) []string {
	if !l.Swept || e.Status != string(access.CaseOpen) {
		return nil
	}
	switch workflows.Phase(e.Phase) {
	case workflows.PhaseGrace:
		if time.Since(l.rostered) < time.Second {
			return nil
		}
		l.rostered = time.Now()
		if err := w.rosters(ctx); err != nil {
			return []string{err.Error()}
		}
	case workflows.PhaseApproval, workflows.PhaseQuarantine:
		if err := w.rosters(ctx); err != nil {
			return []string{err.Error()}
		}
		waiting, err := rows(ctx, w.recordsURL, `select hash from sever.plans where case_id = $1 and status = 'waiting' and needs_word`, e.ID)
		for _, hash := range waiting {
			// It may have been planned anew meanwhile: that plan is the next one's turn.
			if code, said := w.insist(ctx, "", "approve", e.ID, "--plan", hash, "--as", "boss", "--reason", "gone, says the roster"); code != 0 && code != 2 && code != 3 && ctx.Err() == nil {
				return []string{fmt.Sprintf("approve %s: exit %d: %s", e.ID, code, said)}
			}
		}
		if err != nil {
			return nil // the records are away for a moment
		}
	case workflows.PhasePeople:
		if heir == "" || !slices.ContainsFunc(l.Systems, owns) || time.Since(l.helped) < 2*time.Second {
			return nil
		}
		l.helped = time.Now()
		if code, said := w.insist(ctx, "", append([]string{"retry", e.ID}, successors(l, heir)...)...); code != 0 && code != 2 && code != 3 && ctx.Err() == nil {
			return []string{fmt.Sprintf("retry %s: exit %d: %s", e.ID, code, said)}
		}
	}
	return nil
}

// sweptOf are the people of a seed whom a sweep has to find.
func (s *stage) sweptOf() (out []string) {
	for _, l := range s.people {
		if l.Swept {
			out = append(out, l.id)
		}
	}
	return out
}

// stayers are those who have the namesakes' accounts, in a seed with a sweep: they are
// active, and nobody may open a case for them.
func (s *stage) stayers() map[string]*leaver {
	out := map[string]*leaver{}
	if s.sweeps() {
		for i, l := range s.people {
			out[fmt.Sprintf("S%d-%d", s.seed, i)] = l
		}
	}
	return out
}

// enroll puts the people of a seed on the roster, and notes which run was the last before.
func (s *stage) enroll(ctx context.Context) error {
	if !s.sweeps() {
		return nil
	}
	s.w.sweeper.mu.Lock()
	for _, l := range s.people {
		s.w.sweeper.roll = append(s.w.sweeper.roll, l.id+","+map[bool]string{true: "left", false: "active"}[l.Swept])
	}
	for _, who := range slices.Sorted(maps.Keys(s.stayers())) {
		s.w.sweeper.roll = append(s.w.sweeper.roll, who+",active")
	}
	s.w.sweeper.mu.Unlock()
	if err := s.w.rosters(ctx); err != nil {
		return err
	}
	for _, name := range append(slices.Sorted(maps.Keys(reporting)), enforcing) {
		last, err := s.lastRun(ctx, name)
		if err != nil {
			return err
		}
		s.ranBefore[name] = last
	}
	s.enrolled = time.Now()
	return nil
}

// sweep has the enforcing sweep run, again and again as a schedule does, until everybody
// whom it has to find has a case.
func (s *stage) sweep(ctx context.Context) (wrong []string) {
	for len(s.sweptOf()) > 0 {
		have, err := rows(ctx, s.w.recordsURL, `select distinct principal from sever.cases where principal = any($1)`, s.sweptOf())
		if err == nil && len(have) == len(s.sweptOf()) || ctx.Err() != nil {
			return wrong
		}
		wrong = append(wrong, s.runSweep(ctx, enforcing)...)
		if len(wrong) > 0 {
			return wrong
		}
	}
	return nil
}

// report has a sweep that only reports run for as long as the context lasts, in seeds that
// have one: it has to disturb nobody.
func (s *stage) report(ctx context.Context) (wrong []string) {
	for s.plan.Reader != "" && ctx.Err() == nil && len(wrong) == 0 {
		wrong = s.runSweep(ctx, s.plan.Reader)
	}
	return wrong
}

// runSweep asks for a run and waits until it has ended.
func (s *stage) runSweep(ctx context.Context, name string) []string {
	code, said := s.w.insist(ctx, "", "sweeps", "run", name, "--wait=false", "--json")
	if ctx.Err() != nil {
		return nil
	}
	var asked struct {
		After int `json:"after_run"`
	}
	if err := json.Unmarshal([]byte(said), &asked); code != 0 || err != nil {
		return []string{fmt.Sprintf("sweeps run %s: exit %d: %s", name, code, said)}
	}
	for {
		ended, err := rows(ctx, s.w.recordsURL, `select r.result from sever.sweep_runs r join sever.sweeps s on s.id = r.sweep_id
			where s.name = $1 and r.no > $2 and r.result <> ''`, name, asked.After)
		if err == nil && len(ended) > 0 || pause(ctx, 100*time.Millisecond) != nil {
			return nil
		}
	}
}

func (s *stage) lastRun(ctx context.Context, name string) (int, error) {
	n, err := rows(ctx, s.w.recordsURL, `select coalesce(max(r.no), 0)::text from sever.sweep_runs r join sever.sweeps s on s.id = r.sweep_id where s.name = $1`, name)
	if err != nil {
		return 0, err
	}
	no := 0
	_, err = fmt.Sscan(n[0], &no)
	return no, err
}

// awaitRuns waits until no run of a sweep is under way.
func (s *stage) awaitRuns(ctx context.Context) {
	for s.sweeps() {
		open, err := rows(ctx, s.w.recordsURL, `select 'x' from sever.sweep_runs where result = ''`)
		if err == nil && len(open) == 0 || pause(ctx, 100*time.Millisecond) != nil {
			return
		}
	}
}
