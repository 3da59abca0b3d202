package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/devtest"
)

// fixed are the seeds of the short run: in them workers, Temporal, both PostgreSQL servers
// and MariaDB are killed, the disk is full, clocks are set, and connections end after the
// effect.
var fixed = []uint64{1, 4, 5}

// TestChaos runs a few seeds, or as many as SEVER_CHAOS_SEEDS says from SEVER_CHAOS_FROM
// on, in SEVER_CHAOS_WORLDS installations at a time.
func TestChaos(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	devtest.NeedMariaDB(t)
	seeds := chosen(t)
	todo := make(chan Schedule, len(seeds))
	for _, seed := range seeds {
		todo <- Plan(seed)
	}
	close(todo)
	bin := programs(t, seeds)
	all := tally{ends: map[string]int{}, struck: map[Kind]int{}, killed: map[Fault]bool{}, began: time.Now()}
	var worlds sync.WaitGroup
	for range number(t, "SEVER_CHAOS_WORLDS", 1) {
		worlds.Go(func() { inWorld(t, bin, todo, &all) })
	}
	worlds.Wait()
	fmt.Println(&all)
	require.Equal(t, len(seeds), all.seeds, "seeds that ran")
}

// inWorld carries out seeds in one installation until none is left to do.
func inWorld(t *testing.T, bin string, todo <-chan Schedule, all *tally) {
	w, err := build(t.Context(), bin)
	defer func() { assert.NoError(t, w.close()) }()
	if err != nil {
		t.Error("build an installation:", err)
		return
	}
	for sch := range todo {
		r := w.run(t.Context(), sch)
		all.add(sch, r)
		if len(r.wrong) > 0 {
			t.Errorf("seed %d; again: make chaos FROM=%d SEEDS=1\n  %s", sch.Seed, sch.Seed, strings.Join(r.wrong, "\n  "))
		}
	}
	code, said := w.sever(t.Context(), "", "audit", "verify")
	assert.Equal(t, 0, code, said)
}

// result is what came of a seed.
type result struct {
	struck []Fault
	swept  sweepTally
	ends   []string
	wrong  []string
	took   time.Duration
}

const (
	commandLimit = 90 * time.Second // until a command is taken, whatever breaks
	leaveLimit   = 10 * time.Second // for a case while things break
	caseLimit    = 2 * time.Minute  // until all cases have ended
)

// run carries out one seed: people leave, things break, and everybody is asked.
func (w *world) run(ctx context.Context, sch Schedule) (r result) {
	began := time.Now()
	defer func() { r.took = time.Since(began) }()
	if sch.Sweeps() {
		if err := w.setUpSweeps(ctx); err != nil {
			return result{wrong: []string{"set up the sweeps: " + err.Error()}}
		}
	}
	s, err := w.plant(ctx, sch)
	if err != nil {
		return result{wrong: []string{"plant: " + err.Error()}}
	}
	defer func() {
		w.wire.begin(func(int, bool) {})
		if err := s.clear(ctx); err != nil {
			r.wrong = append(r.wrong, "clear: "+err.Error())
		}
	}()
	if code, said := w.insist(ctx, s.roster(), "identities", "import", "-"); code != 0 {
		return result{wrong: []string{"import: " + said}}
	}
	defer s.goHome()
	if err := errors.Join(s.enroll(ctx), s.lodge(ctx)); err != nil {
		return result{wrong: []string{"before anything broke: " + err.Error()}}
	}
	t := w.brew(ctx, sch.Faults)
	var mu sync.Mutex
	var people sync.WaitGroup
	for _, l := range s.people {
		people.Go(func() {
			wrong := s.leave(ctx, l)
			mu.Lock()
			defer mu.Unlock()
			r.wrong = append(r.wrong, wrong...)
		})
	}
	while, enough := context.WithTimeout(ctx, leaveLimit)
	defer enough()
	for _, does := range []func(context.Context) []string{s.sweep, s.report} {
		people.Go(func() {
			wrong := does(while)
			mu.Lock()
			defer mu.Unlock()
			r.wrong = append(r.wrong, wrong...)
		})
	}
	people.Wait()
	if r.struck, err = t.over(ctx); err != nil {
		r.wrong = append(r.wrong, err.Error())
	}
	var wrong []string
	r.ends, wrong = s.await(ctx)
	r.wrong = append(append(r.wrong, wrong...), s.judge(ctx)...)
	r.swept = s.swept
	return r
}

