package wiring_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// crowd is n people with an account on each of some systems.
type crowd struct {
	ids     []access.PrincipalID
	systems []*memory.System
	conns   []catalog.Connection
}

func newCrowd(t *testing.T, people, systems int) *crowd {
	t.Helper()
	c := &crowd{}
	for range systems {
		var planted []memory.Account
		for i := range people {
			planted = append(planted, memory.Account{Name: fmt.Sprintf("user%d", i), Password: "x", Sessions: 1})
		}
		conn, system := severtest.InMemory(t, planted...)
		c.conns, c.systems = append(c.conns, conn), append(c.systems, system)
	}
	for i := range people {
		c.ids = append(c.ids, access.PrincipalID(fmt.Sprintf("E%d", i)))
	}
	return c
}

// known tells the records whose the accounts are.
func (c *crowd) known(w *severtest.World) {
	for i, who := range c.ids {
		for _, s := range c.systems {
			w.Owns(who, s.Ref(fmt.Sprintf("user%d", i)))
		}
	}
}

// stillOpen counts the accounts of a system that somebody could still log in to.
func stillOpen(s *memory.System) (n int) {
	for _, seen := range s.World() {
		if seen.Exists && !seen.Account.Contained {
			n++
		}
	}
	return n
}

func TestAnIncidentContainsEverybodyWhileOneSystemHangs(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 20, 5)
	hanging, release := c.systems[2], make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	t.Cleanup(let)
	hanging.Intercept(func(ctx context.Context, _ memory.Call) error {
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	w := severtest.New(t, c.conns...)
	c.known(w)
	in := w.Strike(desk.Alarm{Principals: append(c.ids, c.ids[3]), By: "soc", Words: "leaked laptop", Ticket: "SEC-1", Key: "siem-" + severtest.Unique()})
	require.Equal(t, 20, in.People, "who is named twice is meant once")
	require.Equal(t, activities.Disbanded{Taken: 20}, w.Disbanded(in.ID))
	require.Eventually(t, func() bool {
		left := 0
		for i, s := range c.systems {
			if i != 2 {
				left += stillOpen(s)
			}
		}
		return left == 0
	}, time.Minute, 10*time.Millisecond, "the four that answer")
	require.Equal(t, 20, stillOpen(hanging))
	for _, p := range w.People(in.ID) {
		require.Zero(t, p.ContainedAt, "contained is said when it is so everywhere")
	}
	let()
	require.Eventually(t, func() bool {
		for _, p := range w.People(in.ID) {
			if p.ContainedAt.IsZero() {
				return false
			}
		}
		return true
	}, time.Minute, 10*time.Millisecond)

	first := w.People(in.ID)[0]
	opened := w.Rows(first.CaseID, audit.CaseOpened)
	require.Equal(t, []any{"soc", "leaked laptop", in.ID, "SEC-1"}, []any{opened[0].Actor, opened[0].Words, opened[0].Data["incident"], opened[0].Data["ticket"]})
	require.Len(t, w.Rows(audit.House, audit.IncidentOpened), 1)
	require.Len(t, w.Rows(audit.House, audit.IncidentEnded), 1)
}

// The same key is the same incident, and who was given up is tried again by it.
func TestAnIncidentGoesOnByItsKey(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 3, 1)
	w := severtest.New(t, c.conns...)
	c.known(w)
	// What the case of E1 took is being given back, and that takes its time: the case
	// takes no request.
	release := make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	t.Cleanup(let)
	c.systems[0].Intercept(func(ctx context.Context, call memory.Call) error {
		if call.Op == memory.OpRestore {
			<-release
		}
		return nil
	})
	w.Submit(c.ids[1], "hr-1", func(s *workflows.Submit) { s.Policy.Grace = time.Hour })
	w.Reaches(c.ids[1], "is contained", severtest.InPhase(workflows.PhaseGrace))
	require.NoError(t, w.Say(c.ids[1], workflows.UpdateCancel, workflows.Decision{By: "hr"}))

	alarm := desk.Alarm{Principals: c.ids, By: "soc", Key: "k-" + severtest.Unique()}
	in := w.WriteDown(alarm, 300*time.Millisecond)
	require.NoError(t, w.Desk().StartIncident(w.Ctx, in.ID))
	require.Equal(t, activities.Disbanded{Taken: 2, Lost: 1}, w.Disbanded(in.ID))
	people := w.People(in.ID)
	require.Equal(t, []string{store.PersonTaken, store.PersonGivenUp, store.PersonTaken}, []string{people[0].State, people[1].State, people[2].State})
	require.Contains(t, people[1].Words, "is being cancelled")
	cases := people[0].CaseID

	let()
	cancelled := w.Ends(c.ids[1])
	require.Equal(t, access.CaseCancelled, cancelled.Status)
	again := w.Strike(alarm)
	require.Equal(t, in.ID, again.ID)
	require.Equal(t, activities.Disbanded{Taken: 3}, w.Disbanded(in.ID))
	people = w.People(in.ID)
	require.Equal(t, cases, people[0].CaseID, "nobody has two cases of it")
	require.NotEqual(t, cancelled.Case, people[1].CaseID, "a case that gave everything back takes nothing")
}

