package wiring

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/roster"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// rosterFrom takes the roster of a source into the records.
type rosterFrom struct {
	source  *roster.Source
	records *store.Store
}

// Take implements activities.Roster.
func (r rosterFrom) Take(ctx context.Context, last bool) (activities.RosterTaken, error) {
	out := activities.RosterTaken{Source: r.source.Name()}
	d, err := r.source.Import(ctx, r.records, last)
	if no, ok := errors.AsType[*roster.RefusedError](err); ok {
		out.Refused = no.Why
		return out, nil
	}
	out.Active, out.Joined, out.Left = d.Active, len(d.Joined), len(d.Left)
	return out, err
}

func (p Parts) roster() activities.Roster {
	if p.Roster == nil {
		return nil
	}
	return rosterFrom{p.Roster, p.Store}
}

// scheduleRoster makes sure that the roster is taken at its pace, the first time at
// once. A schedule that is there keeps that it is paused, and gets the pace.
func scheduleRoster(ctx context.Context, p Parts) error {
	if p.Roster == nil {
		return nil
	}
	id := workflows.RosterID
	if p.Queue != "" {
		id += "-" + p.Queue
	}
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: p.Roster.Every()}}}
	_, err := p.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec,
		Action:             &client.ScheduleWorkflowAction{ID: id, Workflow: "ImportRoster", TaskQueue: p.mainQueue(), WorkflowExecutionTimeout: time.Hour},
		Overlap:            enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow:      10 * time.Second, // it takes what is there now: a run that was missed is no loss
		TriggerImmediately: true,
		Note:               "takes the complete list of people",
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = p.Temporal.ScheduleClient().GetHandle(ctx, id).Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(now client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				now.Description.Schedule.Spec = &spec
				return &client.ScheduleUpdate{Schedule: &now.Description.Schedule}, nil
			}})
	}
	if err != nil {
		return fmt.Errorf("schedule the roster: %w", err)
	}
	return nil
}

// RosterPace is how the schedule of the roster stands.
type RosterPace struct {
	Missing bool // there is none: rosters come by hand
	Paused  bool
	Note    string
	Every   time.Duration
	Next    time.Time
}

// LookAtRoster says how the schedule of the roster stands.
func LookAtRoster(ctx context.Context, c client.Client) (RosterPace, error) {
	d, err := c.ScheduleClient().GetHandle(ctx, workflows.RosterID).Describe(ctx)
	if gone(err) {
		return RosterPace{Missing: true}, nil
	}
	if err != nil {
		return RosterPace{}, fmt.Errorf("look at the schedule %s: %w", workflows.RosterID, err)
	}
	out := RosterPace{Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note}
	if of := d.Schedule.Spec.Intervals; len(of) > 0 {
		out.Every = of[0].Every
	}
	if len(d.Info.NextActionTimes) > 0 && !out.Paused {
		out.Next = d.Info.NextActionTimes[0]
	}
	return out, nil
}
