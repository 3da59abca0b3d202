package wiring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

const (
	// sweepJitter keeps sweeps from all asking the systems on the hour.
	sweepJitter = 10 * time.Minute
	// sweepCatchup is how late a run may be begun that was missed; an older one is left to
	// the next.
	sweepCatchup = 6 * time.Hour
)

// Sweeps are the schedules of the sweeps.
type Sweeps struct {
	Temporal client.Client
	Queue    string // of the workflows; empty: workflows.TaskQueue
}

// SweepID is the schedule of a sweep.
func SweepID(id int64) string { return workflows.SweepID + strconv.FormatInt(id, 10) }

// Create makes the schedule of a sweep. One run at a time: a second waits for the first,
// a third is left out. A run that fails pauses the schedule, for a person to look; one
// that only missed some connections does not fail.
func (s Sweeps) Create(ctx context.Context, of store.Sweep) error {
	id := SweepID(of.ID)
	spec := client.ScheduleSpec{TimeZoneName: "UTC", Jitter: sweepJitter}
	switch {
	case of.Every > 0:
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: of.Every}}
		spec.Jitter = min(sweepJitter, of.Every/6)
	case of.Cron != "":
		spec.CronExpressions = []string{of.Cron}
	}
	_, err := s.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec,
		Action: &client.ScheduleWorkflowAction{ID: id, Workflow: "Sweep", TaskQueue: cmp.Or(s.Queue, workflows.TaskQueue),
			Args: []any{workflows.SweepState{Sweep: of.ID}}, Priority: temporal.Priority{PriorityKey: 5}, StaticSummary: "sweep " + of.Name},
		Overlap:        enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
		CatchupWindow:  sweepCatchup,
		PauseOnFailure: true,
		Note:           "sweep " + of.Name,
	})
	if err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("schedule the sweep %s: %w", of.Name, err)
	}
	return nil
}

// SweepPace is how the schedule of a sweep stands.
type SweepPace struct {
	Missing bool // there is no schedule: it never runs by itself
	Paused  bool
	Note    string // who paused it, or that a run failed
	Next    time.Time
	Missed  int // runs that were too late to be caught up with
}

// Look says how the schedule of a sweep stands.
func (s Sweeps) Look(ctx context.Context, id int64) (SweepPace, error) {
	d, err := s.handle(ctx, id).Describe(ctx)
	if gone(err) {
		return SweepPace{Missing: true}, nil
	}
	if err != nil {
		return SweepPace{}, fmt.Errorf("look at the schedule %s: %w", SweepID(id), err)
	}
	p := SweepPace{Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note, Missed: d.Info.NumActionsMissedCatchupWindow}
	if len(d.Info.NextActionTimes) > 0 && !p.Paused {
		p.Next = d.Info.NextActionTimes[0]
	}
	return p, nil
}

// Run begins a run now, or when the one that runs has ended. It does so also while the
// schedule is paused.
func (s Sweeps) Run(ctx context.Context, id int64) error {
	return s.handle(ctx, id).Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE})
}

// Pause keeps a sweep from running by itself.
func (s Sweeps) Pause(ctx context.Context, id int64, note string) error {
	return s.handle(ctx, id).Pause(ctx, client.SchedulePauseOptions{Note: note})
}

// Resume lets a sweep run by itself again.
func (s Sweeps) Resume(ctx context.Context, id int64, note string) error {
	return s.handle(ctx, id).Unpause(ctx, client.ScheduleUnpauseOptions{Note: note})
}

// Delete ends the schedule. One that is not there is no error. A run that is under way
// goes on to its end.
func (s Sweeps) Delete(ctx context.Context, id int64) error {
	if err := s.handle(ctx, id).Delete(ctx); err != nil && !gone(err) {
		return err
	}
	return nil
}

func (s Sweeps) handle(ctx context.Context, id int64) client.ScheduleHandle {
	return s.Temporal.ScheduleClient().GetHandle(ctx, SweepID(id))
}

func gone(err error) bool {
	_, is := errors.AsType[*serviceerror.NotFound](err)
	return is
}