func TestAnIncidentThatNobodyStartedIsTakenUp(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 2, 1)
	w := severtest.New(t, c.conns...)
	c.known(w)
	in := w.WriteDown(desk.Alarm{Principals: c.ids, By: "soc", Key: "k-" + severtest.Unique()}, time.Minute)
	w.Reconcile()
	require.Equal(t, activities.Disbanded{Taken: 2}, w.Disbanded(in.ID))
}

// The worker asks its own roles: who wrote the incident down may not have.
func TestAnIncidentOfSomebodyWhoMayNotOpensNothing(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 2, 1)
	w := severtest.New(t, c.conns...)
	c.known(w)
	var err error
	w.Stop()
	w.Parts.Roles, err = roles.Parse(map[string]string{roles.Requester.Variable(): "soc"})
	require.NoError(t, err)
	w.StartWorker()
	d := w.Desk()
	_, err = d.UnderstandAlarm(desk.Alarm{Principals: c.ids, By: "mallory"}, time.Now())
	require.ErrorContains(t, err, "mallory may not")
	d.Roles = roles.Roles{} // another machine, with other settings
	roll, err := d.UnderstandAlarm(desk.Alarm{Principals: c.ids, By: "mallory"}, time.Now())
	require.NoError(t, err)
	in, err := d.Incident(w.Ctx, roll, time.Now())
	require.NoError(t, err)
	require.Equal(t, activities.Disbanded{Lost: 2}, w.Disbanded(in.ID))
	for _, p := range w.People(in.ID) {
		require.Equal(t, store.PersonGivenUp, p.State)
		require.Contains(t, p.Words, "mallory may not")
		_, err := w.Parts.Store.OpenCaseOf(w.Ctx, p.Principal)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	require.Equal(t, 2, stillOpen(c.systems[0]))
	require.Len(t, w.Rows(audit.House, audit.IncidentRefused), 1)
}

// A case that was open for another reason becomes one of the incident.
func TestAnIncidentEscalatesWhatIsOpen(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 2, 1)
	w := severtest.New(t, c.conns...)
	c.known(w)
	w.Submit(c.ids[0], "hr-1", func(s *workflows.Submit) { s.EffectiveAt = time.Now().Add(time.Hour) })
	w.Reaches(c.ids[0], "waits for its date", severtest.InPhase(workflows.PhaseDate))
	in := w.Strike(desk.Alarm{Principals: c.ids, By: "soc", Words: "leaked laptop"})
	require.Equal(t, activities.Disbanded{Taken: 2}, w.Disbanded(in.ID))
	people := w.People(in.ID)
	require.Equal(t, [4]bool{true, true, false, false}, [4]bool{people[0].Joined, people[0].Escalated, people[1].Joined, people[1].Escalated})
	require.Eventually(t, func() bool { return stillOpen(c.systems[0]) == 0 }, time.Minute, 10*time.Millisecond)
	escalated := w.Rows(people[0].CaseID, audit.CaseEscalated)
	require.Len(t, escalated, 1)
	require.Contains(t, escalated[0].Words, "incident "+in.ID+" leaked laptop")
	require.Equal(t, access.CaseClean, w.Ends(c.ids[0]).Status)
}

// Nobody's removal takes what the containing of the others needs.
func TestAnIncidentRemovesWhenEverybodyIsContained(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 3, 1)
	w := severtest.New(t, c.conns...)
	c.known(w)
	release := make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	t.Cleanup(let)
	c.systems[0].Intercept(func(_ context.Context, call memory.Call) error {
		if call.Op == memory.OpContain && call.Account.Name == "user1" {
			<-release
		}
		return nil
	})
	in := w.Strike(desk.Alarm{Principals: c.ids, By: "soc", Words: "leaked laptop"})
	for _, i := range []int{0, 2} {
		w.Reaches(c.ids[i], "waits for the others", severtest.InPhase(workflows.PhaseLull))
	}
	require.Equal(t, 1, stillOpen(c.systems[0]))
	for _, call := range c.systems[0].Writes() {
		require.NotEqual(t, memory.OpDelete, call.Op, "%s: nothing is removed yet", call)
	}
	let()
	for _, who := range c.ids {
		require.Equal(t, access.CaseClean, w.Ends(who).Status)
	}
	w.Disbanded(in.ID)
}
