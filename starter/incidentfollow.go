package main

import (
	"context"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// begun says that an incident is under way, and follows it if asked to.
func (a *app) begun(ctx context.Context, s *store.Store, in store.Incident, roll desk.RollCall, m meant, asked strike) error {
	a.sayf("Incident %s is under way.", a.out.bold(in.ID))
	absent := m.absentLines(roll.Absent)
	wait := a.out.terminal && !a.json
	if asked.wait != nil {
		wait = *asked.wait
	}
	if wait {
		return a.followIncident(ctx, s, in.ID, absent)
	}
	if a.json {
		people, err := s.IncidentPeople(ctx, in.ID)
		if err != nil {
			return err
		}
		l := incidentPicture(in, people)
		l.Absent = absent
		a.out.document(l)
	} else {
		a.out.line("Follow it: sever incident status --follow " + in.ID)
	}
	if len(absent) > 0 {
		return exit(exitOpen)
	}
	return nil
}

// followIncident stays until nothing moves by itself any more. On a terminal a line says
// how far it is.
func (a *app) followIncident(ctx context.Context, s *store.Store, id string, absent []absentLine) error {
	f := &footer{screen: a.out}
	defer f.clear()
	var still time.Time
	for {
		in, err := s.Incident(ctx, id)
		if err != nil {
			return err
		}
		people, err := s.IncidentPeople(ctx, id)
		if err != nil {
			return err
		}
		l := incidentPicture(in, people)
		l.Absent = absent
		if !a.json {
			done := l.Standing[strikeContained]
			f.draw([]string{fmt.Sprintf("%s %s of %d  %s", bar(done, len(people)), a.out.bold(fmt.Sprint(done)), len(people), l.words())})
		}
		now := time.Now()
		if l.moving() || still.IsZero() {
			still = now
		}
		if !l.moving() && now.Sub(still) >= settleFor || l.done() == nil {
			f.clear()
			a.showIncident(l)
			return l.done()
		}
		select {
		case <-ctx.Done():
			f.clear()
			return desk.Explain(ctx.Err()).Then("the incident goes on by itself; follow it again: sever incident status --follow %s", id)
		case <-time.After(lookEvery):
		}
	}
}
