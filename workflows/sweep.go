package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// SweepID is the schedule of a sweep, and the beginning of the ids of its workflows.
const SweepID = "sever-sweep-"

// NothingListed is the type of the error of a sweep that could list no connection. It
// pauses the schedule: a person sees to it before the next run.
const NothingListed = "NothingListed"

const (
	// sweepTogether is how many connections a run goes through at a time.
	sweepTogether = 8
	// looksInBatch and looksTogether keep one activity below half a minute, and most of a
	// connection's slots free for cases.
	looksInBatch, looksTogether = 25, 4
	// sweepTries is how often a connection is asked before the run does without it. The
	// next run asks it again.
	sweepTries = 6
	// sweepPriority is the last: cases never wait for a sweep.
	sweepPriority = 5
)

// SweepState is what a run of a sweep begins with, and goes on with when its history
// became long.
type SweepState struct {
	Sweep    int64       `json:"sweep"`
	Run      int         `json:"run,omitempty"`
	Enforces bool        `json:"enforces,omitempty"`
	Lanes    []SweepLane `json:"lanes,omitempty"`
}

// SweepLane is one connection of a run.
type SweepLane struct {
	Connection string            `json:"connection"`
	Queue      string            `json:"queue,omitempty"` // empty: nobody reaches it
	Listed     activities.Listed `json:"listed,omitzero"`
	Looked     int               `json:"looked,omitempty"` // accounts that were looked at
	Ended      bool              `json:"ended,omitempty"`
}

// Swept is how a run of a sweep ended.
type Swept struct {
	Run int `json:"run"`
	activities.SweepEnded
}

// Sweep is one run of a sweep: it goes through whole connections and writes down what its
// rule finds. One connection that cannot be listed stops no other and is said in the
// result; when none can, the run fails.
func Sweep(ctx workflow.Context, in SweepState) (Swept, error) {
	s := &sweeping{SweepState: in}
	if s.Run == 0 {
		if err := s.begin(ctx); err != nil {
			return Swept{}, inOwnWords(err)
		}
	}
	err := s.goThrough(ctx)
	switch {
	case ctx.Err() != nil:
		_, failed := s.end(ctx, true)
		return Swept{Run: s.Run}, errors.Join(ctx.Err(), failed)
	case err != nil:
		return Swept{Run: s.Run}, inOwnWords(err)
	case s.unfinished():
		return Swept{}, workflow.NewContinueAsNewError(ctx, Sweep, s.SweepState)
	}
	if err := s.enforce(ctx); err != nil {
		return Swept{Run: s.Run}, inOwnWords(err)
	}
	return s.end(ctx, false)
}

// sweeping is one run under way.
type sweeping struct {
	SweepState
	free     workflow.Semaphore
	enforced activities.SweepEnforced
}

var sweeps *activities.Sweeps

// begin numbers the run.
func (s *sweeping) begin(ctx workflow.Context) error {
	var begun activities.SweepBegun
	if err := workflow.ExecuteActivity(bookkeeping(ctx, sweepPriority), records.BeginSweep, s.Sweep).Get(ctx, &begun); err != nil {
		return err
	}
	s.Run, s.Enforces = begun.Run, begun.Enforces
	for _, c := range begun.Connections {
		s.Lanes = append(s.Lanes, SweepLane{Connection: c.Name, Queue: c.Queue})
	}
	return nil
}

// goThrough sweeps every connection that is not done, some at a time.
func (s *sweeping) goThrough(ctx workflow.Context) error {
	var failed error
	s.free = workflow.NewSemaphore(ctx, sweepTogether)
	done := workflow.NewWaitGroup(ctx)
	for i := range s.Lanes {
		l := &s.Lanes[i]
		if l.Ended || historyLong(ctx) {
			continue
		}
		if err := s.free.Acquire(ctx, 1); err != nil {
			failed = err
			break
		}
		done.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer done.Done()
			defer s.free.Release(1)
			if err := s.lane(ctx, l); err != nil {
				failed = err
			}
		})
	}
	own, _ := workflow.NewDisconnectedContext(ctx)
	done.Wait(own)
	return failed
}

func historyLong(ctx workflow.Context) bool { return workflow.GetInfo(ctx).GetContinueAsNewSuggested() }

func (s *sweeping) unfinished() bool {
	for _, l := range s.Lanes {
		if !l.Ended {
			return true
		}
	}
	return false
}

