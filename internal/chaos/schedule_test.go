package chaos

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The same seed decides the same for ever: a seed that failed once can be looked at.
func TestPlan(t *testing.T) {
	t.Parallel()
	require.Equal(t, Schedule{
		Seed: 5,
		People: []Person{
			{Reason: "hr", Systems: []string{"plesk", "pg-main"}, Swept: true, LoggedIn: true},
			{Reason: "incident", Systems: []string{"digitalocean", "pg-main", "maria-main"}, Back: true, Hosts: 1},
		},
		Faults: []Fault{
			{Kind: CutAnswer, On: Temporal, After: 1, Before: true, For: 460 * time.Millisecond},
			{Kind: Latency, On: "netim", After: 6, For: 627 * time.Millisecond},
			{Kind: KillRecords, On: Records, After: 4, For: 1024 * time.Millisecond},
			{Kind: KillRecords, On: Records, Wait: 2899 * time.Millisecond, For: 935 * time.Millisecond},
			{Kind: KillTarget, On: Maria, After: 12, For: 1364 * time.Millisecond},
			{Kind: KillTarget, On: Target, After: 1, For: 400 * time.Millisecond},
		},
		Reader: "grants",
	}, Plan(5))
	for seed, want := range map[uint64]string{
		5: "2 leave (1 swept, 1 logged in, beside grants) temporal:cut-answer<1+460ms netim:latency>6+627ms records:kill-records>4+1.024s records:kill-records@2.899s+935ms maria-main:kill-target>12+1.364s pg-main:kill-target>1+400ms",
		6: "3 leave (1 swept, 1 logged in, beside grants) trove:reset@3.527s+280ms workers:kill-worker>13+872ms pg-main:kill-target<6+899ms records:kill-records>3+116ms digitalocean:error>12×2 maria-main:kill-target>1+400ms",
	} {
		require.Equal(t, want, Plan(seed).String())
	}
}

// Every kind comes up, everywhere it can, in not too many seeds; and nothing is out of
// proportion.
func TestPlansAreOfAllKinds(t *testing.T) {
	t.Parallel()
	kinds, systems, clocks, killed, cancels, back := map[Kind]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, 0, 0
	midway := false
	swept, inside, readers := 0, map[bool]int{}, map[string]int{}
	for seed := range uint64(200) {
		s := Plan(seed)
		require.GreaterOrEqual(t, len(s.People), 2)
		require.LessOrEqual(t, len(s.People), 4)
		require.GreaterOrEqual(t, len(s.Faults), 3)
		require.LessOrEqual(t, len(s.Faults), 8+2+2+1+1)
		for _, p := range s.People {
			for _, on := range p.Systems {
				systems[on] = true
			}
			require.Equal(t, p.Hosts > 0, slices.Contains(p.Systems, Maria))
			require.LessOrEqual(t, p.Hosts, len(MariaHosts))
			if p.Cancel > 0 {
				cancels++
			}
			if p.Swept {
				swept++
			}
			if p.LoggedIn {
				require.Contains(t, p.Systems, Target)
				inside[p.Swept]++
			}
			if p.Back {
				require.Zero(t, p.Cancel)
				back++
			}
		}
		readers[s.Reader]++
		for _, f := range s.Faults {
			kinds[f.Kind] = true
			killed[f.On] = killed[f.On] || f.Kind == KillTarget
			midway = midway || f.Lag > 0
			require.True(t, f.Lag == 0 || f.Before && f.On == Maria)
			require.NotEmpty(t, f.On)
			require.LessOrEqual(t, f.For, 8*time.Second)
			require.Equal(t, f.Kind == StepClock, f.By != 0)
			if f.Kind == StepClock {
				clocks[f.On] = true
			}
		}
	}
	for _, k := range append(slices.Clone(likely), StepClock, LockOut) {
		require.True(t, kinds[k], k)
	}
	require.Len(t, clocks, Workers+2, "each worker, both at once, Temporal")
	require.Len(t, systems, 2+len(Providers))
	require.True(t, midway)
	require.True(t, killed[Target] && killed[Maria], killed)
	require.Positive(t, cancels)
	require.Positive(t, back)
	require.Positive(t, swept)
	require.Len(t, inside, 2)
	require.Len(t, readers, 1+len(Readers))
}

// So many seeds in a row kill everything before and after each change.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	all := map[Fault]bool{}
	for seed := range uint64(Boundaries) {
		all[boundary(1000+seed)] = true
	}
	require.Len(t, all, Boundaries)
}
