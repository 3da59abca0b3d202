package activities

import (
	"context"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// holding is the one lane that an activity holds while it goes from step to step.
type holding struct {
	store *store.Store
	wait  time.Duration
	key   string
	lane  *store.Lane // nil while none is held
}

func (a *Access) holding() *holding { return &holding{store: a.store, wait: a.pace.LaneWait} }

// take gives the lane of that key. Another that was held is given back first, so that
// nobody waits for one lane while holding another. A lane that somebody else holds for
// longer than the wait is store.ErrLaneBusy.
func (h *holding) take(ctx context.Context, key string) (*store.Lane, error) {
	if h.lane != nil && h.key == key {
		return h.lane, nil
	}
	h.release()
	lane, err := h.store.LockLane(ctx, key, h.wait)
	if err != nil {
		return nil, err
	}
	h.key, h.lane = key, lane
	return lane, nil
}

// release gives back what is held, if anything is.
func (h *holding) release() {
	if h.lane != nil {
		h.lane.Release()
		h.lane = nil
	}
}

// laneKey names the lane that a step is on.
func laneKey(connection string, s store.Step) string { return connection + "/" + s.Account.Resource }

// workKey names what a step must hold: the lane of its resource. Containing has a lock
// of its own for each account where the system allows it: it never waits for another
// case's removal.
func workKey(conn *catalog.Connection, s store.Step) string {
	key := laneKey(conn.Name, s)
	if s.Action == access.Contain && !conn.Limits.ContainAlone {
		key += "/" + s.Account.Name + "@" + s.Account.Host
	}
	return key
}
