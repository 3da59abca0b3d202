package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// Sweeps are the activities that act on what sweeps found.
type Sweeps struct {
	store  *store.Store
	policy plan.Policy
	cases  SweepOpener
	newID  func(time.Time) string
}

// SweepOpener puts the request of a sweep to a principal's case.
type SweepOpener interface {
	// OpenSwept opens the case, or joins the one that is open: once, however often it is
	// asked with one key. A clear no is a NotOpenedError; after any other error the case
	// may be open all the same.
	OpenSwept(context.Context, SweepAsk) (Taken, error)
}

// NotOpenedError is the answer that a case is not opened, in the words of who says so.
type NotOpenedError struct {
	Err error
	// Later is true where only this principal's case says no, and only for now.
	Later bool
}

func (e *NotOpenedError) Error() string { return e.Err.Error() }

// Unwrap is the answer as it was.
func (e *NotOpenedError) Unwrap() error { return e.Err }

// SweepAsk is a case that a sweep asks for.
type SweepAsk struct {
	Case      string // its id, if it is opened
	Principal access.PrincipalID
	Policy    plan.Policy
	Requester string
	Ticket    string
	Key       string
}

// NewSweeps makes the activities that act on what sweeps found. Their cases begin with the
// policy, and have ids as all cases have.
func NewSweeps(s *store.Store, p plan.Policy, o SweepOpener, newID func(time.Time) string) *Sweeps {
	return &Sweeps{s, p, o, newID}
}

// SweepEnforceInput asks for the cases of one run of a sweep.
type SweepEnforceInput struct {
	Sweep int64 `json:"sweep"`
	Run   int   `json:"run"`
}

// SweepEnforced says how many cases a run opened, and how many it did not open yet.
type SweepEnforced struct {
	Opened   int    `json:"opened,omitempty"`
	Waiting  int    `json:"waiting,omitempty"`
	WaitsFor string `json:"waits_for,omitempty"`
}

// EnforceSweep opens a case for each principal who has left and whose accounts the run
// found, as many as the sweep may open now. They are opened in the name of whoever set the
// sweep up, by the same update as every case, and the roles are asked again.
func (e *Sweeps) EnforceSweep(ctx context.Context, in SweepEnforceInput) (SweepEnforced, error) {
	out, err := e.enforce(ctx, in)
	return out, asTemporal(ctx, err)
}

func (e *Sweeps) enforce(ctx context.Context, in SweepEnforceInput) (out SweepEnforced, err error) {
	s, err := e.store.Sweep(ctx, in.Sweep)
	if err != nil || !s.DeletedAt.IsZero() {
		return out, err
	}
	trust, err := e.store.SweepTrust(ctx, in.Sweep, in.Run)
	if err != nil {
		return out, err
	}
	policy := e.policy
	policy.Grace, policy.Approval = s.Notice, plan.ApproveGuarded
	if !trust.Approved {
		policy.Approval = plan.ApproveAlways
	}
	// What an earlier attempt asked for is counted already, and goes first.
	again, err := e.asked(ctx, s, in)
	if err != nil {
		return out, err
	}
	leavers, err := e.store.SweepCandidates(ctx, in.Sweep, in.Run)
	if err != nil {
		return out, err
	}
	leavers = slices.DeleteFunc(leavers, func(who access.PrincipalID) bool { return slices.Contains(again, who) })
	now, waits := s.Allows(trust, len(leavers))
	out.Waiting, out.WaitsFor = len(leavers)-now, waits
	later := 0
	for i, who := range slices.Concat(again, leavers[:now]) {
		if err := stopping(ctx); err != nil {
			return out, err
		}
		opened, no, err := e.open(ctx, s, in.Run, who, policy)
		if err != nil {
			return out, err
		}
		if !opened {
			out.Opened-- // it counts as asked for
		}
		if no == nil {
			continue
		}
		out.WaitsFor = no.Error()
		if !no.Later { // who may not, may not for the others either
			out.Waiting = later + len(again) + len(leavers) - i
			break
		}
		later++
		out.Waiting++
	}
	return e.count(ctx, s, in, out)
}