// leave opens the case of a person, and cancels it or gives back what it took where the
// schedule says so. It returns when the case has ended or all that was to strike had its time.
func (s *stage) leave(ctx context.Context, l *leaver) (wrong []string) {
	if err := s.opens(ctx, l); err != nil {
		return []string{err.Error()}
	}
	limit, cancel := context.WithTimeout(ctx, leaveLimit)
	defer cancel()
	for cancelled := l.Cancel == 0; ; {
		e, err := s.w.ending(limit, l.id)
		if err == nil && e.ended(l) {
			return wrong
		}
		if err == nil {
			wrong = append(append(wrong, s.hireAgain(ctx, l, e)...), s.w.attend(ctx, l, e, s.heir())...)
		}
		if err == nil && !cancelled && s.changesOf(l) >= l.Cancel {
			cancelled = true
			// A case that has just closed says no: that is its right.
			if code, said := s.w.insist(ctx, "", "cancel", e.ID, "--reason", "a mistake"); code != 0 && code != 2 && code != 3 {
				wrong = append(wrong, fmt.Sprintf("cancel %s: exit %d: %s", e.ID, code, said))
			}
		}
		if pause(limit, 50*time.Millisecond) != nil {
			return wrong
		}
	}
}

// opens asks for the case of a person, unless a sweep does.
func (s *stage) opens(ctx context.Context, l *leaver) error {
	if l.Swept {
		return nil
	}
	args := append([]string{"offboard", l.id, "--reason", l.Reason, "--wait=false", "--key", l.id}, successors(l, s.heir())...)
	if code, said := s.w.insist(ctx, "", args...); code != 0 {
		return fmt.Errorf("offboard %s: exit %d: %s", l.id, code, said)
	}
	return nil
}

// successors are the flags that name who receives what a leaver owns.
func successors(l *leaver, heir string) (flags []string) {
	for _, on := range l.Systems {
		if owns(on) {
			flags = append(flags, "--successor", on+"="+heir)
		}
	}
	return flags
}

// owns reports whether leavers own something on a system.
func owns(on string) bool { return on == Target || on == Maria }

// hireAgain asks once for what a case took, when it has ended, and has somebody else
// approve it.
func (s *stage) hireAgain(ctx context.Context, l *leaver, e ending) []string {
	if !l.Back || l.asked || e.Status != string(access.CaseClean) {
		return nil
	}
	l.asked = true
	caseID := e.ID
	code, said := s.w.insist(ctx, "", "reinstate", caseID, "--reason", "hired again", "--json")
	var asked struct {
		Hash string `json:"hash"`
	}
	if err := json.Unmarshal([]byte(said), &asked); code != 0 || err != nil {
		return []string{fmt.Sprintf("reinstate %s: exit %d: %s", caseID, code, said)}
	}
	if code, said = s.w.insist(ctx, "", "approve", caseID, "--plan", asked.Hash, "--as", "boss"); code != 0 {
		return []string{fmt.Sprintf("approve the reinstatement of %s: exit %d: %s", caseID, code, said)}
	}
	return nil
}

func (s *stage) changesOf(l *leaver) (n int) {
	for _, e := range s.w.wire.log() {
		if e.Changes && len(e.Names) > 0 && e.Names[0] == l.name {
			n++
		}
	}
	return n
}

// insist gives a command again for as long as nobody can be reached.
func (w *world) insist(ctx context.Context, stdin string, args ...string) (code int, said string) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	for {
		code, said = w.sever(ctx, stdin, args...)
		if code != 4 && code != 1 && code != -1 || pause(ctx, 200*time.Millisecond) != nil {
			return code, said
		}
	}
}

// await waits until every case has ended, and says how. Who was to be hired again and
// could not be meanwhile is now.
func (s *stage) await(ctx context.Context) (ends, wrong []string) {
	limit, cancel := context.WithTimeout(ctx, caseLimit)
	defer cancel()
	var swept sync.WaitGroup
	var late []string
	swept.Go(func() { late = s.sweep(limit) })
	defer func() {
		swept.Wait()
		s.awaitRuns(limit)
		wrong = append(wrong, late...)
	}()
	for _, l := range s.people {
		for {
			e, err := s.w.ending(ctx, l.id)
			if err == nil {
				wrong = append(append(wrong, s.hireAgain(ctx, l, e)...), s.w.attend(ctx, l, e, s.heir())...)
			}
			if err == nil && e.ended(l) || pause(limit, 50*time.Millisecond) != nil {
				ends = append(ends, e.Status)
				if !e.ended(l) {
					fmt.Printf("  %s, case %s, is at %s:\n    %s\n", l.id, e.ID, e.Phase, strings.Join(s.w.why(ctx, e.ID), "\n    "))
				}
				break
			}
		}
	}
	return ends, wrong
}
