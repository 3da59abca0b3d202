package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/devtest"
)

// chosen are the seeds to run.
func chosen(t *testing.T) []uint64 {
	t.Helper()
	n := number(t, "SEVER_CHAOS_SEEDS", 0)
	if n == 0 {
		return fixed
	}
	var out []uint64
	for i := range n {
		out = append(out, number(t, "SEVER_CHAOS_FROM", 1)+i)
	}
	return out
}

func number(t *testing.T, variable string, unless uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return unless
	}
	n, err := strconv.ParseUint(text, 10, 32)
	require.NoError(t, err, variable)
	return n
}

// programs compiles sever and sever-worker, and the Temporal server where seeds set its
// clock: that takes minutes, once.
func programs(t *testing.T, seeds []uint64) string {
	t.Helper()
	dir, root := t.TempDir(), filepath.Join("..", "..")
	compile(t, "-o", filepath.Join(dir, "sever"), "github.com/severhq/sever/starter")
	compile(t, overlay(t, filepath.Join(root, "worker")), "-o", filepath.Join(dir, "sever-worker"), "github.com/severhq/sever/worker")
	temporald := filepath.Join(dir, "temporald")
	ready := devtest.Temporald(t)
	if !slices.ContainsFunc(seeds, func(seed uint64) bool { return Plan(seed).setsClockOf(Temporal) }) {
		require.NoError(t, os.Symlink(ready, temporald))
		return dir
	}
	folder := filepath.Join(root, "internal", "dev", "temporald")
	compile(t, "-C", folder, overlay(t, folder), "-tags", "disable_grpc_modules", "-o", temporald, ".")
	return dir
}

func compile(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("go", append([]string{"build"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// tally adds up what came of all seeds.
type tally struct {
	mu     sync.Mutex
	seeds  int
	struck map[Kind]int
	killed map[Fault]bool // without how long: what was killed right before or after which change
	ends   map[string]int
	failed []uint64
	began  time.Time
}

func (a *tally) add(sch Schedule, r result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seeds++
	for _, f := range r.struck {
		a.struck[f.Kind]++
		if f.Kind.kills() && f.After > 0 {
			f.For = 0
			a.killed[f] = true
		}
	}
	for _, e := range r.ends {
		a.ends[e]++
	}
	fmt.Printf("seed %d: %s; %d struck; %sended %s; %.1f s\n", sch.Seed, sch, len(r.struck), r.swept, strings.Join(r.ends, " "), r.took.Seconds())
	if len(r.wrong) > 0 {
		a.failed = append(a.failed, sch.Seed)
		fmt.Printf("  violations: %s\n", strings.Join(r.wrong, "\n    "))
	}
}

func (a *tally) String() string {
	faults := 0
	for _, n := range a.struck {
		faults += n
	}
	return fmt.Sprintf("%d seeds, %d faults, %d with violations %v; cases: %v; %s\nfaults: %v\nkilled right before or after a change: %d places",
		a.seeds, faults, len(a.failed), a.failed, a.ends, time.Since(a.began).Round(time.Second), a.struck, len(a.killed))
}
