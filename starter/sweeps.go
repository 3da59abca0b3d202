package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/internal/wiring"
)

func (a *app) sweepsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "sweeps",
		Short: "Look through whole systems for access that should not be there",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.sweepsCreateCommand(), a.sweepsListCommand(), a.sweepsRunCommand(), a.sweepsFindingsCommand(),
		a.sweepsPauseCommand(), a.sweepsResumeCommand(), a.sweepsDeleteCommand())
	return c
}

// sweepLine is a sweep in JSON.
type sweepLine struct {
	Sweep       string     `json:"sweep"`
	Rule        string     `json:"rule"`
	Mode        sweep.Mode `json:"mode"`
	Connections []string   `json:"connections"` // none: all that the worker has
	Every       string     `json:"every,omitempty"`
	Cron        string     `json:"cron,omitempty"`
	Notice      string     `json:"notice,omitempty"`
	MaxPerRun   int        `json:"max_per_run,omitempty"`
	MaxPerHour  int        `json:"max_per_hour,omitempty"`
	CreatedBy   string     `json:"created_by"`
	CreatedAt   time.Time  `json:"created_at"`
	Paused      bool       `json:"paused"`
	Scheduled   bool       `json:"scheduled"` // its schedule is there
	Note        string     `json:"note,omitempty"`
	Missed      int        `json:"missed,omitempty"` // runs that were too late to be caught up with
	NextAt      time.Time  `json:"next_at,omitzero"`
	Last        *sweepRun  `json:"last,omitempty"`
}

// sweepRun is a run in JSON.
type sweepRun struct {
	Run       int               `json:"run"`
	Result    store.SweepResult `json:"result"` // empty while it runs
	Words     string            `json:"words,omitempty"`
	StartedAt time.Time         `json:"started_at"`
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	Accounts  int64             `json:"accounts"`
	Found     int64             `json:"found"`
	New       int64             `json:"new"`
	Gone      int64             `json:"gone"`
	Unseen    int64             `json:"unseen"`
	Opened    int               `json:"opened"`
	Waiting   int               `json:"waiting"`
	WaitsFor  string            `json:"waits_for,omitempty"`
}

func runOf(r store.SweepRun) sweepRun {
	return sweepRun{r.No, r.Result, r.Words, r.StartedAt, r.EndedAt, r.Accounts, r.Found, r.Appeared, r.Went, r.Unseen, r.Opened, r.Waiting, r.WaitsFor}
}

func lineOfSweep(s store.Sweep) sweepLine {
	l := sweepLine{Sweep: s.Name, Rule: s.Rule.String(), Mode: s.Mode, Connections: s.Connections, Cron: s.Cron, CreatedBy: s.CreatedBy, CreatedAt: s.CreatedAt}
	if l.Connections == nil {
		l.Connections = []string{}
	}
	if s.Every > 0 {
		l.Every = s.Every.String()
	}
	if s.Mode == sweep.Enforce {
		l.Notice, l.MaxPerRun, l.MaxPerHour = s.Notice.String(), s.MaxPerRun, s.MaxPerHour
	}
	return l
}

func (a *app) sweepsListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the sweeps, when they run, and how the last run ended",
		Args:  cobra.NoArgs,
		RunE:  does(a.reading(func(ctx context.Context, _ []string) error { return a.listSweeps(ctx) })),
	}
}

func (a *app) listSweeps(ctx context.Context) error {
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := sweepsOf(ctx, clients.store, clients.temporal.Client)
	if err != nil {
		return err
	}
	switch {
	case a.json:
		a.out.document(out)
	case len(out.Sweeps) == 0:
		a.out.line("No sweeps. Set one up: sever sweeps create leavers --rule left --every 24h")
	default:
		a.showSweeps(out.Sweeps, time.Now())
	}
	return nil
}

// sweepList is the JSON of sweeps list.
type sweepList struct {
	Sweeps []sweepLine `json:"sweeps"`
}

// sweepsOf are all sweeps, as the records and Temporal have them.
func sweepsOf(ctx context.Context, s *store.Store, temporal client.Client) (sweepList, error) {
	out := sweepList{[]sweepLine{}}
	all, err := s.Sweeps(ctx)
	if err != nil {
		return out, err
	}
	for _, of := range all {
		l := lineOfSweep(of)
		pace, err := wiring.Sweeps{Temporal: temporal}.Look(ctx, of.ID)
		if err != nil {
			return out, desk.Refusal(ctx, err, desk.Within)
		}
		l.Paused, l.Scheduled, l.Note, l.NextAt, l.Missed = pace.Paused, !pace.Missing, pace.Note, pace.Next, pace.Missed
		last, err := s.LastSweepRun(ctx, of.ID)
		if err == nil {
			run := runOf(last)
			l.Last = &run
		} else if !errors.Is(err, store.ErrNotFound) {
			return out, err
		}
		out.Sweeps = append(out.Sweeps, l)
	}
	return out, nil
}

func (a *app) showSweeps(all []sweepLine, now time.Time) {
	rows := [][]string{}
	for _, l := range all {
		last, found := "-", ""
		if l.Last != nil {
			last = fmt.Sprintf("run %d, %s", l.Last.Run, clock(l.Last.StartedAt, now))
			found = a.sweepResult(*l.Last)
		}
		rows = append(rows, []string{l.Sweep, printable(l.Rule), string(l.Mode), a.rhythm(l, now), last, found})
	}
	a.out.table([]string{"sweep", "rule", "mode", "next", "last", "found"}, rows)
	for _, l := range all {
		switch {
		case !l.Scheduled:
			a.out.wrapped(l.Sweep+": ", "its schedule is gone from Temporal. Make it again: sever sweeps resume "+l.Sweep)
		case l.Paused && l.Note != "":
			a.out.wrapped(l.Sweep+": ", "paused: "+printable(l.Note)+". Let it go on: sever sweeps resume "+l.Sweep)
		case l.Missed > 0:
			a.out.wrapped(l.Sweep+": ", plural(l.Missed, "run was", "runs were")+" missed, because nothing ran for more than 6 hours")
		}
		if l.Last != nil && l.Last.Waiting > 0 {
			a.out.wrapped(l.Sweep+": ", plural(l.Last.Waiting, "case waits", "cases wait")+": "+printable(l.Last.WaitsFor))
		}
	}
}

// rhythm is when a sweep runs next, or why it does not.
func (a *app) rhythm(l sweepLine, now time.Time) string {
	switch {
	case !l.Scheduled:
		return a.out.red("no schedule")
	case l.Paused:
		return a.out.red("paused")
	case l.NextAt.IsZero():
		return "by hand"
	}
	return relative(l.NextAt, now)
}

// sweepResult is what a run came to, in a few words.
func (a *app) sweepResult(r sweepRun) string {
	words := fmt.Sprintf("%d, %d new", r.Found, r.New)
	if r.Unseen > 0 {
		words += fmt.Sprintf(", %d unseen", r.Unseen)
	}
	switch r.Result {
	case store.SweepRunning:
		return a.out.yellow("running")
	case store.SweepComplete:
		return words
	}
	return a.out.red(string(r.Result)) + ": " + words
}

// sweepNamed finds a sweep by its name.
func sweepNamed(ctx context.Context, s *store.Store, name string) (store.Sweep, error) {
	found, err := s.SweepNamed(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return found, desk.Failf(desk.Missing, "there is no sweep %q", name).Then("list them: sever sweeps list")
	}
	return found, err
}
