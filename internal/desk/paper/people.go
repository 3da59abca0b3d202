package paper

import (
	"context"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

// QuestionList are questions about links, which wait for a person.
type QuestionList struct {
	Questions []Question `json:"questions"`
	Next      string     `json:"next,omitempty"`
}

// Question is one of them.
type Question struct {
	ID        int64              `json:"id"`
	Principal access.PrincipalID `json:"principal"`
	Account   access.Ref         `json:"account"`
	Rule      string             `json:"rule,omitempty"`
	Kind      string             `json:"kind"`
	Words     string             `json:"words"`
	Case      string             `json:"case"`
	AskedAt   time.Time          `json:"asked_at"`
	Decision  store.Answer       `json:"decision,omitempty"`
	By        string             `json:"decided_by,omitempty"`
	Why       string             `json:"decided_why,omitempty"`
	At        time.Time          `json:"decided_at,omitzero"`
}

// Subject is what the question is about, in a word.
func (q Question) Subject() string {
	if q.Rule != "" {
		return q.Account.Connection + ": " + q.Rule
	}
	return q.Account.String()
}

// Questions lists questions.
func Questions(ctx context.Context, s *store.Store, f store.QuestionFilter) (QuestionList, error) {
	found, err := s.Questions(ctx, f)
	if err != nil {
		return QuestionList{}, err
	}
	out := QuestionList{Questions: []Question{}}
	for _, q := range found {
		out.Questions = append(out.Questions, Question{q.ID, q.Principal, q.Ref, q.Rule, q.Kind, q.Words, q.CaseID, q.AskedAt, q.Decision, q.By, q.Why, q.At})
	}
	return out, nil
}

// PeopleList is who is there and who has left, and the last rosters that said so.
type PeopleList struct {
	People  []Person `json:"people"`
	Rosters []Roster `json:"rosters"`
	Next    string   `json:"next,omitempty"`
}

// Person is a principal on record.
type Person struct {
	access.Principal
	Attributes map[string]string `json:"attributes,omitempty"`
	Standing   string            `json:"standing"` // active, left, or unknown: no roster has spoken yet
	LeftAt     time.Time         `json:"left_at,omitzero"`
	ReturnedAt time.Time         `json:"returned_at,omitzero"`
	RosterAt   time.Time         `json:"roster_at,omitzero"`
}

// Roster is a roster that was accepted.
type Roster struct {
	Source string    `json:"source"`
	SHA256 string    `json:"sha256"`
	Active int       `json:"active"`
	Left   int       `json:"left"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// People lists everybody on record, or who has left, with the last rosters.
func People(ctx context.Context, s *store.Store, left bool) (PeopleList, error) {
	people, err := s.People(ctx)
	if err != nil {
		return PeopleList{}, err
	}
	rosters, err := s.Rosters(ctx, store.Page{Limit: 10})
	if err != nil {
		return PeopleList{}, err
	}
	out := PeopleList{People: []Person{}, Rosters: []Roster{}}
	for _, p := range people {
		if word := rosterStanding(p.Standing); !left || word == "left" {
			out.People = append(out.People, Person{p.Principal, p.Attributes, word, p.Standing.LeftAt, p.Standing.ReturnedAt, p.Standing.RosterAt})
		}
	}
	for _, r := range rosters {
		out.Rosters = append(out.Rosters, Roster{r.Source, r.SHA256, r.Active, r.Left, r.By, r.At})
	}
	return out, nil
}

func rosterStanding(s store.Standing) string {
	switch {
	case s.Active:
		return "active"
	case s.Known:
		return "left"
	}
	return "unknown"
}
