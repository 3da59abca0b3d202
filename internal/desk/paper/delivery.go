package paper

import (
	"context"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// DeliveryList is what other systems sent, the newest first.
type DeliveryList struct {
	Deliveries []Delivery `json:"deliveries"`
}

// Delivery is one message of another system, and what became of it.
type Delivery struct {
	ID        int64               `json:"id"`
	Kind      string              `json:"kind"`
	Source    string              `json:"source"`
	Message   string              `json:"message"`
	Act       string              `json:"act"`
	Principal access.PrincipalID  `json:"principal,omitempty"`
	State     store.DeliveryState `json:"state"`
	Words     string              `json:"words,omitempty"`
	Case      string              `json:"case,omitempty"`
	Attempts  int                 `json:"attempts"`
	Repeats   int                 `json:"repeats"`
	At        time.Time           `json:"received_at"`
	NextTryAt time.Time           `json:"next_try_at,omitzero"`
	EndedAt   time.Time           `json:"ended_at,omitzero"`
}

// DeliveryOf is a stored delivery as a document.
func DeliveryOf(d store.Delivery) Delivery {
	return Delivery{d.ID, d.Kind, d.Source, d.MessageID, d.Act, d.Principal, d.State, d.Words, d.CaseID, d.Attempts, d.Repeats, d.At, d.NextTryAt, d.EndedAt}
}

// deliveryStates are all ways in which a delivery can stand.
var deliveryStates = []store.DeliveryState{store.DeliveryWaiting, store.DeliveryDone, store.DeliveryRefused, store.DeliveryDropped}

// Deliveries lists what other systems sent: in one state, and about one principal, unless
// these are empty.
func Deliveries(ctx context.Context, s *store.Store, states []store.DeliveryState, who access.PrincipalID, limit int) (DeliveryList, error) {
	out := DeliveryList{Deliveries: []Delivery{}}
	for _, state := range states {
		if !slices.Contains(deliveryStates, state) {
			return out, desk.Invalidf("the state %q is none", state).Then("choose waiting, done, refused or dropped")
		}
	}
	if limit < 1 {
		return out, desk.Invalidf("a limit of %d: it has to be more than zero", limit)
	}
	found, err := s.Deliveries(ctx, store.DeliveryFilter{States: states, Principal: who}, store.Page{Limit: limit})
	for _, d := range found {
		out.Deliveries = append(out.Deliveries, DeliveryOf(d))
	}
	return out, err
}

// DoubtList is who is in doubt.
type DoubtList struct {
	Doubts []Doubt `json:"doubts"`
}

// Doubt says that what leads to a principal is not to be trusted.
type Doubt struct {
	Principal access.PrincipalID `json:"principal"`
	Words     string             `json:"words"`
	Delivery  int64              `json:"delivery"`
	At        time.Time          `json:"raised_at"`
}

// DoubtsOf are doubts as a document. The identifier is not told: it is an address.
func DoubtsOf(all []store.Doubt) DoubtList {
	out := DoubtList{Doubts: []Doubt{}}
	for _, d := range all {
		out.Doubts = append(out.Doubts, Doubt{d.Principal, d.Words, d.DeliveryID, d.RaisedAt})
	}
	return out
}
