package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
)

// RosterTries is how often a roster is tried to be read before that is on record as a
// refusal.
const RosterTries = 5

// RosterTaken is what became of a roster: identifiers and numbers, and nobody's name.
type RosterTaken struct {
	Source  string `json:"source"`
	Refused string `json:"refused,omitempty"` // why it was not believed
	Active  int    `json:"active,omitempty"`
	Joined  int    `json:"joined,omitempty"`
	Left    int    `json:"left,omitempty"`
}

// Roster is where the complete list of people comes from.
type Roster interface {
	// Take reads and records it. One that is not believed is an answer. What cannot be
	// read is an error, and after the last try an answer, too.
	Take(ctx context.Context, last bool) (RosterTaken, error)
}

// Rosters are the activities about rosters.
type Rosters struct{ from Roster }

// NewRosters makes them. A nil roster is one that this worker was not told of.
func NewRosters(from Roster) *Rosters { return &Rosters{from} }

// TakeRoster takes the roster once.
func (r *Rosters) TakeRoster(ctx context.Context) (RosterTaken, error) {
	if r.from == nil {
		return RosterTaken{}, errors.New("SEVER_ROSTER_SOURCE is not set for this worker: another one has to take it")
	}
	out, err := r.from.Take(ctx, activity.GetInfo(ctx).Attempt >= RosterTries)
	return out, asTemporal(ctx, err)
}
