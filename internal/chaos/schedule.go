package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of fault.
type Kind string

// The kinds. The first group ends processes, the second is the network's, the third is
// what a provider answers, and the last is the machine's.
const (
	KillWorker   Kind = "kill-worker"   // SIGKILL; it is started again
	KillTemporal Kind = "kill-temporal" // likewise
	KillRecords  Kind = "kill-records"  // the PostgreSQL of the records
	KillTarget   Kind = "kill-target"   // the PostgreSQL or the MariaDB that people have accounts on

	Latency   Kind = "latency"    // every packet takes longer
	Reset     Kind = "reset"      // connections are reset
	Silence   Kind = "silence"    // nothing comes back, and nobody hangs up
	CutAnswer Kind = "cut-answer" // it arrived and took effect; the answer is cut off
	Outage    Kind = "outage"     // nobody listens

	Throttled Kind = "throttled"  // 429 or 413, come back in a second
	Broken    Kind = "error"      // 500
	HTML      Kind = "html"       // a page of a proxy
	CutBefore Kind = "cut-before" // nothing was done, and the connection ends
	CutAfter  Kind = "cut-after"  // it was done, and the connection ends

	DiskFull  Kind = "disk-full"  // the audit trail cannot be written
	LockOut   Kind = "lock-out"   // our own login is locked at a database server
	StepClock Kind = "step-clock" // somebody sets the clock, and later back
)

// kills reports whether a fault ends processes.
func (k Kind) kills() bool { return strings.HasPrefix(string(k), "kill-") }

// The systems that people have accounts on, by the names of their connections, and the
// servers that an installation needs.
const (
	Target   = "pg-main"
	Records  = "records"
	Temporal = "temporal"
)

// Providers are the simulated ones.
var Providers = []string{"digitalocean", "netim", "plesk", "trove"}

// Readers are the sweeps that only report: one lists, the other looks at every account.
var Readers = []string{"ghosts", "grants"}

// Workers is how many run.
const Workers = 2

// Person is somebody who leaves.
type Person struct {
	Reason  string   // hr or incident
	Systems []string // where they have an account
	// Cancel is after how many changes of theirs the case is cancelled; zero: never.
	Cancel int
	// Back is true for somebody who is hired again when the case has ended clean.
	Back bool
	// Hosts is how many accounts somebody on Maria has there: one name at several hosts.
	Hosts int
	// Swept is true for somebody whose case a sweep opens: its reason is sweep.
	Swept bool
	// LoggedIn is true for somebody with a session at the target while being cut off.
	LoggedIn bool
}

// Fault is something that breaks, once.
type Fault struct {
	Kind Kind
	On   string // a system, a server, or which worker
	// After is at which change on the wire to the simulators and to MariaDB it strikes,
	// right before that takes effect or right after; zero: at a time.
	After  int
	Before bool
	Lag    time.Duration // how much later a server is killed: it is at work on the change then
	Wait   time.Duration // since the beginning, where After is zero
	For    time.Duration // until it is mended
	Times  int           // how many requests it is for
	By     time.Duration // how far a clock is set, into the future or the past
}

// String is the fault on a line, in short.
func (f Fault) String() string {
	when := "@" + f.Wait.String()
	if f.After > 0 {
		when = fmt.Sprintf("%s%d", map[bool]string{true: "<", false: ">"}[f.Before], f.After)
	}
	if f.Lag > 0 {
		when += "~" + f.Lag.String()
	}
	if f.Times > 0 {
		return fmt.Sprintf("%s:%s%s×%d", f.On, f.Kind, when, f.Times)
	}
	if f.By != 0 {
		return fmt.Sprintf("%s:%s(%s)%s+%s", f.On, f.Kind, f.By, when, f.For)
	}
	return fmt.Sprintf("%s:%s%s+%s", f.On, f.Kind, when, f.For)
}

// Schedule is all that a seed decides.
type Schedule struct {
	Seed   uint64
	People []Person
	Faults []Fault
	Reader string // the sweep that only reports, all the while; empty: none
}

// Sweeps reports whether a sweep takes part.
func (s Schedule) Sweeps() bool {
	return s.Reader != "" || slices.ContainsFunc(s.People, func(p Person) bool { return p.Swept })
}

// String is the schedule on a line: how many leave, and what breaks.
func (s Schedule) String() string {
	words := []string{fmt.Sprintf("%d leave", len(s.People)) + s.aside()}
	for _, f := range s.Faults {
		words = append(words, f.String())
	}
	return strings.Join(words, " ")
}

// setsClockOf reports whether somebody sets the clock of a server or a worker.
func (s Schedule) setsClockOf(on string) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == StepClock && f.On == on })
}

