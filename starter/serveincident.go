package main

import (
	"context"
	"net/http"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Alarm asks over HTTP for the end of many principals' access at once.
type Alarm struct {
	Principals []access.PrincipalID `json:"principals,omitempty" nullable:"false" maxItems:"10000"`
	Accounts   []string             `json:"accounts,omitempty" nullable:"false" maxItems:"10000" doc:"connection/account: all access of whoever has it ends."`
	Why        string               `json:"why,omitempty" maxLength:"2000" doc:"What happened; kept in the trail of every case."`
	Ticket     string               `json:"ticket,omitempty" maxLength:"256"`
	Hold       string               `json:"hold,omitempty" maxLength:"2000" doc:"Why nothing may be removed until somebody says resume."`
	Shared     plan.SharedRule      `json:"shared,omitempty" enum:"task,rotate" doc:"What becomes of accounts that others use too."`
	Partial    bool                 `json:"partial,omitempty" doc:"Go on without those whose access cannot be ended."`
	People     int                  `json:"people,omitempty" doc:"How many people are meant; needed for more than SEVER_INCIDENT_LIMIT, for a wrong incident stops what people work on."`
}

// aboutIncident is an incident by its id.
type aboutIncident struct {
	Incident string `path:"incident" maxLength:"256"`
}

// incidentList is the JSON of incident status without an incident.
type incidentList struct {
	Incidents []incidentLine `json:"incidents"`
}

// incidentCalls adds the calls about many people at once.
func incidentCalls(s *api.Server, d *desk.Desk, vars config.Vars) {
	api.Add(s, api.Call{ID: "openIncident", Method: http.MethodPost, Path: "/v1/incidents", Tag: "cases", Act: roles.Request, Command: "sever incident",
		Summary: "End the access of many people at once, now",
		Text:    "Everything is checked before anything starts: nobody is locked when one of them is not known, unless partial says so. Answers when the incident is on record; what becomes of it is asked of the incident."},
		func(ctx context.Context, by api.Asker, in *struct{ Body Alarm }) (incidentLine, error) {
			return alarm(ctx, d, vars, by, in.Body)
		})
	api.Add(s, api.Call{ID: "listIncidents", Method: http.MethodGet, Path: "/v1/incidents", Tag: "cases", Act: roles.Read, Command: "sever incident status",
		Summary: "List the incidents, newest first"},
		func(ctx context.Context, _ api.Asker, _ *struct{}) (incidentList, error) {
			out := incidentList{[]incidentLine{}}
			all, err := d.Store.ListIncidents(ctx, false)
			for _, in := range all {
				l, err := incidentOf(ctx, d.Store, in.ID)
				if err != nil {
					return out, err
				}
				out.Incidents = append(out.Incidents, l)
			}
			return out, err
		})
	api.Add(s, api.Call{ID: "getIncident", Method: http.MethodGet, Path: "/v1/incidents/{incident}", Tag: "cases", Act: roles.Read, Command: "sever incident status",
		Summary: "How an incident stands: who is contained, and what is in the way of who is not"},
		func(ctx context.Context, _ api.Asker, in *aboutIncident) (incidentLine, error) {
			if err := desk.ValidName("the incident", in.Incident); err != nil {
				return incidentLine{}, err
			}
			return incidentOf(ctx, d.Store, in.Incident)
		})
}

func incidentOf(ctx context.Context, s *store.Store, id string) (incidentLine, error) {
	in, err := s.Incident(ctx, id)
	if err != nil {
		return incidentLine{}, err
	}
	people, err := s.IncidentPeople(ctx, id)
	return incidentPicture(in, people), err
}

// alarm checks everything that can be checked before anything happens, and opens the
// incident.
func alarm(ctx context.Context, d *desk.Desk, vars config.Vars, by api.Asker, in Alarm) (incidentLine, error) {
	var none incidentLine
	settings, err := config.Parse[incidentSettings](vars, "")
	if err != nil || settings.Limit < 1 {
		return none, desk.Failf(desk.Internal, "SEVER_INCIDENT_LIMIT is not a number that is more than zero")
	}
	a := desk.Alarm{Principals: in.Principals, By: by.Name, Words: in.Why, Ticket: in.Ticket, Hold: in.Hold, Shared: in.Shared, Key: by.Key}
	for _, account := range in.Accounts {
		who, err := d.Holder(ctx, account)
		if err != nil {
			return none, err
		}
		a.Principals = append(a.Principals, who)
	}
	now := time.Now()
	roll, err := d.UnderstandAlarm(a, now)
	if err != nil {
		return none, err
	}
	if roll, err = d.Call(ctx, roll); err != nil {
		return none, err
	}
	var absent []absentLine
	for _, x := range roll.Absent {
		absent = append(absent, absentLine{Principal: x.Principal, Why: x.Why.Error()})
	}
	people := len(roll.People)
	switch {
	case len(absent) > 0 && !in.Partial:
		f := desk.Refusedf("nothing was started: the access of %s cannot be ended", plural(len(absent), "person", "people"))
		for _, x := range absent {
			f = f.Then("%s: %s", x.Principal, x.Why)
		}
		return none, f.Then("or go on without them: partial")
	case in.People != 0 && in.People != people:
		return none, desk.Invalidf("people says %d, and this incident is about %d", in.People, people)
	case in.People == 0 && people > settings.Limit:
		return none, desk.Invalidf("this incident is about %d people, more than %d", people, settings.Limit).Then("say that so many are meant: people, or raise SEVER_INCIDENT_LIMIT")
	}
	if err := d.Awake(ctx); err != nil {
		return none, err
	}
	begun, err := d.Incident(ctx, roll, now)
	if err != nil {
		return none, err
	}
	out, err := incidentOf(ctx, d.Store, begun.ID)
	out.Absent = absent
	return out, err
}
