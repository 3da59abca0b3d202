package paper

import (
	"context"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// CaseList is a list of cases, the newest first.
type CaseList struct {
	Cases []CaseLine `json:"cases"`
	Next  string     `json:"next,omitempty"` // of a page: where the next one begins; none: it is the last
}

// CaseLine is a case in a list.
type CaseLine struct {
	Case      string             `json:"case"`
	Principal access.PrincipalID `json:"principal"`
	Reason    access.Reason      `json:"reason"`
	Status    access.CaseStatus  `json:"status"`
	Standing  Standing           `json:"standing"`
	OpenedAt  time.Time          `json:"opened_at"`
	ClosedAt  time.Time          `json:"closed_at,omitzero"`
	Requester string             `json:"requester"`
	Ticket    string             `json:"ticket,omitempty"`
	Tasks     int                `json:"tasks"` // open ones
}

var statuses = []access.CaseStatus{"", access.CaseOpen, access.CaseClean, access.CaseExceptions, access.CaseCancelled, access.CaseReinstated, access.CaseDryRun}

// KnownStatus refuses a status that no case can have.
func KnownStatus(s access.CaseStatus) error {
	if slices.Contains(statuses, s) {
		return nil
	}
	return desk.Invalidf("the status %q is none", s).Then("choose one of open, clean, closed_with_exceptions, cancelled, reinstated, dry_run")
}

// Cases lists cases.
func Cases(ctx context.Context, s *store.Store, f store.CaseFilter) (CaseList, error) {
	if err := KnownStatus(f.Status); err != nil {
		return CaseList{}, err
	}
	found, err := s.ListCases(ctx, f)
	if err != nil {
		return CaseList{}, err
	}
	return lines(ctx, s, found, func(CaseLine) bool { return true })
}

// Needy are the open cases in which something waits for a person, and how many are open.
func Needy(ctx context.Context, s *store.Store) (CaseList, int, error) {
	open, err := s.ListCases(ctx, store.CaseFilter{Status: access.CaseOpen, Limit: 1000})
	if err != nil {
		return CaseList{}, 0, err
	}
	list, err := lines(ctx, s, open, func(l CaseLine) bool {
		return l.Tasks > 0 || l.Standing == StandsApproval || l.Standing == StandsQuarantine || l.Standing == StandsHeld
	})
	return list, len(open), err
}

func lines(ctx context.Context, s *store.Store, cases []store.Case, want func(CaseLine) bool) (CaseList, error) {
	tasks, err := s.OpenTasks(ctx)
	if err != nil {
		return CaseList{}, err
	}
	count := map[string]int{}
	for _, t := range tasks {
		count[t.CaseID]++
	}
	list := CaseList{Cases: []CaseLine{}}
	for _, c := range cases {
		l := CaseLine{c.ID, c.Principal, c.Reason, c.Status, StandingOf(c), c.OpenedAt, c.ClosedAt, c.Requester, c.Ticket, count[c.ID]}
		if want(l) {
			list.Cases = append(list.Cases, l)
		}
	}
	return list, nil
}

// TaskList is what people have to do, over all cases.
type TaskList struct {
	Tasks []TaskLine `json:"tasks"`
	Next  string     `json:"next,omitempty"`
}

// TaskLine is a task in a list.
type TaskLine struct {
	Case       string    `json:"case"`
	Key        string    `json:"key"`
	Connection string    `json:"connection,omitempty"`
	Subject    string    `json:"subject"`
	Words      string    `json:"words"`
	Next       string    `json:"next"`
	Owner      string    `json:"owner,omitempty"`
	Due        time.Time `json:"due,omitzero"`
	Overdue    bool      `json:"overdue"`
	Reminders  int       `json:"reminders"`
	OpenedAt   time.Time `json:"opened_at"`
	ClosedAt   time.Time `json:"closed_at,omitzero"`
	ClosedBy   string    `json:"closed_by,omitempty"`
	ClosedWhy  string    `json:"closed_why,omitempty"`
}

// Tasks lists tasks, those that are overdue first.
func Tasks(ctx context.Context, s *store.Store, f store.TaskFilter, now time.Time) (TaskList, error) {
	found, err := s.ListTasks(ctx, f)
	if err != nil {
		return TaskList{}, err
	}
	out := TaskList{Tasks: []TaskLine{}}
	for _, k := range found {
		out.Tasks = append(out.Tasks, TaskLine{k.CaseID, k.Key, k.Connection, k.Subject, k.Words, k.Next, k.Owner, k.Due,
			k.ClosedAt.IsZero() && !k.Due.IsZero() && k.Due.Before(now), k.Reminders, k.OpenedAt, k.ClosedAt, k.ClosedBy, k.ClosedWhy})
	}
	return out, nil
}
