package chaos

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The judges of sweeps and of sessions are shown what they have to object to, too.

func TestTruthfulRuns(t *testing.T) {
	t.Parallel()
	good := lane{Sweep: "leavers", Run: 2, Result: "complete", Connection: "plesk", State: "listed", Lanes: 5, Listed: 5, Opened: 1, Taken: 1}
	for name, c := range map[string]struct {
		change func(*lane)
		wrong  int
	}{
		"complete":                        {func(*lane) {}, 0},
		"some are unknown":                {func(l *lane) { l.Result, l.Listed = "partial", 4 }, 0},
		"this one is":                     {func(l *lane) { l.Result, l.Listed, l.State, l.SaidUnknown = "partial", 4, "unknown", true }, 0},
		"all are":                         {func(l *lane) { l.Result, l.Listed, l.State, l.SaidUnknown = "failed", 0, "unknown", true }, 0},
		"unknown, and nothing says so":    {func(l *lane) { l.Result, l.Listed, l.State = "partial", 4, "unknown" }, 1},
		"complete, and one is unknown":    {func(l *lane) { l.Listed, l.State, l.SaidUnknown = 4, "unknown", true }, 1},
		"complete, and another is":        {func(l *lane) { l.Listed = 4 }, 1},
		"partial, and all are listed":     {func(l *lane) { l.Result = "partial" }, 1},
		"ended before its connection":     {func(l *lane) { l.State = "pending" }, 1},
		"not ended":                       {func(l *lane) { l.Result = "" }, 1},
		"lost":                            {func(l *lane) { l.Result = "lost" }, 1},
		"it opened more than it says":     {func(l *lane) { l.Taken = 2 }, 1},
		"it says more than it has opened": {func(l *lane) { l.Taken = 0 }, 1},
	} {
		l := good
		c.change(&l)
		require.Len(t, truthfulRuns([]lane{l}), c.wrong, name)
	}
}

func TestUnfound(t *testing.T) {
	t.Parallel()
	run := lane{Run: 2, Connection: "plesk", State: "listed", Began: at(10), Ended: at(20)}
	ann := presence{principal: "E1", on: "plesk", account: "ann", from: at(5)}
	seen := finding{Kind: "left", Connection: "plesk", Account: "ann", Principal: "E1", First: 1, Last: 3}
	for name, c := range map[string]struct {
		change func(*lane, *presence, *finding)
		wrong  int
	}{
		"found":                        {func(*lane, *presence, *finding) {}, 0},
		"found for the first time":     {func(_ *lane, _ *presence, f *finding) { f.First, f.Last = 2, 2 }, 0},
		"found, and gone afterwards":   {func(_ *lane, _ *presence, f *finding) { f.Last, f.Gone = 2, 3 }, 0},
		"found only before":            {func(_ *lane, _ *presence, f *finding) { f.Last, f.Gone = 1, 2 }, 1},
		"found only afterwards":        {func(_ *lane, _ *presence, f *finding) { f.First = 3 }, 1},
		"of somebody else":             {func(_ *lane, _ *presence, f *finding) { f.Principal = "E2" }, 1},
		"another account":              {func(_ *lane, _ *presence, f *finding) { f.Account = "annx" }, 1},
		"whose it is cannot be told":   {func(_ *lane, _ *presence, f *finding) { f.Kind = "unknown" }, 1},
		"not there yet":                {func(_ *lane, p *presence, f *finding) { p.from, f.First = at(11), 3 }, 0},
		"perhaps removed meanwhile":    {func(_ *lane, p *presence, f *finding) { p.until, f.First = at(19), 3 }, 0},
		"removed afterwards":           {func(_ *lane, p *presence, f *finding) { p.until, f.First = at(21), 3 }, 1},
		"on another system":            {func(_ *lane, p *presence, f *finding) { p.on, f.First = "trove", 3 }, 0},
		"the connection was not asked": {func(l *lane, _ *presence, f *finding) { l.State, f.First = "unknown", 3 }, 0},
	} {
		l, p, f := run, ann, seen
		c.change(&l, &p, &f)
		require.Len(t, unfound([]lane{l}, []presence{p}, []finding{f}), c.wrong, name)
	}
	require.Empty(t, innocent([]finding{seen}, []string{"E1"}))
	require.Len(t, innocent([]finding{seen, {Kind: "unknown", Principal: "E2"}}, []string{"E2"}), 1)
}

func TestOut(t *testing.T) {
	t.Parallel()
	no := errors.New("role is not permitted to log in")
	clean := lodged{status: "clean", mode: "hr", contained: at(10), lastIn: at(9), refused: no}
	for name, c := range map[string]struct {
		change func(*lodged)
		wrong  int
	}{
		"out":                             {func(*lodged) {}, 0},
		"nobody knows since when":         {func(v *lodged) { v.contained = time.Time{} }, 0},
		"inside":                          {func(v *lodged) { v.in = true }, 1},
		"a session":                       {func(v *lodged) { v.sessions = 1 }, 1},
		"let in":                          {func(v *lodged) { v.refused = nil }, 1},
		"inside after it was contained":   {func(v *lodged) { v.lastIn = at(11) }, 1},
		"the case is open":                {func(v *lodged) { v.status, v.in, v.refused = "open", true, nil }, 0},
		"given back":                      {func(v *lodged) { v.status, v.same, v.refused = "cancelled", true, nil }, 0},
		"given back, and refused":         {func(v *lodged) { v.status, v.same = "cancelled", true }, 1},
		"given back, with a new password": {func(v *lodged) { v.status = "cancelled" }, 0},
		"given back after an incident":    {func(v *lodged) { v.status, v.same, v.mode = "cancelled", true, "incident" }, 0},
		"out after a sweep":               {func(v *lodged) { v.mode = "sweep" }, 0},
	} {
		v := clean
		c.change(&v)
		require.Len(t, out("E1", v), c.wrong, name)
	}
}
