package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// reading adds the calls that show cases.
func (s *Server) reading() {
	records := s.Desk.Store
	register(s, call{id: "listCases", method: http.MethodGet, path: "/v1/cases", tag: "cases", act: roles.Read, command: "sever cases",
		summary: "List cases, newest first"},
		func(ctx context.Context, in *struct {
			Page
			Status    access.CaseStatus  `query:"status" enum:"open,clean,closed_with_exceptions,cancelled,reinstated,dry_run"`
			Principal access.PrincipalID `query:"principal"`
		}) (paper.CaseList, error) {
			before, err := in.after()
			if err != nil {
				return paper.CaseList{}, err
			}
			if _, err := records.Case(ctx, before); before != "" && errors.Is(err, store.ErrNotFound) {
				return paper.CaseList{}, desk.Invalidf("the cursor is of another list").Then("begin again, without a cursor")
			}
			list, err := paper.Cases(ctx, records, store.CaseFilter{Status: in.Status, Principal: in.Principal, Limit: in.Limit + 1, Before: before})
			if len(list.Cases) > in.Limit {
				list.Cases = list.Cases[:in.Limit]
				list.Next = cursor(list.Cases[in.Limit-1].Case)
			}
			return list, err
		})
	register(s, call{id: "listNeedy", method: http.MethodGet, path: "/v1/needy", tag: "cases", act: roles.Read, command: "sever status",
		summary: "List the open cases that wait for somebody"},
		func(ctx context.Context, _ *struct{}) (paper.CaseList, error) {
			list, _, err := paper.Needy(ctx, records)
			return list, err
		})
	register(s, call{id: "getCase", method: http.MethodGet, path: "/v1/cases/{case}", tag: "cases", act: roles.Read, command: "sever status",
		summary: "How a case stands: connections, accounts, plans, and what a person can do"},
		func(ctx context.Context, in *AboutCase) (paper.Picture, error) {
			c, err := desk.Find(ctx, records, in.Case)
			if err != nil {
				return paper.Picture{}, err
			}
			p, err := paper.Look(ctx, records, c)
			p.ExplainTasks(s.Desk.Connections)
			return p, err
		})
	register(s, call{id: "getPlans", method: http.MethodGet, path: "/v1/cases/{case}/plans", tag: "cases", act: roles.Read, command: "sever plan",
		summary: "The plans of a case: what will be done, in order, and what will not"},
		func(ctx context.Context, in *struct {
			AboutCase
			Plan string `query:"plan" maxLength:"64" doc:"Only the plan whose hash begins like this."`
		}) (paper.Plans, error) {
			c, err := desk.Find(ctx, records, in.Case)
			if err != nil {
				return paper.Plans{}, err
			}
			out, _, err := paper.PlansOfCase(ctx, records, s.Desk.Connections, c, in.Plan)
			return out, err
		})
	trail := func(ctx context.Context, what string, p Page) (paper.Trail, error) {
		after, err := p.after()
		if err != nil {
			return paper.Trail{}, err
		}
		from := int64(0)
		if after != "" {
			if from, err = strconv.ParseInt(after, 10, 64); err != nil {
				return paper.Trail{}, desk.Invalidf("the cursor is of another list").Then("begin again, without a cursor")
			}
		}
		out, err := paper.TrailOf(ctx, records, what, from+1, p.Limit+1)
		if len(out.Rows) > p.Limit {
			out.Rows = out.Rows[:p.Limit]
			out.Next = cursor(strconv.FormatInt(out.Rows[p.Limit-1].Seq, 10))
		}
		return out, err
	}
	register(s, call{id: "getTrail", method: http.MethodGet, path: "/v1/cases/{case}/trail", tag: "audit", act: roles.Read, command: "sever audit show",
		summary: "The audit trail of a case, its rows exactly as they are hashed"},
		func(ctx context.Context, in *struct {
			AboutCase
			Page
		}) (paper.Trail, error) {
			return trail(ctx, in.Case, in.Page)
		})
	register(s, call{id: "getHouseTrail", method: http.MethodGet, path: "/v1/audit/house", tag: "audit", act: roles.Read, command: "sever audit show",
		summary: "The audit trail of what belongs to no case, such as imports"},
		func(ctx context.Context, in *Page) (paper.Trail, error) { return trail(ctx, "house", *in) })
}
