package api

import (
	"context"
	"net/http"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Settled is a person's word about something that arrived from another system.
type Settled struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"Kept in the trail."`
}

// deliveries adds what other systems sent.
func (s *Server) deliveries() {
	records := s.Desk.Store
	register(s, call{id: "listDeliveries", method: http.MethodGet, path: "/v1/deliveries", tag: "deliveries", act: roles.Read, command: "sever deliveries list",
		summary: "List what other systems sent, and what became of it", text: "The newest first."},
		func(ctx context.Context, in *struct {
			State     store.DeliveryState `query:"state" enum:"waiting,done,refused,dropped" doc:"Only those that stand so."`
			Principal access.PrincipalID  `query:"principal" maxLength:"240" doc:"Only those about this principal."`
			Limit     int                 `query:"limit" minimum:"1" maximum:"1000" default:"50"`
		}) (paper.DeliveryList, error) {
			var states []store.DeliveryState
			if in.State != "" {
				states = append(states, in.State)
			}
			return paper.Deliveries(ctx, records, states, in.Principal, in.Limit)
		})
	for _, d := range []struct {
		word, summary string
		set           func(context.Context, *store.Store, int64, string, string) (store.Delivery, error)
	}{
		{"retry", "Have a refused delivery tried again", inbox.Retry},
		{"drop", "Say that nothing is to be done about a refused delivery", inbox.Drop},
	} {
		register(s, call{id: d.word + "Delivery", method: http.MethodPost, path: "/v1/deliveries/{delivery}/" + d.word, tag: "deliveries", act: roles.Finish,
			command: "sever deliveries " + d.word, summary: d.summary},
			func(ctx context.Context, in *struct {
				Delivery int64 `path:"delivery" minimum:"1"`
				Body     Settled
			}) (paper.Delivery, error) {
				out, err := d.set(ctx, records, in.Delivery, requestOf(ctx).caller.Name, in.Body.Reason)
				return paper.DeliveryOf(out), err
			})
	}
	register(s, call{id: "listDoubts", method: http.MethodGet, path: "/v1/doubts", tag: "deliveries", act: roles.Read, command: "sever deliveries doubts",
		summary: "List the principals to whom a sender's identifiers may not lead any more"},
		func(ctx context.Context, _ *struct{}) (paper.DoubtList, error) {
			found, err := records.DoubtsOf(ctx, "")
			return paper.DoubtsOf(found), err
		})
	register(s, call{id: "trust", method: http.MethodPost, path: "/v1/principals/{principal}/trust", tag: "deliveries", act: roles.Identify,
		command: "sever deliveries trust", summary: "Say that what leads to a principal can be trusted again",
		text: "A case that was held because of a doubt stays held until somebody says resume."},
		func(ctx context.Context, in *struct {
			Principal access.PrincipalID `path:"principal" maxLength:"240"`
			Body      Settled
		}) (paper.DoubtList, error) {
			settled, err := inbox.Settle(ctx, records, in.Principal, requestOf(ctx).caller.Name, in.Body.Reason)
			return paper.DoubtsOf(settled), err
		})
}
