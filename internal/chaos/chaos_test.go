package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/devtest"
)

// fixed are the seeds of the short run: in them workers and both PostgreSQL servers are
// killed, the disk is full, and connections end after the effect.
var fixed = []uint64{1, 3, 5}

// TestChaos runs a few seeds, or as many as SEVER_CHAOS_SEEDS says from SEVER_CHAOS_FROM on.
func TestChaos(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	seeds := chosen(t)
	bin := programs(t)
	w, err := build(t.Context(), bin, devtest.Temporald(t))
	t.Cleanup(func() { require.NoError(t, w.close()) })
	require.NoError(t, err)
	failed := []uint64{}
	ends, struck, began := map[string]int{}, 0, time.Now()
	for _, seed := range seeds {
		r := w.run(t.Context(), Plan(seed))
		struck += r.struck
		for _, e := range r.ends {
			ends[e]++
		}
		fmt.Printf("seed %d: %s; %d struck; ended %s; %.1f s\n", seed, Plan(seed), r.struck, strings.Join(r.ends, " "), r.took.Seconds())
		if len(r.wrong) > 0 {
			failed = append(failed, seed)
			fmt.Printf("  violations: %s\n", strings.Join(r.wrong, "\n    "))
			t.Errorf("seed %d; again: make chaos FROM=%d SEEDS=1\n  %s", seed, seed, strings.Join(r.wrong, "\n  "))
		}
	}
	code, said := w.sever(t.Context(), "", "audit", "verify")
	require.Equal(t, 0, code, said)
	fmt.Printf("%d seeds, %d faults, %d with violations %v; cases: %v; %s\n", len(seeds), struck, len(failed), failed, ends, time.Since(began).Round(time.Second))
}

func chosen(t *testing.T) []uint64 {
	t.Helper()
	if os.Getenv("SEVER_CHAOS_SEEDS") == "" {
		return fixed
	}
	n, err := strconv.ParseUint(os.Getenv("SEVER_CHAOS_SEEDS"), 10, 32)
	require.NoError(t, err)
	from, err := strconv.ParseUint(os.Getenv("SEVER_CHAOS_FROM"), 10, 32)
	require.NoError(t, err)
	var out []uint64
	for i := range n {
		out = append(out, from+i)
	}
	return out
}

// programs compiles sever and sever-worker.
func programs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, pkg := range map[string]string{"sever": "starter", "sever-worker": "worker"} {
		out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), "github.com/severhq/sever/"+pkg).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	return dir
}

// result is what came of a seed.
type result struct {
	struck int
	ends   []string
	wrong  []string
	took   time.Duration
}

const (
	commandLimit = 90 * time.Second // until a command is taken, whatever breaks
	caseLimit    = 2 * time.Minute  // until all cases have ended
)

// run carries out one seed: people leave, things break, and everybody is asked.
func (w *world) run(ctx context.Context, sch Schedule) (r result) {
	began := time.Now()
	defer func() { r.took = time.Since(began) }()
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
	people.Wait()
	if r.struck, err = t.over(ctx); err != nil {
		r.wrong = append(r.wrong, err.Error())
	}
	var wrong []string
	r.ends, wrong = s.await(ctx)
	r.wrong = append(append(r.wrong, wrong...), s.judge(ctx)...)
	return r
}

// leave opens the case of a person, and cancels it or gives back what it took where the
// schedule says so. It returns when the case has ended or all that was to strike had its time.
func (s *stage) leave(ctx context.Context, l *leaver) (wrong []string) {
	args := []string{"offboard", l.id, "--reason", l.Reason, "--wait=false", "--key", l.id}
	for _, m := range l.made {
		if m.on == Target {
			args = append(args, "--successor", Target+"="+s.heir())
		}
	}
	if code, said := s.w.insist(ctx, "", args...); code != 0 {
		return []string{fmt.Sprintf("offboard %s: exit %d: %s", l.id, code, said)}
	}
	limit, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for cancelled := l.Cancel == 0; ; {
		e, err := s.w.ending(limit, l.id)
		if err == nil && e.ended(l) {
			return wrong
		}
		if err == nil {
			wrong = append(wrong, s.hireAgain(ctx, l, e)...)
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
	for _, l := range s.people {
		for {
			e, err := s.w.ending(ctx, l.id)
			if err == nil {
				wrong = append(wrong, s.hireAgain(ctx, l, e)...)
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
