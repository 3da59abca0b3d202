package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

func TestAnIncidentIsOneForItsKey(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	ctx := t.Context()
	people := []access.PrincipalID{"E2", "E1"}
	in := Incident{ID: "I-1", Key: "siem-1", Requester: "soc", Words: "leaked laptop", Ticket: "T-1", Policy: []byte(`{"reason": "incident"}`), OpenedAt: noon}
	ask := func(in Incident, people ...access.PrincipalID) (out Incident, fresh bool, err error) {
		err = s.Do(ctx, func(tx *Tx) error {
			if err := tx.UpsertPrincipals(ctx, []access.Principal{{ID: "E1", Name: "Ada"}, {ID: "E2"}, {ID: "E3"}}); err != nil {
				return err
			}
			out, fresh, err = tx.OpenIncident(ctx, in, people)
			return err
		})
		return out, fresh, err
	}
	opened, fresh, err := ask(in, people...)
	require.NoError(t, err)
	require.True(t, fresh)
	require.Equal(t, 2, opened.People)

	again := in
	again.ID, again.OpenedAt = "I-2", noon.Add(time.Hour)
	same, fresh, err := ask(again, "E1", "E2")
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, "I-1", same.ID)
	require.JSONEq(t, `{"reason": "incident"}`, string(same.Policy))

	_, _, err = ask(again, "E1", "E3")
	require.ErrorAs(t, err, new(*IncidentKeyError), "other people")
	again.Hold = "forensics"
	_, _, err = ask(again, people...)
	require.ErrorAs(t, err, new(*IncidentKeyError), "and now it is held")
	_, err = s.Incident(ctx, "I-2")
	require.ErrorIs(t, err, ErrNotFound)
	got, err := s.IncidentPeople(ctx, "I-1")
	require.NoError(t, err)
	require.Equal(t, []IncidentPerson{
		{Incident: "I-1", Place: 1, Principal: "E2", State: PersonWaiting, Silent: []string{}},
		{Incident: "I-1", Place: 2, Principal: "E1", Name: "Ada", State: PersonWaiting, Silent: []string{}},
	}, got)
}

func TestAnIncidentForgetsNobody(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	ctx := t.Context()
	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.UpsertPrincipals(ctx, []access.Principal{{ID: "E1"}, {ID: "E2"}, {ID: "E3"}}))
		_, _, err := tx.OpenIncident(ctx, Incident{ID: "I-1", Key: "k", Requester: "soc", OpenedAt: noon}, []access.PrincipalID{"E1", "E2", "E3"})
		return err
	})
	c := newCase(t, s, "c1", "E1")
	s.do(t, func(tx *Tx) error {
		require.NoError(t, tx.TakePerson(ctx, IncidentPerson{Incident: "I-1", Place: 1, CaseID: c.ID, Escalated: true, TakenAt: noon}))
		require.NoError(t, tx.MissPerson(ctx, IncidentPerson{Incident: "I-1", Place: 1, Words: "too late: a case has taken her"}))
		require.NoError(t, tx.MissPerson(ctx, IncidentPerson{Incident: "I-1", Place: 2, Words: "the case is being\x00 cancelled"}))
		require.NoError(t, tx.OpenTask(ctx, Task{CaseID: c.ID, Key: "silent/pg-main", Subject: "pg-main", Words: "it does not answer", OpenedAt: noon}))
		return tx.MarkContained(ctx, c.ID, noon)
	})
	for but, want := range map[string]int{"": 2, c.ID: 2} { // a system is silent for E1: nobody waits for her
		n, err := s.Uncontained(ctx, "I-1", but)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	s.do(t, func(tx *Tx) error { return tx.CloseTask(ctx, c.ID, "silent/pg-main", "dba", "it answers") })
	for but, want := range map[string]int{"": 3, c.ID: 2} {
		n, err := s.Uncontained(ctx, "I-1", but)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	s.do(t, func(tx *Tx) error {
		return tx.OpenTask(ctx, Task{CaseID: c.ID, Key: "silent/pg-main", Subject: "pg-main", Words: "it does not answer", OpenedAt: noon})
	})
	waiting, err := s.WaitingPeople(ctx, "I-1", 1, 2)
	require.NoError(t, err)
	require.Equal(t, []IncidentPerson{{Incident: "I-1", Place: 2, Principal: "E2", State: PersonWaiting, Tries: 1}}, waiting)

	var taken, lost int
	s.do(t, func(tx *Tx) (err error) {
		taken, lost, err = tx.EndIncident(ctx, "I-1", noon)
		return err
	})
	require.Equal(t, [2]int{1, 2}, [2]int{taken, lost})
	people, err := s.IncidentPeople(ctx, "I-1")
	require.NoError(t, err)
	first := people[0]
	require.Equal(t, []any{PersonTaken, c.ID, true, "", 1, access.CaseOpen, 1, "pg-main: it does not answer"},
		[]any{first.State, first.CaseID, first.Escalated, first.Words, first.Tries, first.Status, first.Tasks, first.Task})
	require.Equal(t, []string{PersonGivenUp, "the case is being\uFFFD cancelled"}, []string{people[1].State, people[1].Words})
	require.Equal(t, []string{PersonGivenUp, "nobody tried before the incident ended"}, []string{people[2].State, people[2].Words})
	open, err := s.ListIncidents(ctx, true)
	require.NoError(t, err)
	require.Empty(t, open)

	s.do(t, func(tx *Tx) error {
		n, err := tx.ResumeIncident(ctx, "I-1")
		require.Equal(t, 2, n)
		return err
	})
	open, err = s.ListIncidents(ctx, true)
	require.NoError(t, err)
	require.Len(t, open, 1)
	waiting, err = s.WaitingPeople(ctx, "I-1", 1, 3)
	require.NoError(t, err)
	require.Len(t, waiting, 2)
	s.do(t, func(tx *Tx) error { // nobody was given up: nothing to resume
		n, err := tx.ResumeIncident(ctx, "I-1")
		require.Zero(t, n)
		return err
	})
}
