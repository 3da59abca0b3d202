package activities

import (
	"context"
	"time"

	"github.com/severhq/sever/internal/store"
)

// openWait is how long is waited for somebody who is at work before it is tried again.
const openWait = time.Second

// endOpen ends the attempts of a case at some connections, or at all of them when there is
// none, that nobody else will end: those of a worker that died, or that could not write how
// it went, and whose plan is over. What they changed is for the system to show, and is
// given back by a cancel in any case. Somebody who is still at work holds the lane, and is
// waited for.
func (r *Records) endOpen(ctx context.Context, caseID string, connections []string, what string) error {
	open, err := r.store.OpenSteps(ctx, caseID, connections)
	if err != nil {
		return err
	}
	for _, s := range open {
		key := laneKey(s.Account.Connection, s)
		if conn, err := r.connections.For(s.Account.Connection); err == nil {
			key = workKey(conn, s)
		}
		if err := endOpenOn(ctx, r.store, key, s, "the attempt ended without an answer; "+what); err != nil {
			return err
		}
	}
	return nil
}

func endOpenOn(ctx context.Context, records *store.Store, key string, s store.Step, words string) error {
	lane, err := records.LockLane(ctx, key, openWait)
	if err != nil {
		return err
	}
	defer lane.Release()
	return lane.Do(ctx, func(tx *store.Tx) error {
		ended, err := tx.Supersede(ctx, s)
		if err != nil || !ended {
			return err
		}
		return tx.Append(ctx, interrupted(s, words))
	})
}