// lane lists one connection and looks at what has to be looked at. An error is one of our
// records; what the connection refuses is recorded.
func (s *sweeping) lane(ctx workflow.Context, l *SweepLane) error {
	in := activities.SweepInput{Sweep: s.Sweep, Run: s.Run, Connection: l.Connection}
	if l.Queue == "" {
		return s.miss(ctx, l, in, errors.New("the worker has no connection of this name (SEVER_CONNECTIONS)"))
	}
	if l.Listed.Looks == 0 {
		if err := workflow.ExecuteActivity(sweepOptions(ctx, l.Queue, "sweep "+l.Connection), reach.SweepConnection, in).Get(ctx, &l.Listed); err != nil {
			return s.miss(ctx, l, in, err)
		}
		if l.Listed.Looks == 0 {
			l.Ended = true
			return nil
		}
	}
	for l.Looked < l.Listed.Looks {
		if historyLong(ctx) {
			return nil
		}
		if err := s.looks(ctx, l, in); err != nil {
			return s.miss(ctx, l, in, err)
		}
	}
	l.Ended = true
	return workflow.ExecuteActivity(bookkeeping(ctx, sweepPriority), records.SettleSweep,
		activities.SweepSettledInput{SweepInput: in, Listed: l.Listed}).Get(ctx, nil)
}

// looks sees to some more accounts.
func (s *sweeping) looks(ctx workflow.Context, l *SweepLane, in activities.SweepInput) error {
	var batches []workflow.Future
	for len(batches) < looksTogether && l.Looked < l.Listed.Looks {
		to := min(l.Looked+looksInBatch, l.Listed.Looks)
		batches = append(batches, workflow.ExecuteActivity(sweepOptions(ctx, l.Queue, "look for the sweep of "+l.Connection), reach.SweepLooks,
			activities.SweepLooksInput{SweepInput: in, From: l.Looked, To: to}))
		l.Looked = to
	}
	var failed error
	for _, b := range batches {
		failed = errors.Join(failed, b.Get(ctx, nil))
	}
	return failed
}

// miss records that a connection could not be listed, in its own words. When the run was
// cancelled there is nothing to say of the connection.
func (s *sweeping) miss(ctx workflow.Context, l *SweepLane, in activities.SweepInput, why error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.Ended = true
	return workflow.ExecuteActivity(bookkeeping(ctx, sweepPriority), records.MissSweep,
		activities.SweepMissedInput{SweepInput: in, Why: reasonOf(why)}).Get(ctx, nil)
}

// reasonOf is what an activity said at last, without Temporal's words around it.
func reasonOf(err error) string {
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return said.Message()
	}
	return err.Error()
}

// enforce opens cases for those who have left, as far as the sweep may.
func (s *sweeping) enforce(ctx workflow.Context) error {
	if !s.Enforces {
		return nil
	}
	return workflow.ExecuteActivity(bookkeeping(ctx, sweepPriority), sweeps.EnforceSweep,
		activities.SweepEnforceInput{Sweep: s.Sweep, Run: s.Run}).Get(ctx, &s.enforced)
}

// end counts and closes the run.
func (s *sweeping) end(ctx workflow.Context, cancelled bool) (Swept, error) {
	out := Swept{Run: s.Run}
	if cancelled {
		own, free := workflow.NewDisconnectedContext(ctx)
		defer free()
		ctx = own
	}
	if err := workflow.ExecuteActivity(bookkeeping(ctx, sweepPriority), records.EndSweep,
		activities.SweepEndInput{Sweep: s.Sweep, Run: s.Run, Cancelled: cancelled, Enforced: s.enforced}).Get(ctx, &out.SweepEnded); err != nil {
		return out, inOwnWords(err)
	}
	if out.Result == "failed" {
		return out, temporal.NewNonRetryableApplicationError(out.Words, NothingListed, nil)
	}
	return out, nil
}

// sweepOptions are those of work on a connection that nobody waits for.
func sweepOptions(ctx workflow.Context, queue, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: queue, Summary: summary,
		StartToCloseTimeout:    2 * time.Hour, // a list of a million accounts, from a slow system
		ScheduleToCloseTimeout: 6 * time.Hour,
		HeartbeatTimeout:       pulse,
		WaitForCancellation:    true,
		Priority:               temporal.Priority{PriorityKey: sweepPriority},
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute, MaximumAttempts: sweepTries,
			NonRetryableErrorTypes: []string{activities.Denied, activities.BadInput}},
	})
}
