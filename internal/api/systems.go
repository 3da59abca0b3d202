package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/workflows"
)

// systems adds the connections, and what is asked of all of Sever.
func (s *Server) systems() {
	register(s, call{id: "listConnections", method: http.MethodGet, path: "/v1/connections", tag: "systems", act: roles.Read, command: "sever connections",
		summary: "List the connections that are configured for this server"},
		func(context.Context, *struct{}) (paper.ConnectionList, error) {
			if s.Desk.Connections == nil {
				return paper.ConnectionList{Connections: []paper.ConnectionLine{}}, nil
			}
			return paper.Connections(s.Desk.Connections), nil
		})
	register(s, call{id: "listProviders", method: http.MethodGet, path: "/v1/providers", tag: "systems", act: roles.Read, command: "sever providers",
		summary: "What Sever can do on which kind of system, and what it cannot"},
		func(context.Context, *struct{}) (paper.Honesty, error) { return paper.Providers(), nil })
	register(s, call{id: "listRights", method: http.MethodGet, path: "/v1/providers/rights", tag: "systems", act: roles.Read, command: "sever providers rights",
		summary: "The least rights that our own login needs, and what gives them"},
		func(_ context.Context, in *struct {
			Provider string `query:"provider"`
		}) (paper.NeedList, error) {
			return paper.Needs(in.Provider)
		})
	register(s, call{id: "preflight", method: http.MethodGet, path: "/v1/preflight", tag: "systems", act: roles.Read, command: "sever preflight",
		summary: "Check our own rights on each connection, and name what is missing", text: "It asks the systems, and changes nothing."},
		func(ctx context.Context, in *struct {
			Connection string `query:"connection"`
		}) (paper.PreflightReport, error) {
			if s.Desk.Connections == nil {
				return paper.PreflightReport{}, desk.Refusedf("no connections are configured for this server").Then("set SEVER_CONNECTIONS (sever help settings)")
			}
			var names []string
			if in.Connection != "" {
				names = append(names, in.Connection)
			}
			return paper.Preflight(ctx, s.Desk.Connections, s.Checks, names...)
		})
	register(s, call{id: "reconcile", method: http.MethodPost, path: "/v1/reconcile", tag: "running", act: roles.Retry, command: "sever reconcile",
		summary: "Look for cases whose workflow is gone, and remind of overdue tasks, now"},
		func(ctx context.Context, _ *struct{}) (workflows.Reconciled, error) { return s.Desk.Reconcile(ctx) })
	register(s, call{id: "preview", method: http.MethodPost, path: "/v1/previews", tag: "cases", act: roles.Rehearse, command: "sever offboard",
		summary: "Look and plan, and change nothing: a dry run",
		text: "Answers with the plan. Where systems take longer to answer than a request may, the problem names the case under which " +
			"the plan will be found at /v1/cases/{case}/plans."},
		s.preview)
}

// preview rehearses an order.
func (s *Server) preview(ctx context.Context, in *struct{ Body Order }) (paper.Plans, error) {
	var none paper.Plans
	o, err := in.Body.order(requestOf(ctx))
	if err != nil {
		return none, err
	}
	order, err := s.Desk.Understand(o, roles.Rehearse, time.Now())
	if err != nil {
		return none, err
	}
	who, err := s.Desk.Leaver(ctx, order)
	if err != nil {
		return none, err
	}
	if err := s.Desk.Awake(ctx); err != nil {
		return none, err
	}
	run, err := s.Desk.Preview(ctx, order)
	if err != nil {
		return none, err
	}
	waiting, cancel := context.WithTimeout(ctx, s.Within*3/4)
	defer cancel()
	p, err := run.Wait(waiting)
	if waiting.Err() != nil {
		return none, desk.Failf(desk.Open, "the dry run %s goes on: a system takes long to answer", run.Case).
			Then("ask for its plan in a while: /v1/cases/%s/plans", run.Case)
	}
	if err != nil {
		return none, err
	}
	part, err := paper.Explain(p, s.Desk.Connections, order.Policy)
	part.NothingDone = true
	return paper.Plans{Case: run.Case, Principal: string(who.ID), Name: who.Name, Plans: []paper.Planned{part}}, err
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
