package workflows

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func tracks(states ...TrackState) (out []Track) {
	for i, s := range states {
		out = append(out, Track{Connection: string(rune('a' + i)), State: s})
	}
	return out
}

func TestNext(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Minute)
	parked := Track{Connection: "p", State: TrackParked, NextTry: later}
	for name, c := range map[string]struct {
		state  State
		gather time.Time
		long   bool
		want   Move
		until  time.Time
	}{
		"decisions are recorded before anything else": {state: State{Inbox: []Letter{{}}, Cancelled: true, Tracks: tracks(TrackDue)}, want: MoveRecord},
		"a due connection is asked":                   {state: State{Tracks: tracks(TrackDue, TrackBusy)}, want: MoveAsk},
		"the plan waits for those that are asked":     {state: State{Tracks: tracks(TrackReady, TrackAsking)}, gather: later, want: MoveWait, until: later},
		"but not longer than its patience":            {state: State{Tracks: tracks(TrackReady, TrackAsking)}, gather: noon, want: MovePlan},
		"nor when all have answered":                  {state: State{Tracks: tracks(TrackReady, TrackReady)}, gather: later, want: MovePlan},
		"nor for a connection that failed":            {state: State{Tracks: append(tracks(TrackReady), parked)}, gather: later, want: MovePlan},
		"an incident waits for nobody":                {state: State{Policy: plan.Policy{ContainFirst: true}, Tracks: tracks(TrackReady, TrackAsking)}, gather: later, want: MovePlan},
		"a silent connection is asked again in time":  {state: State{Tracks: append(tracks(TrackClean), parked)}, want: MoveWait, until: later},
		"a denied plan waits for a person":            {state: State{Tracks: tracks(TrackDenied, TrackClean)}, want: MoveWait},
		"settled everywhere is proven":                {state: State{Tracks: tracks(TrackClean, TrackClean)}, want: MoveProve},
		"then a second look is waited for":            {state: State{SecondLookAt: later, Tracks: tracks(TrackClean)}, want: MoveWait, until: later},
		"and taken":                                   {state: State{SecondLookAt: noon, Tracks: tracks(TrackClean)}, want: MoveRelook},
		"and then the case closes":                    {state: State{Relooking: true, SecondLookAt: noon, Tracks: tracks(TrackClean)}, want: MoveClose},
		"a follow-up keeps it from being proven":      {state: State{FollowUps: 1, FollowUpAt: later, Tracks: tracks(TrackClean)}, want: MoveWait, until: later},
		"from the second look":                        {state: State{FollowUps: 1, FollowUpAt: later, SecondLookAt: noon, Tracks: tracks(TrackClean)}, want: MoveWait, until: later},
		"and from closing":                            {state: State{FollowUps: 1, FollowUpAt: later, Relooking: true, SecondLookAt: noon, Tracks: tracks(TrackClean)}, want: MoveWait, until: later},
		"and is counted again in time":                {state: State{FollowUps: 2, FollowUpAt: noon, SecondLookAt: later, Tracks: tracks(TrackClean)}, want: MoveFollowUp},
		"which keeps nothing else from going on":      {state: State{FollowUps: 1, FollowUpAt: noon, Tracks: tracks(TrackClean, TrackDue)}, want: MoveAsk},
		"nor from being cancelled":                    {state: State{FollowUps: 1, FollowUpAt: later, Cancelled: true, Tracks: tracks(TrackClean)}, want: MoveRestore},
		"not while one thing is open":                 {state: State{Relooking: true, SecondLookAt: noon, Tracks: tracks(TrackClean, TrackOpen)}, want: MoveWait},
		"not while one thing is under way":            {state: State{Relooking: true, SecondLookAt: noon, Tracks: tracks(TrackClean, TrackBusy)}, want: MoveWait},
		"a cancelled case waits for what is running":  {state: State{Cancelled: true, Tracks: tracks(TrackBusy, TrackDue)}, want: MoveWait},
		"and then gives back":                         {state: State{Cancelled: true, Tracks: tracks(TrackDue, TrackParked)}, want: MoveRestore},
		"a long history begins nothing new":           {state: State{Tracks: tracks(TrackBusy, TrackDue)}, long: true, want: MoveWait},
		"and goes on in a new run when it is quiet":   {state: State{Tracks: tracks(TrackOpen, TrackDue)}, long: true, want: MoveContinue},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			move, until := next(c.state, c.gather, noon, c.long)
			require.Equal(t, c.want, move)
			require.Equal(t, c.until, until)
		})
	}
}

