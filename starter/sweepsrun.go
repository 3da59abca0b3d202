package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/internal/wiring"
)

func (a *app) sweepsRunCommand() *cobra.Command {
	var as string
	var wait bool
	c := &cobra.Command{
		Use:   "run <name>",
		Short: "Run a sweep now, and print what it finds",
		Long: `Begins a run, or waits for the one that is under way and then begins it. It follows the
run to its end and prints what it found. The exit code is 0 when every connection was
listed and nothing was found, else 3.`,
		Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error { return a.runSweep(ctx, args[0], as, wait) }),
	}
	c.Flags().StringVar(&as, "as", "", "who runs it (default $SEVER_ACTOR, or who is logged in)")
	c.Flags().BoolVar(&wait, "wait", true, "follow the run to its end")
	return c
}

func (a *app) runSweep(ctx context.Context, name, as string, wait bool) error {
	by, err := a.allowed(as, roles.Sweep)
	if err != nil {
		return err
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	d, err := a.desk(clients, nil)
	if err != nil {
		return err
	}
	s, last, err := askForSweep(ctx, d, name, by)
	if err != nil {
		return err
	}
	if !wait {
		if a.json {
			a.out.document(sweepAsked{s.Name, last.No})
			return nil
		}
		a.out.linef("A run of %s is asked for. See how it ends: sever sweeps list", s.Name)
		return nil
	}
	run, err := a.followSweep(ctx, clients.store, s, last)
	if err != nil {
		return err
	}
	return a.tellSweep(ctx, clients.store, s, run)
}

// sweepAsked is the JSON of sweeps run that does not wait.
type sweepAsked struct {
	Sweep    string `json:"sweep"`
	AfterRun int    `json:"after_run"` // the number of the run before; 0: there was none
}

// askForSweep asks for a run now, and says which one was the last before it.
func askForSweep(ctx context.Context, d *desk.Desk, name, by string) (store.Sweep, store.SweepRun, error) {
	var last store.SweepRun
	if err := d.Awake(ctx); err != nil {
		return store.Sweep{}, last, err
	}
	s, err := sweepNamed(ctx, d.Store, name)
	if err != nil {
		return s, last, err
	}
	last, err = d.Store.LastSweepRun(ctx, s.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return s, last, err
	}
	err = d.Store.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(ctx, sweepDecision(s, audit.SweepRequested, by, "", nil))
	})
	if err != nil {
		return s, last, err
	}
	if err := (wiring.Sweeps{Temporal: d.Temporal}).Run(ctx, s.ID); err != nil {
		return s, last, desk.Explain(desk.Refusal(ctx, err, desk.Within)).Then("if its schedule is gone: sever sweeps resume %s", s.Name)
	}
	return s, last, nil
}

// followSweep waits for the run after the last one that was there to end, and tells of
// each connection that does.
func (a *app) followSweep(ctx context.Context, s *store.Store, of store.Sweep, last store.SweepRun) (store.SweepRun, error) {
	told := map[string]bool{}
	want := last.No + 1
	if last.No > 0 && last.Result == store.SweepRunning {
		a.sayf("Run %d is under way; the next begins when it has ended.", last.No)
	}
	for {
		run, err := s.SweepRun(ctx, of.ID, want)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return run, err
		}
		if err == nil {
			lanes, err := s.SweepLanes(ctx, of.ID, want)
			if err != nil {
				return run, err
			}
			for _, l := range lanes {
				if l.State != store.LanePending && !told[l.Connection] {
					told[l.Connection] = true
					a.tellLane(l)
				}
			}
			if run.Result != store.SweepRunning {
				return run, nil
			}
		}
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

func (a *app) tellLane(l store.SweepLane) {
	switch {
	case l.State == store.LaneUnknown:
		a.sayf("  %s  %s", a.out.red(l.Connection), a.out.red("unknown: "+clip(oneLine(l.Why))))
	case l.Spared > 0:
		a.sayf("  %s  %d accounts, %d of them protected", l.Connection, l.Accounts, l.Spared)
	default:
		a.sayf("  %s  %d accounts", l.Connection, l.Accounts)
	}
}

// tellSweep prints what a run found, and says by the exit code whether that was anything.
func (a *app) tellSweep(ctx context.Context, s *store.Store, of store.Sweep, run store.SweepRun) error {
	if a.json {
		if err := a.findingsJSON(ctx, s, of, store.FindingFilter{Sweep: of.ID, Run: run.No}); err != nil {
			return err
		}
	} else {
		a.showRun(of, run)
		if err := a.findingsTable(ctx, s, of, store.FindingFilter{Sweep: of.ID, Run: run.No, Limit: shown}); err != nil {
			return err
		}
		if standing := run.Found + run.Unseen; standing > shown {
			a.out.linef("%d more: sever sweeps findings %s --format csv", standing-shown, of.Name)
		}
	}
	if run.Result != store.SweepComplete || run.Found > 0 {
		return exit(exitOpen)
	}
	return nil
}

// shown is how many findings a run prints by itself.
const shown = 50

func (a *app) showRun(of store.Sweep, r store.SweepRun) {
	words := a.out.green("complete")
	if r.Result != store.SweepComplete {
		words = a.out.red(string(r.Result))
	}
	a.out.linef("Run %d of %s: %s. %s, %d accounts in %s.", r.No, of.Name, words, printable(r.Words), r.Accounts, span(r.EndedAt.Sub(r.StartedAt)))
	a.out.linef("%s, %d of them new; %d gone since the last run; %d from before that could not be looked at.",
		plural(int(r.Found), "finding", "findings"), r.Appeared, r.Went, r.Unseen)
	if of.Mode == sweep.Enforce {
		a.out.linef("%s opened.", plural(r.Opened, "case was", "cases were"))
		if r.Waiting > 0 {
			a.out.wrapped("", plural(r.Waiting, "case waits", "cases wait")+": "+printable(r.WaitsFor))
		}
	}
}
