package api

import (
	"context"
	"net/http"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/workflows"
)

// AboutCase is a case by its id, or a principal: then the open case, else the newest.
type AboutCase struct {
	Case string `path:"case" maxLength:"256" doc:"The id of a case, or a principal: then the open case, else the newest."`
}

// Why is a decision that needs nothing but a reason, and perhaps not even that.
type Why struct {
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Kept in the trail."`
}

// Word is about one plan, which whoever decides has read.
type Word struct {
	Plan   string `json:"plan" minLength:"8" maxLength:"64" doc:"The hash of the plan, or its first 8 characters or more."`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Kept in the trail. Approving a plan on which a guard tripped needs one."`
}

// Retry tries again, perhaps with other successors.
type Retry struct {
	Reason     string            `json:"reason,omitempty" maxLength:"2000" doc:"Kept in the trail."`
	Successors map[string]string `json:"successors,omitempty" doc:"Who receives what the leaver owns: account by connection; the key \"\" is for all others."`
}

// Waiver accepts that something stays.
type Waiver struct {
	Subject string `json:"subject" minLength:"1" maxLength:"768" doc:"The account (connection/account) or the connection that stays."`
	Reason  string `json:"reason" minLength:"1" maxLength:"2000" doc:"Kept in the trail."`
}

// Plea asks for what a closed case took to be given back.
type Plea struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"Kept in the trail."`
	Ticket string `json:"ticket,omitempty" maxLength:"256"`
}

func (s *Server) decisions() {
	for _, d := range []struct {
		update, summary, text string
	}{
		{workflows.UpdateApprove, "Approve a plan, by its hash", "Who requested the case cannot approve its plan."},
		{workflows.UpdateDeny, "Deny a plan: nothing of it is done", "The accounts of the plan stay as they are until somebody says retry."},
	} {
		register(s, decision(d.update, d.summary, d.text), func(ctx context.Context, in *struct {
			AboutCase
			Body Word
		}) (desk.Decided, error) {
			return s.decide(ctx, desk.Ruling{Update: d.update, Case: in.Case, Plan: in.Body.Plan, Why: in.Body.Reason})
		})
	}
	for _, d := range []struct {
		update, summary, text string
	}{
		{workflows.UpdateHold, "Hold a case: accounts are contained, and nothing is removed", ""},
		{workflows.UpdateResume, "Let a held case go on", "A case in quarantine is not held: it goes on after approve with a reason, deny, or cancel."},
		{workflows.UpdateEscalate, "Make an hr case an incident: contain at once", "From now on the policy of an incident holds."},
		{workflows.UpdateCancel, "Cancel a case and give back what it took", "What cannot be given back is said in the result."},
	} {
		register(s, decision(d.update, d.summary, d.text), func(ctx context.Context, in *struct {
			AboutCase
			Body *Why
		}) (desk.Decided, error) {
			r := desk.Ruling{Update: d.update, Case: in.Case}
			if in.Body != nil {
				r.Why = in.Body.Reason
			}
			return s.decide(ctx, r)
		})
	}
	register(s, decision(workflows.UpdateRetry, "Try again what is blocked or could not be asked", "Everything that is open is asked and planned anew."),
		func(ctx context.Context, in *struct {
			AboutCase
			Body *Retry
		}) (desk.Decided, error) {
			r := desk.Ruling{Update: workflows.UpdateRetry, Case: in.Case}
			if in.Body != nil {
				r.Why, r.Successors = in.Body.Reason, in.Body.Successors
			}
			return s.decide(ctx, r)
		})
	register(s, decision(workflows.UpdateWaive, "Accept that an account or a connection stays", "The case can then close, with exceptions."),
		func(ctx context.Context, in *struct {
			AboutCase
			Body Waiver
		}) (desk.Decided, error) {
			return s.decide(ctx, desk.Ruling{Update: workflows.UpdateWaive, Case: in.Case, Subject: in.Body.Subject, Why: in.Body.Reason})
		})
	register(s, call{id: "reinstate", method: http.MethodPost, path: "/v1/cases/{case}/reinstate", tag: "decisions", act: roles.Reinstate, command: "sever reinstate",
		summary: "Ask for what a closed case took to be given back", text: "Nothing happens until somebody else approves exactly the plan that is answered."},
		func(ctx context.Context, in *struct {
			AboutCase
			Body Plea
		}) (desk.Reinstated, error) {
			about := requestOf(ctx)
			c, answer, err := s.Desk.Reinstate(ctx, desk.Plea{Case: in.Case, By: about.caller.Name, Why: in.Body.Reason, Ticket: in.Body.Ticket, Key: about.key})
			return desk.Reinstated{Reinstating: answer, Principal: c.Principal, By: about.caller.Name}, err
		})
}

// decision is the call of one update of a case.
func decision(update, summary, text string) call {
	return call{id: update, method: http.MethodPost, path: "/v1/cases/{case}/" + update, tag: "decisions", act: desk.Acts[update], command: "sever " + update,
		summary: summary, text: text}
}

// decide puts a ruling to its case.
func (s *Server) decide(ctx context.Context, r desk.Ruling) (desk.Decided, error) {
	about := requestOf(ctx)
	r.By, r.Key = about.caller.Name, about.key
	w, err := s.Desk.Weigh(ctx, r, nil)
	if err != nil {
		return desk.Decided{}, err
	}
	return w.Decided(), s.Desk.Decide(ctx, w)
}
