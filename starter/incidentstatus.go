package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// How somebody stands within an incident, in a word.
const (
	strikeWaiting    = "waiting"        // no case has taken the request yet
	strikeGivenUp    = "given up"       // and none is asked any more
	strikeContaining = "containing"     // the case is at it
	strikeStuck      = "not contained"  // something is in its way, and a person has to look
	strikePartly     = "not everywhere" // contained wherever somebody answered
	strikeContained  = "contained"      // nobody can log in any more
	strikeOver       = "closed"         // the case ended otherwise: cancelled, or with exceptions
)

// strikeStates are they in the order in which they are told.
var strikeStates = []string{strikeGivenUp, strikeStuck, strikePartly, strikeWaiting, strikeContaining, strikeContained, strikeOver}

// strikeStanding is how somebody stands, and what is in the way.
func strikeStanding(p store.IncidentPerson) (state, words string) {
	switch {
	case p.State == store.PersonGivenUp:
		return strikeGivenUp, p.Words
	case p.State == store.PersonWaiting:
		return strikeWaiting, p.Words
	case !p.ContainedAt.IsZero(), p.Status == access.CaseClean:
		return strikeContained, p.Task
	case p.Status != "" && p.Status != access.CaseOpen:
		return strikeOver, strings.ReplaceAll(string(p.Status), "_", " ")
	case len(p.Silent) > 0 && p.Open == 0:
		return strikePartly, lockedSoFar(p) + "; could not be asked: " + strings.Join(p.Silent, ", ")
	case len(p.Silent) > 0:
		return strikeStuck, lockedSoFar(p) + fmt.Sprintf(" and %d not yet; could not be asked: ", p.Open) + strings.Join(p.Silent, ", ")
	case p.Tasks > 0:
		return strikeStuck, p.Task
	}
	return strikeContaining, ""
}

// lockedSoFar says how far it is where somebody answered.
func lockedSoFar(p store.IncidentPerson) string {
	return plural(p.Locked, "account is locked", "accounts are locked")
}

// incidentLine is the JSON of one incident, incidentPerson of somebody in it.
type incidentLine struct {
	Incident    string           `json:"incident"`
	Key         string           `json:"key"`
	Requester   string           `json:"requester"`
	Why         string           `json:"why,omitempty"`
	Ticket      string           `json:"ticket,omitempty"`
	Hold        string           `json:"hold,omitempty"`
	OpenedAt    time.Time        `json:"opened_at"`
	EndedAt     time.Time        `json:"ended_at,omitzero"`     // when nothing was left to be opened
	ContainedAt time.Time        `json:"contained_at,omitzero"` // when the last one was, if all are
	Standing    map[string]int   `json:"standing"`
	People      []incidentPerson `json:"people"`
	Absent      []absentLine     `json:"absent,omitempty"`
}

type incidentPerson struct {
	Principal   access.PrincipalID `json:"principal"`
	Name        string             `json:"name,omitempty"`
	State       string             `json:"state"`
	Case        string             `json:"case,omitempty"`
	Joined      bool               `json:"joined,omitempty"`
	Escalated   bool               `json:"escalated,omitempty"`
	ContainedAt time.Time          `json:"contained_at,omitzero"`
	Locked      int                `json:"locked"` // accounts that are contained
	Open        int                `json:"open"`   // accounts that are not yet
	Silent      []string           `json:"silent"`
	Tasks       int                `json:"tasks"`
	Words       string             `json:"words,omitempty"`
}

// incidentPicture is an incident with its people, as the records have it.
func incidentPicture(in store.Incident, people []store.IncidentPerson) incidentLine {
	out := incidentLine{Incident: in.ID, Key: in.Key, Requester: in.Requester, Why: in.Words, Ticket: in.Ticket, Hold: in.Hold,
		OpenedAt: in.OpenedAt, EndedAt: in.EndedAt, Standing: map[string]int{}, People: []incidentPerson{}}
	for _, p := range people {
		state, words := strikeStanding(p)
		out.Standing[state]++
		out.People = append(out.People, incidentPerson{p.Principal, p.Name, state, p.CaseID, p.Joined, p.Escalated, p.ContainedAt,
			p.Locked, p.Open, append([]string{}, p.Silent...), p.Tasks, words})
		if p.ContainedAt.After(out.ContainedAt) {
			out.ContainedAt = p.ContainedAt
		}
	}
	if out.Standing[strikeContained] < len(people) {
		out.ContainedAt = time.Time{}
	}
	return out
}

// moving reports whether waiting alone may change how the incident stands.
func (l incidentLine) moving() bool {
	return l.Standing[strikeWaiting]+l.Standing[strikeContaining] > 0
}

