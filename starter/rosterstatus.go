package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
)

// rosterStatus is the JSON of roster status.
type rosterStatus struct {
	Scheduled bool        `json:"scheduled"`
	Every     string      `json:"every,omitempty"`
	Paused    bool        `json:"paused"`
	Note      string      `json:"note,omitempty"`
	NextAt    time.Time   `json:"next_at,omitzero"`
	Runs      []rosterRun `json:"runs"` // the newest first
}

// rosterRun is one roster that came, by the schedule or by hand.
type rosterRun struct {
	At     time.Time `json:"at"`
	Source string    `json:"source"`
	Result string    `json:"result"` // accepted, or refused
	Words  string    `json:"words"`
	By     string    `json:"by"`
}

func (a *app) rosterStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "When the roster is taken next, and what became of the last ones",
		Args:  cobra.NoArgs,
		RunE:  does(a.reading(func(ctx context.Context, _ []string) error { return a.rosterStatus(ctx) })),
	}
}

func (a *app) rosterStatus(ctx context.Context) error {
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := rosterStanding(ctx, clients.store, clients.temporal.Client)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	a.showRosterStatus(out, time.Now())
	return nil
}

// rosterStanding is when the roster is taken next, and what became of the last ones.
func rosterStanding(ctx context.Context, s *store.Store, temporal client.Client) (rosterStatus, error) {
	pace, err := wiring.LookAtRoster(ctx, temporal)
	if err != nil {
		return rosterStatus{}, err
	}
	out := rosterStatus{Scheduled: !pace.Missing, Paused: pace.Paused, NextAt: pace.Next}
	if pace.Every > 0 {
		out.Every = pace.Every.String()
	}
	if pace.Paused {
		out.Note = pace.Note
	}
	out.Runs, err = rosterRuns(ctx, s)
	return out, err
}

// rosterRuns are the last rosters that came, of both kinds, by the trail.
func rosterRuns(ctx context.Context, s *store.Store) ([]rosterRun, error) {
	const most = 10
	out := []rosterRun{}
	for kind, result := range map[string]string{audit.RosterImported: "accepted", audit.RosterRefused: "refused"} {
		rows, err := s.LastOfKind(ctx, audit.House, kind, most)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, rosterRun{r.At, r.Object, result, r.Words, r.Actor})
		}
	}
	slices.SortFunc(out, func(a, b rosterRun) int { return b.At.Compare(a.At) })
	return out[:min(len(out), most)], nil
}

func (a *app) showRosterStatus(s rosterStatus, now time.Time) {
	switch {
	case !s.Scheduled:
		a.out.line("No roster is taken by itself: SEVER_ROSTER_SOURCE is not set for a worker (sever help roster-schedule).")
	case s.Paused:
		a.out.line(a.out.yellow("Paused") + ": " + printable(s.Note))
	default:
		a.out.linef("Taken every %s, the next time %s.", s.Every, relative(s.NextAt, now))
	}
	if len(s.Runs) == 0 {
		a.out.line("No roster has come yet.")
		return
	}
	rows := [][]string{}
	for _, r := range s.Runs {
		result := a.out.green(r.Result)
		if r.Result == "refused" {
			result = a.out.red(r.Result)
		}
		rows = append(rows, []string{clock(r.At, now), result, printable(r.Source), printable(r.Words), printable(r.By)})
	}
	a.out.line("")
	a.out.table([]string{"at", "result", "source", "what it says", "by"}, rows)
}