// asked are those for whom this run has asked for a case that is not on record. One that
// is was opened by an earlier attempt, which may have ended before it could say so.
func (e *Sweeps) asked(ctx context.Context, s store.Sweep, in SweepEnforceInput) (out []access.PrincipalID, err error) {
	all, err := e.store.SweepCases(ctx, in.Sweep)
	if err != nil {
		return nil, err
	}
	for _, c := range slices.Backward(all) { // newest first, and they were asked for in their order
		switch {
		case c.Run != in.Run:
		case c.Status == "":
			out = append(out, c.Principal)
		default:
			if err := e.tell(ctx, s, in.Run, c.Principal, Taken{Case: c.CaseID}); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// open notes that a case is asked for and then asks for it; repeated it is the same case.
// It was not opened, either, where a case that was open takes the request, such as one
// that an earlier run asked for and that was not on record yet. No says why no case takes
// it. Err is that our records could not be kept, or that
// nobody knows whether it was opened: another attempt reads, and asks with the same key.
func (e *Sweeps) open(ctx context.Context, s store.Sweep, run int, who access.PrincipalID, policy plan.Policy) (opened bool, no *NotOpenedError, err error) {
	ask := SweepAsk{Principal: who, Policy: policy, Requester: s.CreatedBy, Ticket: fmt.Sprintf("sweep %s, run %d", s.Name, run), Key: sweepKey(s, run, who)}
	err = e.store.Do(ctx, func(tx *store.Tx) (err error) {
		if ask.Case, err = tx.Remember(ctx, ask.Key, e.newID(time.Now()), who); err != nil {
			return err
		}
		return tx.NoteSweepCase(ctx, s.ID, run, ask.Case, who)
	})
	if err != nil {
		return false, nil, err
	}
	taken, err := e.cases.OpenSwept(ctx, ask)
	switch {
	case ctx.Err() != nil && err != nil:
		return false, nil, ctx.Err()
	case errors.As(err, &no):
		return false, no, nil
	case err != nil:
		return false, nil, fmt.Errorf("open case %s of %s for the sweep %s: %w", ask.Case, who, s.Name, err)
	}
	return taken.Case == ask.Case, nil, e.tell(ctx, s, run, who, taken)
}

func sweepKey(s store.Sweep, run int, who access.PrincipalID) string {
	return fmt.Sprintf("sweep/%d/%d/%s", s.ID, run, who)
}

// tell writes, once, that a case has taken the request of a run.
func (e *Sweeps) tell(ctx context.Context, s store.Sweep, run int, who access.PrincipalID, taken Taken) error {
	return e.store.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(ctx, sweepEvent(s, run, audit.Event{Key: sweepKey(s, run, who), At: time.Now(), Kind: audit.SweepEnforced,
			Data: map[string]any{"case": taken.Case, "principal": string(who), "requester": s.CreatedBy, "joined": taken.Joined}}))
	})
}

// count adds the cases that all attempts asked for, and notes what waits.
func (e *Sweeps) count(ctx context.Context, s store.Sweep, in SweepEnforceInput, out SweepEnforced) (SweepEnforced, error) {
	all, err := e.store.SweepCases(ctx, in.Sweep)
	if err != nil {
		return out, err
	}
	for _, c := range all {
		if c.Run == in.Run {
			out.Opened++
		}
	}
	if out.Waiting == 0 {
		return out, nil
	}
	return out, e.store.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(ctx, sweepEvent(s, in.Run, audit.Event{Key: fmt.Sprintf("sweep/waited/%d/%d", s.ID, in.Run), At: time.Now(), Kind: audit.SweepWaited,
			Words: out.WaitsFor, Data: map[string]any{"waiting": out.Waiting}}))
	})
}