// done is the exit code of an incident, as an error.
func (l incidentLine) done() error {
	if l.Standing[strikeContained] < len(l.People) || len(l.Absent) > 0 {
		return exit(exitOpen)
	}
	return nil
}

// words are the states that there are, with their numbers.
func (l incidentLine) words() string {
	var out []string
	for _, s := range strikeStates {
		if n := l.Standing[s]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(out, ", ")
}

func (a *app) incidentStatusCommand() *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use:   "status [incident]",
		Short: "Show how an incident stands, or list all",
		Long: `With an incident it says for everybody whether they are contained, and what is in the
way of those who are not. Without one it lists the incidents, newest first.

Exit code: 0 when everybody is contained, 3 otherwise.`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(a.reading(func(ctx context.Context, args []string) error { return a.incidentStatus(ctx, args, follow) })),
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "stay until everybody is contained or needs a person")
	return c
}

func (a *app) incidentStatus(ctx context.Context, args []string, follow bool) error {
	if len(args) == 0 && follow {
		return desk.Invalidf("--follow needs an incident")
	}
	if len(args) > 0 {
		if err := desk.ValidName("the incident", args[0]); err != nil {
			return err
		}
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	if len(args) == 0 {
		return a.incidents(ctx, clients.store)
	}
	in, err := clients.store.Incident(ctx, args[0])
	if err != nil {
		return desk.Explain(err).Then("list them: sever incident status")
	}
	if follow {
		return a.followIncident(ctx, clients.store, in.ID, nil)
	}
	people, err := clients.store.IncidentPeople(ctx, in.ID)
	if err != nil {
		return err
	}
	l := incidentPicture(in, people)
	a.showIncident(l)
	return l.done()
}

// incidents lists all, newest first.
func (a *app) incidents(ctx context.Context, s *store.Store) error {
	all, err := s.ListIncidents(ctx, false)
	if err != nil {
		return err
	}
	doc := struct {
		Incidents []incidentLine `json:"incidents"`
	}{[]incidentLine{}}
	var rows [][]string
	for _, in := range all {
		people, err := s.IncidentPeople(ctx, in.ID)
		if err != nil {
			return err
		}
		l := incidentPicture(in, people)
		doc.Incidents = append(doc.Incidents, l)
		rows = append(rows, []string{l.Incident, l.OpenedAt.Local().Format("2006-01-02 15:04"), printable(l.Requester), l.words(), oneLine(strings.TrimSpace(l.Ticket + " " + l.Why))})
	}
	switch {
	case a.json:
		a.out.document(doc)
	case len(rows) == 0:
		a.out.line("There was no incident.")
	default:
		a.out.table([]string{"incident", "opened", "by", "people", "about"}, rows)
	}
	return nil
}

// showIncident prints an incident: who is not contained first, and of those who are only
// the number when there are many.
func (a *app) showIncident(l incidentLine) {
	if a.json {
		a.out.document(l)
		return
	}
	a.out.linef("Incident %s, %s: %s", a.out.bold(l.Incident), plural(len(l.People), "person", "people"), l.words())
	if l.Why+l.Ticket != "" {
		a.out.wrapped("  ", oneLine(strings.TrimSpace(l.Ticket+" "+l.Why)))
	}
	const many = 30
	people := slices.Clone(l.People)
	slices.SortStableFunc(people, func(x, y incidentPerson) int {
		return slices.Index(strikeStates, x.State) - slices.Index(strikeStates, y.State)
	})
	var rows [][]string
	for _, p := range people {
		if len(rows) >= many && (p.State == strikeContained || p.State == strikeContaining || p.State == strikeWaiting) {
			continue
		}
		rows = append(rows, []string{printable(person(p.Name, p.Principal)), p.Case, p.State, oneLine(p.Words)})
	}
	a.out.table([]string{"person", "case", "stands", "in the way"}, rows)
	if left := len(people) - len(rows); left > 0 {
		a.out.linef("… and %d more (all of them: --json)", left)
	}
	for _, x := range l.Absent {
		a.out.linef("%s %s: %s", a.out.yellow("without"), printable(string(x.Principal)), oneLine(x.Why))
	}
	if !l.ContainedAt.IsZero() {
		a.out.line(a.out.green(fmt.Sprintf("Everybody is contained, %s after it was asked for.", max(l.ContainedAt.Sub(l.OpenedAt), 0).Round(100*time.Millisecond))))
	}
	if l.Standing[strikeStuck]+l.Standing[strikePartly] > 0 {
		a.out.line("See what a person can do: sever status CASE, sever tasks")
	}
	if l.Standing[strikeGivenUp] > 0 {
		a.out.linef("Try those again whom no case has taken: the same command with --key %s", l.Key)
	}
}
