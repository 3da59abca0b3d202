package main

import (
	"context"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
)

// sweepRuling is one of the commands by which a person decides about a sweep.
type sweepRuling struct {
	use, short, long string
	kind             string // of the row in the trail
	said             string
	do               func(ctx context.Context, at wiring.Sweeps, s store.Sweep, note string) error
	record           func(ctx context.Context, tx *store.Tx, s store.Sweep, by string) error
}

var pauseSweep = sweepRuling{use: "pause", short: "Keep a sweep from running by itself", kind: audit.SweepPaused, said: "is paused",
	long: "It can still be run by hand. A run that is under way goes on.",
	do: func(ctx context.Context, at wiring.Sweeps, s store.Sweep, note string) error {
		return at.Pause(ctx, s.ID, note)
	}}

var resumeSweep = sweepRuling{use: "resume", short: "Let a sweep run by itself again", kind: audit.SweepResumed, said: "goes on",
	long: "A sweep is also paused by a run that could list no connection at all. A schedule that\nis gone from Temporal is made again.",
	do: func(ctx context.Context, at wiring.Sweeps, s store.Sweep, note string) error {
		if err := at.Create(ctx, s); err != nil { // one that is there stays
			return err
		}
		return at.Resume(ctx, s.ID, note)
	}}

var deleteSweep = sweepRuling{use: "delete", short: "End a sweep; what it found stays on record", kind: audit.SweepDeleted, said: "is deleted",
	long: "Its runs and findings stay in the records. Cases that it opened go on.",
	do: func(ctx context.Context, at wiring.Sweeps, s store.Sweep, _ string) error {
		return at.Delete(ctx, s.ID)
	},
	record: func(ctx context.Context, tx *store.Tx, s store.Sweep, by string) error {
		return tx.DeleteSweep(ctx, s.ID, by)
	}}

func (a *app) sweepsPauseCommand() *cobra.Command  { return a.sweepRulingCommand(pauseSweep) }
func (a *app) sweepsResumeCommand() *cobra.Command { return a.sweepRulingCommand(resumeSweep) }
func (a *app) sweepsDeleteCommand() *cobra.Command { return a.sweepRulingCommand(deleteSweep) }

func (a *app) sweepRulingCommand(r sweepRuling) *cobra.Command {
	var why, as string
	c := &cobra.Command{
		Use: r.use + " <name>", Short: r.short, Long: r.short + ".\n\n" + r.long, Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error { return a.ruleSweep(ctx, r, args[0], why, as) }),
	}
	c.Flags().StringVar(&why, "reason", "", "why; kept in the trail")
	c.Flags().StringVar(&as, "as", "", "who decides (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func (a *app) ruleSweep(ctx context.Context, r sweepRuling, name, why, as string) error {
	by, err := a.allowed(as, roles.Sweep)
	if err != nil {
		return err
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := ruleSweep(ctx, clients.store, clients.temporal.Client, r, name, why, by)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	a.out.linef("The sweep %s %s.", out.Sweep, r.said)
	return nil
}

// sweepRuled is the JSON of what was decided about a sweep.
type sweepRuled struct {
	Sweep    string `json:"sweep"`
	Decision string `json:"decision"`
	By       string `json:"by"`
}

// ruleSweep puts a decision about a sweep into the records and into its schedule.
func ruleSweep(ctx context.Context, records *store.Store, temporal client.Client, r sweepRuling, name, why, by string) (sweepRuled, error) {
	if why != "" {
		if err := desk.ValidText("the reason", why, desk.MaxText); err != nil {
			return sweepRuled{}, err
		}
	}
	s, err := sweepNamed(ctx, records, name)
	if err != nil {
		return sweepRuled{}, err
	}
	note := by
	if why != "" {
		note += ": " + why
	}
	// The record comes first within the transaction and counts last: what Temporal refuses
	// is not on record, and what it did and the records do not have is done again.
	return sweepRuled{s.Name, r.use, by}, records.Do(ctx, func(tx *store.Tx) error {
		if r.record != nil {
			if err := r.record(ctx, tx, s, by); err != nil {
				return err
			}
		}
		if err := tx.Append(ctx, sweepDecision(s, r.kind, by, why, nil)); err != nil {
			return err
		}
		return desk.Refusal(ctx, r.do(ctx, wiring.Sweeps{Temporal: temporal}, s, note), desk.Within)
	})
}
