package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// Restore gives back what a case took at one connection, step by step and in
// reverse order. It restores every step that was begun, for a step without an
// answer may have been carried out. What cannot be given back is recorded and
// counted, and becomes a task for a person; it stops nothing.
func (a *Access) Restore(ctx context.Context, in RestoreInput) (Restored, error) {
	r, err := a.restoreAll(ctx, in)
	return r, asTemporal(ctx, err)
}

func (a *Access) restoreAll(ctx context.Context, in RestoreInput) (Restored, error) {
	conn, err := a.connections.For(in.Connection)
	if err != nil {
		return Restored{}, fmt.Errorf("%w: %w", errBadInput, err)
	}
	steps, err := a.store.BegunSteps(ctx, in.Case, in.Connection)
	if err != nil {
		return Restored{}, err
	}
	sent, err := a.store.Unsettled(ctx, in.Case, in.Connection)
	if err != nil {
		return Restored{}, err
	}
	// Each resource has its lane: what is given back on one must not meet another
	// case's removal there.
	h := a.holding()
	defer h.release()
	var out Restored
	var failed []error
	stopped := map[int64]bool{} // accounts of which a later step is not given back yet
	for i, s := range steps {
		if err := stopping(ctx); err != nil {
			return Restored{}, err
		}
		if stopped[s.AccountID] {
			continue
		}
		missing, err := a.giveBack(ctx, conn, h, s, twin(s, steps[:i], steps[i+1:]), doubtOf(s, sent, conn))
		out.Missing += missing
		if err == nil {
			out.Steps++
			continue
		}
		// Its earlier steps wait for this one, unless it was given back and is only looked
		// at again; other accounts do not.
		stopped[s.AccountID] = !errors.As(err, new(unsettledError))
		failed = append(failed, err)
		if k := provider.KindOf(err); k == provider.Denied || k == provider.Throttled {
			break
		}
	}
	if len(failed) > 0 {
		return Restored{}, errors.Join(pressing(failed)...)
	}
	return out, a.reinstated(ctx, in)
}

// giveBack undoes one step in its lane, or leaves it to its twin in an older plan.
func (a *Access) giveBack(ctx context.Context, conn *catalog.Connection, h *holding, s store.Step, twin int, d doubt) (missing int, err error) {
	lane, err := h.take(ctx, laneKey(conn.Name, s))
	switch {
	case err != nil:
		return 0, err
	case twin > 0:
		return 0, a.passOver(ctx, lane, s, twin)
	}
	return a.undo(ctx, conn, lane, s, d)
}

// twin is another plan of those that are to be undone that did the same to the same
// account; zero if there is none. A case that tried again for days did it many times: it
// is given back once. An account is made again with the newest, before anything else of
// it comes back; the rest comes back with the oldest, so that it is opened last.
func twin(s store.Step, newer, older []store.Step) (plan int) {
	among := older
	if s.Action == access.Delete {
		among = newer
	}
	i := slices.IndexFunc(among, func(o store.Step) bool {
		return o.AccountID == s.AccountID && o.Action == s.Action && o.Database == s.Database && o.Object == s.Object && o.Mode == s.Mode && o.Successor == s.Successor
	})
	if i < 0 {
		return 0
	}
	return among[i].PlanNo
}

// passOver ends a step that has a twin. Nothing is sent.
func (a *Access) passOver(ctx context.Context, lane *store.Lane, s store.Step, twin int) error {
	words := fmt.Sprintf("given back with the same step of plan %d", twin)
	return lane.Do(ctx, func(tx *store.Tx) error {
		if err := a.noAnswer(ctx, tx, s); err != nil {
			return err
		}
		if err := tx.EndUndo(ctx, s, store.StepUndone, words, nil); err != nil {
			return err
		}
		return tx.Append(ctx, undoEvent(s, audit.StepRefused, 0, "skipped", words))
	})
}

// noAnswer ends the attempt of a step that a worker died with: nobody will repeat it,
// and its intent must not stay without an end.
func (a *Access) noAnswer(ctx context.Context, tx *store.Tx, s store.Step) error {
	if s.State != store.StepRunning {
		return nil
	}
	return tx.Append(ctx, interrupted(s, "the attempt ended without an answer; it is given back as if it had been carried out"))
}