func TestWake(t *testing.T) {
	t.Parallel()
	s := State{Tracks: []Track{
		{State: TrackParked, NextTry: noon}, {State: TrackOpen, NextTry: noon.Add(time.Second)},
		{State: TrackOpen, NextTry: noon.Add(-time.Hour)}, {State: TrackDenied, NextTry: noon}, {State: TrackParked},
	}}
	wake(&s, noon)
	var got []TrackState
	for _, x := range s.Tracks {
		got = append(got, x.State)
	}
	require.Equal(t, []TrackState{TrackDue, TrackOpen, TrackDue, TrackDenied, TrackParked}, got)
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	var got []time.Duration
	for tries := range 6 {
		got = append(got, backoff(tries, 5*time.Minute))
	}
	s := time.Second
	require.Equal(t, []time.Duration{30 * s, 30 * s, 60 * s, 120 * s, 240 * s, 300 * s}, got)
	require.Equal(t, time.Hour, backoff(10_000, time.Hour))
	require.Equal(t, time.Second, backoff(3, time.Second))
}

func TestPhase(t *testing.T) {
	t.Parallel()
	waiting := []PlanState{{Status: PlanWaiting}}
	for name, c := range map[string]struct {
		state State
		ahead bool
		want  Phase
	}{
		"asking":        {State{Tracks: tracks(TrackAsking, TrackClean)}, false, PhaseDiscovering},
		"quarantine":    {State{Tracks: tracks(TrackBusy), Held: true, Plans: []PlanState{{Status: PlanApproved, Guarded: 1}, {Status: PlanWaiting, Guarded: 2}}}, true, PhaseQuarantine},
		"approval":      {State{Tracks: tracks(TrackBusy), Plans: waiting}, true, PhaseApproval},
		"date":          {State{Tracks: tracks(TrackBusy)}, true, PhaseDate},
		"containing":    {State{Tracks: tracks(TrackBusy)}, false, PhaseContaining},
		"removing":      {State{Tracks: tracks(TrackBusy), Contained: true}, false, PhaseRemoving},
		"lulled":        {State{Tracks: tracks(TrackBusy), Contained: true, Lulled: true}, false, PhaseLull},
		"held":          {State{Tracks: tracks(TrackBusy), Contained: true, Held: true}, false, PhaseHeld},
		"people":        {State{Tracks: tracks(TrackClean, TrackOpen)}, false, PhasePeople},
		"follow-ups":    {State{Tracks: tracks(TrackClean), FollowUps: 1}, false, PhasePeople},
		"second look":   {State{Tracks: tracks(TrackClean)}, false, PhaseSecondLook},
		"being undone":  {State{Tracks: tracks(TrackBusy), Cancelled: true}, false, PhaseRestoring},
		"denied, still": {State{Tracks: tracks(TrackDenied)}, false, PhasePeople},
	} {
		require.Equal(t, c.want, phase(c.state, c.ahead, false), name)
	}
}

func TestTheLullDependsOnHowManyAreLeft(t *testing.T) {
	t.Parallel()
	require.Equal(t, []time.Duration{time.Second, time.Second, 40 * time.Second, time.Minute},
		[]time.Duration{lullPause(1), lullPause(10), lullPause(400), lullPause(5000)})
}

func TestPhaseOfAGrace(t *testing.T) {
	t.Parallel()
	s := State{Tracks: tracks(TrackBusy), Contained: true, Held: true}
	require.Equal(t, PhaseGrace, phase(s, false, true))
	s.Plans = []PlanState{{Status: PlanWaiting}}
	require.Equal(t, PhaseApproval, phase(s, false, true))
}

func TestApprovedPlansCoverTheirOwnConnections(t *testing.T) {
	t.Parallel()
	s := State{Plans: []PlanState{
		{No: 1, Connections: []string{"a", "b"}, ByPerson: true}, {No: 2, Connections: []string{"c"}, ByPerson: true}, {No: 3, Connections: []string{"a"}}}}
	for connections, want := range map[string]int{"a": 1, "ba": 1, "c": 2, "ac": 0} {
		no, lapsed := s.approved(strings.Split(connections, ""), noon)
		require.Equal(t, want, no, connections)
		require.Zero(t, lapsed, "an approval without an end holds for ever")
	}
}

