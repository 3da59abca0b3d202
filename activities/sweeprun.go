package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
)

// SweepBegun is a run that has a number, with the connections to go through.
type SweepBegun struct {
	Run         int       `json:"run"`
	Connections []Covered `json:"connections"`
	// Enforces is true when cases may be opened for what is found.
	Enforces bool `json:"enforces,omitempty"`
}

// BeginSweep numbers a run of a sweep and says what it goes through. A connection that
// this worker does not know stays in the run, and cannot be listed.
func (r *Records) BeginSweep(ctx context.Context, id int64) (SweepBegun, error) {
	out, err := r.beginSweep(ctx, id)
	return out, asTemporal(ctx, err)
}

func (r *Records) beginSweep(ctx context.Context, id int64) (SweepBegun, error) {
	s, err := r.store.Sweep(ctx, id)
	if err != nil {
		return SweepBegun{}, err
	}
	if !s.DeletedAt.IsZero() {
		return SweepBegun{}, refused(fmt.Sprintf("the sweep %s was deleted by %s", s.Name, s.DeletedBy))
	}
	names := s.Connections
	if len(names) == 0 {
		for _, c := range r.connections.All() {
			names = append(names, c.Name)
		}
	}
	out := SweepBegun{Enforces: s.Mode == sweep.Enforce}
	for _, name := range names {
		out.Connections = append(out.Connections, Covered{Name: name, Queue: r.queueOf(name)})
	}
	workflow := activity.GetInfo(ctx).WorkflowExecution.RunID
	return out, r.store.Do(ctx, func(tx *store.Tx) error {
		run, err := tx.BeginSweepRun(ctx, id, workflow, names)
		if err != nil {
			return err
		}
		out.Run = run.No
		return tx.Append(ctx, sweepEvent(s, run.No, audit.Event{Key: "sweep/begun/" + workflow, At: run.StartedAt, Kind: audit.SweepBegun,
			Data: map[string]any{"rule": s.Rule.String(), "mode": string(s.Mode), "connections": len(names)}}))
	})
}

// queueOf is the queue of a connection; empty when it is not configured here.
func (r *Records) queueOf(name string) string {
	conn, err := r.connections.For(name)
	if err != nil {
		return ""
	}
	return conn.Queue()
}

// sweepEvent is an event about a run, in the trail of the house.
func sweepEvent(s store.Sweep, run int, e audit.Event) audit.Event {
	e.Chain, e.Actor, e.Object = audit.House, self, s.Name
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	e.Data["run"] = run
	return e
}

// SweepMissedInput reports a connection that could not be listed, or not looked at to the
// end.
type SweepMissedInput struct {
	SweepInput
	Why string `json:"why"`
}

// MissSweep records that a connection could not be listed. What was found there before
// stays as it was, and that nothing is known now is a finding.
func (r *Records) MissSweep(ctx context.Context, in SweepMissedInput) error {
	return asTemporal(ctx, r.store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.Find(ctx, in.Sweep, in.Run, []sweep.Finding{sweep.Silent(in.Connection, in.Why)}); err != nil {
			return err
		}
		return tx.EndSweepLane(ctx, in.Sweep, in.Run, store.SweepLane{Connection: in.Connection, State: store.LaneUnknown, Why: in.Why})
	}))
}

// SweepSettledInput reports a connection whose accounts were all looked at.
type SweepSettledInput struct {
	SweepInput
	Listed
}

// SettleSweep records that a connection was gone through to its end.
func (r *Records) SettleSweep(ctx context.Context, in SweepSettledInput) error {
	return asTemporal(ctx, r.store.Do(ctx, func(tx *store.Tx) error {
		return tx.EndSweepLane(ctx, in.Sweep, in.Run, store.SweepLane{Connection: in.Connection, State: store.LaneListed, Accounts: in.Accounts, Spared: in.Spared})
	}))
}

// SweepEndInput ends a run.
type SweepEndInput struct {
	Sweep     int64         `json:"sweep"`
	Run       int           `json:"run"`
	Cancelled bool          `json:"cancelled,omitempty"`
	Enforced  SweepEnforced `json:"enforced,omitzero"`
}

// SweepEnded is how a run ended.
type SweepEnded struct {
	Result   store.SweepResult `json:"result"`
	Words    string            `json:"words"`
	Accounts int64             `json:"accounts"`
	Found    int64             `json:"found"`
	New      int64             `json:"new"`
	Gone     int64             `json:"gone"`
	Unseen   int64             `json:"unseen"`
	SweepEnforced
}

// EndSweep weighs the connections of a run, counts what it found, and closes it.
func (r *Records) EndSweep(ctx context.Context, in SweepEndInput) (SweepEnded, error) {
	out, err := r.endSweep(ctx, in)
	return out, asTemporal(ctx, err)
}

func (r *Records) endSweep(ctx context.Context, in SweepEndInput) (out SweepEnded, err error) {
	s, err := r.store.Sweep(ctx, in.Sweep)
	if err != nil {
		return out, err
	}
	return out, r.store.Do(ctx, func(tx *store.Tx) error {
		lanes, err := tx.SweepLanes(ctx, in.Sweep, in.Run)
		if err != nil {
			return err
		}
		run, err := tx.SweepRun(ctx, in.Sweep, in.Run)
		if err != nil {
			return err
		}
		run.Result, run.Words = sweepResult(lanes, in.Cancelled)
		run.Opened, run.Waiting, run.WaitsFor = in.Enforced.Opened, in.Enforced.Waiting, in.Enforced.WaitsFor
		if run, err = tx.EndSweepRun(ctx, run); err != nil {
			return err
		}
		kinds, err := tx.CountFindings(ctx, in.Sweep, in.Run)
		if err != nil {
			return err
		}
		out = SweepEnded{run.Result, run.Words, run.Accounts, run.Found, run.Appeared, run.Went, run.Unseen,
			SweepEnforced{run.Opened, run.Waiting, run.WaitsFor}}
		data := map[string]any{"accounts": run.Accounts, "found": run.Found, "new": run.Appeared, "gone": run.Went, "unseen": run.Unseen}
		for what, states := range kinds {
			data["kind "+string(what)] = states[sweep.New] + states[sweep.Still]
		}
		return tx.Append(ctx, sweepEvent(s, in.Run, audit.Event{Key: fmt.Sprintf("sweep/ended/%d/%d", in.Sweep, in.Run), At: time.Now(), Kind: audit.SweepEnded,
			Outcome: string(run.Result), Words: run.Words, Data: data}))
	})
}

// sweepResult is how a run ended, from how its connections did.
func sweepResult(lanes []store.SweepLane, cancelled bool) (store.SweepResult, string) {
	var missed []string
	listed := 0
	for _, l := range lanes {
		switch l.State {
		case store.LaneListed:
			listed++
		case store.LaneUnknown:
			missed = append(missed, l.Connection)
		}
	}
	words := fmt.Sprintf("%d of %s listed", listed, access.Count(len(lanes), "connection"))
	if len(missed) > 0 {
		words += "; unknown: " + strings.Join(missed, ", ")
	}
	switch {
	case cancelled:
		return store.SweepCancelled, words
	case listed == 0:
		return store.SweepFailed, words
	case listed < len(lanes):
		return store.SweepPartial, words
	}
	return store.SweepComplete, words
}