// aside is what a schedule has beside the leavers and the faults, in brackets.
func (s Schedule) aside() string {
	var words []string
	swept, inside := 0, 0
	for _, p := range s.People {
		if p.Swept {
			swept++
		}
		if p.LoggedIn {
			inside++
		}
	}
	if swept > 0 {
		words = append(words, fmt.Sprintf("%d swept", swept))
	}
	if inside > 0 {
		words = append(words, fmt.Sprintf("%d logged in", inside))
	}
	if s.Reader != "" {
		words = append(words, "beside "+s.Reader)
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// Plan is the schedule of a seed.
func Plan(seed uint64) Schedule {
	r := rand.New(rand.NewPCG(seed, 0x5e4e4)) //nolint:gosec // nobody has to be unable to guess it
	s := Schedule{Seed: seed}
	for range 2 + r.IntN(3) {
		s.People = append(s.People, person(r))
	}
	for range 3 + r.IntN(6) {
		s.Faults = append(s.Faults, fault(r))
	}
	// Drawn last: what a seed decided before it decided this stays as it was.
	for i := range s.People {
		s.People[i].Back = s.People[i].Cancel == 0 && r.IntN(4) == 0
	}
	for range max(r.IntN(4)-1, 0) {
		s.Faults = append(s.Faults, step(r))
	}
	onMaria(&s)
	s.Faults = append(s.Faults, boundary(seed))
	s.sweeps()
	s.lockOut()
	return s
}

// sweeps decides about sweeps and sessions, from numbers of their own: nothing that is
// decided before or behind them changes them, or is changed.
func (s *Schedule) sweeps() {
	r := rand.New(rand.NewPCG(s.Seed, 0x5ee95)) //nolint:gosec // nobody has to be unable to guess it
	for i := range s.People {
		p := &s.People[i]
		p.Swept = r.IntN(3) == 0
		p.LoggedIn = r.IntN(2) == 0 && slices.Contains(p.Systems, Target)
	}
	if r.IntN(3) == 0 {
		s.Reader = Readers[r.IntN(len(Readers))]
	}
}

func person(r *rand.Rand) Person {
	p := Person{Reason: "hr"}
	if r.IntN(4) == 0 {
		p.Reason = "incident"
	}
	all := append([]string{Target}, Providers...)
	for _, i := range r.Perm(len(all))[:1+r.IntN(3)] {
		p.Systems = append(p.Systems, all[i])
	}
	if r.IntN(6) == 0 {
		p.Cancel = 1 + r.IntN(4)
	}
	return p
}

// likely has each kind as often as it should come up.
var likely = []Kind{
	KillWorker, KillWorker, KillWorker, KillWorker, KillTemporal, KillRecords, KillRecords, KillTarget,
	Latency, Latency, Reset, Reset, Silence, CutAnswer, CutAnswer, CutAnswer, Outage, Outage,
	Throttled, Throttled, Broken, HTML, CutBefore, CutAfter, CutAfter, CutAfter,
	DiskFull,
}

func fault(r *rand.Rand) Fault {
	f := Fault{Kind: likely[r.IntN(len(likely))], For: ms(r, 100, 1500)}
	f.when(r)
	switch f.Kind {
	case KillWorker:
		f.On = []string{"worker-0", "worker-1", "workers"}[r.IntN(3)]
	case KillTemporal:
		f.On = Temporal
	case KillRecords, DiskFull:
		f.On = Records
	case KillTarget:
		f.On = Target
	case Latency, Reset, Silence, CutAnswer, Outage:
		places := append([]string{Target, Records, Temporal}, Providers...)
		f.On = places[r.IntN(len(places))]
		if f.Kind == Outage && r.IntN(4) == 0 { // hours, scaled
			f.For = ms(r, 4000, 8000)
		}
	default:
		f.On, f.Times, f.For = Providers[r.IntN(len(Providers))], 1+r.IntN(4), 0
	}
	return f
}

// when decides at which change or time a fault strikes.
func (f *Fault) when(r *rand.Rand) {
	if r.IntN(3) > 0 {
		f.After, f.Before = 1+r.IntN(16), r.IntN(2) == 0
	} else {
		f.Wait = ms(r, 0, 4000)
	}
}

// Boundaries is how many seeds in a row kill everything that can be killed right before
// and right after each of the first changes.
const Boundaries = 7 * 12 * 2

// boundary is what is killed where, by the number of the seed: chance leaves gaps.
func boundary(seed uint64) Fault {
	kill := []Fault{
		{Kind: KillWorker, On: "worker-0"}, {Kind: KillWorker, On: "worker-1"}, {Kind: KillWorker, On: "workers"},
		{Kind: KillTemporal, On: Temporal}, {Kind: KillRecords, On: Records}, {Kind: KillTarget, On: Target}, {Kind: KillTarget, On: Maria},
	}
	f := kill[seed%7]
	f.After, f.Before, f.For = 1+int(seed/7%12), seed/84%2 == 1, 400*time.Millisecond
	return f
}

// far is how far clocks are set. Temporal's only a little: what it has put off until a
// time that is hours away it does then.
var far = map[bool][]time.Duration{
	false: {2 * time.Second, 40 * time.Second, 5 * time.Minute, time.Hour, 26 * time.Hour},
	true:  {time.Second, 3 * time.Second, 12 * time.Second},
}

// step sets the clock of workers, or of Temporal, for a while.
func step(r *rand.Rand) Fault {
	f := Fault{Kind: StepClock, On: []string{"worker-0", "worker-1", "workers", Temporal}[r.IntN(4)], For: ms(r, 500, 5000)}
	sizes := far[f.On == Temporal]
	f.By = sizes[r.IntN(len(sizes))] * time.Duration(1-2*r.IntN(2))
	f.when(r)
	return f
}

func ms(r *rand.Rand, from, to int) time.Duration {
	return time.Duration(from+r.IntN(to-from)) * time.Millisecond
}