func TestApprovalsLapse(t *testing.T) {
	t.Parallel()
	s := State{Policy: plan.Policy{ApprovalTTL: time.Hour}, Plans: []PlanState{
		{No: 1, Connections: []string{"a"}, ByPerson: true, DecidedAt: noon.Add(-2 * time.Hour)},
		{No: 2, Connections: []string{"b"}, ByPerson: true, DecidedAt: noon.Add(-2 * time.Hour)},
		{No: 3, Connections: []string{"b"}, ByPerson: true, DecidedAt: noon},
	}}
	ask := func(connection string, at time.Time) [2]int {
		no, lapsed := s.approved([]string{connection}, at)
		return [2]int{no, lapsed}
	}
	require.Equal(t, [2]int{0, 1}, ask("a", noon))
	require.Equal(t, [2]int{3, 0}, ask("b", noon), "a newer word counts")
	require.Equal(t, [2]int{1, 0}, ask("a", noon.Add(-time.Hour)), "the last moment counts")
	s.EffectiveAt = noon
	require.Equal(t, [2]int{1, 0}, ask("a", noon.Add(time.Hour)), "what is approved for a date holds from the date")
}

func TestSeenCommandsAreBounded(t *testing.T) {
	t.Parallel()
	var s State
	for i := range 3 * seenLimit {
		s.remember(string(rune(i)), Submitted{Case: "c"})
	}
	require.Len(t, s.Seen, seenLimit)
	_, ok := s.answered(string(rune(3*seenLimit - 1)))
	require.True(t, ok)
	_, ok = s.answered(string(rune(1)))
	require.False(t, ok)
}

func TestSupplements(t *testing.T) {
	t.Parallel()
	first := PlanState{No: 1, Connections: []string{"a"}, Status: PlanApproved}
	for name, c := range map[string]struct {
		plans []PlanState
		late  bool
		alone bool // each connection is planned by itself
		of    []string
		want  int
	}{
		"the first plan supplements nothing":               {of: []string{"a", "b"}},
		"a connection that answered late":                  {plans: []PlanState{first}, of: []string{"b"}, want: 1},
		"two of them":                                      {plans: []PlanState{first}, of: []string{"b", "c"}, want: 1},
		"a connection that is planned again":               {plans: []PlanState{first}, of: []string{"a"}},
		"one that is planned again, and a late one":        {plans: []PlanState{first}, of: []string{"a", "b"}},
		"a late one that is planned again":                 {plans: []PlanState{first, {No: 2, Connections: []string{"b"}, Status: PlanApproved, Supplements: 1}}, of: []string{"b"}},
		"a second late one supplements no supplement":      {plans: []PlanState{first, {No: 2, Connections: []string{"b"}, Status: PlanApproved, Supplements: 1}}, of: []string{"c"}, want: 1},
		"a plan that was superseded counts no more":        {plans: []PlanState{{No: 1, Connections: []string{"a"}, Status: PlanSuperseded}, {No: 2, Connections: []string{"a"}, Status: PlanWaiting}}, of: []string{"b"}, want: 2},
		"an incident plans each by itself":                 {plans: []PlanState{first}, alone: true, of: []string{"b"}},
		"and one of an incident that was given up is late": {plans: []PlanState{first}, alone: true, late: true, of: []string{"b"}, want: 1},
	} {
		s := State{Policy: plan.Policy{ContainFirst: c.alone}, Plans: c.plans, Tracks: tracks(TrackReady, TrackReady, TrackReady)}
		for i := range s.Tracks {
			s.Tracks[i].Late = c.late
		}
		require.Equal(t, c.want, s.supplements(c.of), name)
	}
}

func TestAPlanInWords(t *testing.T) {
	t.Parallel()
	p := PlanState{No: 3, Hash: "0123456789abcdef", Connections: []string{"plesk-fr1"}, Status: PlanWaiting, Supplements: 1, Guarded: 2}
	require.Equal(t, "plan 3 `0123456789ab` waiting; supplement to plan 1: plesk-fr1 answered late; in quarantine: 2 guards; "+
		"approve it with a reason, deny it, or cancel the case", p.inWords())
	p.Status, p.Supplements = PlanApproved, 0
	require.Equal(t, "plan 3 `0123456789ab` approved", p.inWords())
}

func TestAPlanIsDecidedOnce(t *testing.T) {
	t.Parallel()
	o := newOffboarding(State{Case: "c", Plans: []PlanState{{No: 1, Hash: "feed", Status: PlanWaiting}},
		Inbox: []Letter{{Kind: audit.PlanDenied, Decision: Decision{By: "boss", Hash: "feed"}}}})
	require.EqualError(t, o.validPlan(Decision{By: "lead", Hash: "feed"}), "boss has just decided about the plan feed")
	o.Inbox = nil
	require.NoError(t, o.validPlan(Decision{By: "lead", Hash: "feed"}))
}
