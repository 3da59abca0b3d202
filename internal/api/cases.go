package api

import (
	"context"
	"net/http"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/roles"
)

// Order asks for the end of a principal's access.
type Order struct {
	Principal  access.PrincipalID `json:"principal" minLength:"1" maxLength:"240" doc:"The immutable id of the roster, letter for letter."`
	Reason     access.Reason      `json:"reason" enum:"hr,incident"`
	Ticket     string             `json:"ticket,omitempty" maxLength:"256"`
	At         time.Time          `json:"at,omitzero" doc:"When to begin; at once where it is left out. Only with the reason hr."`
	Grace      string             `json:"grace,omitempty" example:"720h" doc:"How long accounts stay locked before anything is removed. Only with the reason hr."`
	Hold       string             `json:"hold,omitempty" maxLength:"2000" doc:"Why nothing may be removed until somebody says resume."`
	Successors map[string]string  `json:"successors,omitempty" doc:"Who receives what the leaver owns: account by connection; the key \"\" is for all others."`
	Shared     plan.SharedRule    `json:"shared,omitempty" enum:"task,rotate" doc:"What becomes of accounts that others use too."`
}

// order is the request in the words of the desk.
func (o Order) order(about *request) (desk.Order, error) {
	out := desk.Order{Principal: o.Principal, Reason: o.Reason, By: about.caller.Name, Ticket: o.Ticket, At: o.At, Hold: o.Hold,
		Successors: o.Successors, Shared: o.Shared, Key: about.key}
	if o.Grace != "" {
		var err error
		if out.Grace, err = time.ParseDuration(o.Grace); err != nil {
			return out, desk.Invalidf("the grace %q is no length of time", o.Grace).Then("such as 720h for thirty days")
		}
	}
	return out, nil
}

func (s *Server) cases() {
	register(s, call{id: "openCase", method: http.MethodPost, path: "/v1/cases", tag: "cases", act: roles.Request, command: "sever offboard",
		summary: "End somebody's access: open a case, or join the one that is open",
		text: "Answers when the case took it; what becomes of it is asked of the case. A principal has one open case: " +
			"a second order joins it, and a more urgent one escalates it."},
		func(ctx context.Context, in *struct{ Body Order }) (desk.Opened, error) {
			o, err := in.Body.order(requestOf(ctx))
			if err != nil {
				return desk.Opened{}, err
			}
			return s.Desk.Offboard(ctx, o)
		})
}
