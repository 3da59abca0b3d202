package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Incidents are the activities that open the cases of many people at once. Who they
// are is in the records; what comes back is counted.
type Incidents struct {
	store *store.Store
	roles roles.Roles
	cases Opener
}

// Opener puts the request of an incident about one principal to their case.
type Opener interface {
	// OpenFor opens the case, or joins the one that is open: once, however often it is
	// asked. An error says why no case took the request; it may be asked again.
	OpenFor(context.Context, store.Incident, access.PrincipalID) (Taken, error)
}

// Taken is the case that took a request.
type Taken struct {
	Case      string
	Joined    bool // it was open already
	Escalated bool // and became more urgent by this
}

// NewIncidents makes the activities of incidents. The roles say who may ask for one:
// whoever wrote it down is not trusted to have asked them.
func NewIncidents(s *store.Store, r roles.Roles, o Opener) *Incidents { return &Incidents{s, r, o} }

// MusterInput begins the work on an incident.
type MusterInput struct {
	Incident string    `json:"incident"`
	At       time.Time `json:"at"`
}

// Mustered is what there is to do.
type Mustered struct {
	People int `json:"people"`
	// Refused is why nothing is done: who asked may not. Empty otherwise.
	Refused string `json:"refused,omitempty"`
	// Horizon is for how long somebody whom no case takes is tried again, RetryEvery the
	// longest pause between two tries.
	Horizon    time.Duration `json:"horizon"`
	RetryEvery time.Duration `json:"retry_every"`
}

// Muster reads how much there is to do. An incident of somebody who may not ask for it
// ends here.
func (i *Incidents) Muster(ctx context.Context, in MusterInput) (Mustered, error) {
	out, err := i.muster(ctx, in)
	return out, asTemporal(ctx, err)
}

func (i *Incidents) muster(ctx context.Context, in MusterInput) (Mustered, error) {
	asked, err := i.store.Incident(ctx, in.Incident)
	if err != nil {
		return Mustered{}, err
	}
	var p plan.Policy
	if err := json.Unmarshal(asked.Policy, &p); err != nil {
		return Mustered{}, fmt.Errorf("%w: the policy of incident %s: %w", errBadInput, asked.ID, err)
	}
	out := Mustered{People: asked.People, Horizon: p.Horizon, RetryEvery: p.RetryEvery}
	no := i.roles.May(asked.Requester, roles.Request)
	if no == nil {
		return out, nil
	}
	out.Refused = no.Error()
	return out, i.store.Do(ctx, func(tx *store.Tx) error {
		waiting, err := tx.WaitingPeople(ctx, asked.ID, 1, asked.People)
		if err != nil {
			return err
		}
		for _, w := range waiting {
			w.Words = out.Refused
			if err := tx.MissPerson(ctx, w); err != nil {
				return err
			}
		}
		if _, _, err := tx.EndIncident(ctx, asked.ID, in.At); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: fmt.Sprintf("incident/%s/refused/%d", asked.ID, in.At.UnixMicro()), At: in.At,
			Kind: audit.IncidentRefused, Actor: asked.Requester, Object: asked.ID, Outcome: "refused", Words: out.Refused,
			Data: map[string]any{"people": asked.People, "ticket": asked.Ticket}})
	})
}

// Roll is a part of the people of an incident: the places from First to Last.
type Roll struct {
	Incident string `json:"incident"`
	First    int    `json:"first"`
	Last     int    `json:"last"`
}

// Called counts how it went.
type Called struct {
	Taken   int `json:"taken"`
	Waiting int `json:"waiting,omitempty"` // no case took them yet
}

// atOnce is how many requests one activity has under way. A case answers within
// milliseconds; what takes time is the way to its workflow and back.
const atOnce = 5

// OpenCases puts the request about everybody of a part to their cases. Somebody whom no
// case takes keeps nobody else from it, and is noted with the reason.
func (i *Incidents) OpenCases(ctx context.Context, in Roll) (Called, error) {
	out, err := i.openCases(ctx, in)
	return out, asTemporal(ctx, err)
}

func (i *Incidents) openCases(ctx context.Context, in Roll) (Called, error) {
	asked, err := i.store.Incident(ctx, in.Incident)
	if err != nil {
		return Called{}, err
	}
	people, err := i.store.WaitingPeople(ctx, in.Incident, in.First, in.Last)
	if err != nil {
		return Called{}, err
	}
	var (
		out   Called
		first error
		mu    sync.Mutex
		wg    sync.WaitGroup
		slots = make(chan struct{}, atOnce)
	)
	for _, p := range people {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			taken, err := i.openOne(ctx, asked, p)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && first == nil:
				first = err
			case taken:
				out.Taken++
			default:
				out.Waiting++
			}
		})
	}
	wg.Wait()
	return out, first
}

// openOne asks for one principal and notes what came of it. An error is about our
// records, or says that the worker stops: the rest is for another attempt.
func (i *Incidents) openOne(ctx context.Context, asked store.Incident, p store.IncidentPerson) (taken bool, err error) {
	if err := stopping(ctx); err != nil {
		return false, err
	}
	answer, no := i.cases.OpenFor(ctx, asked, p.Principal)
	if no != nil && ctx.Err() != nil {
		return false, ctx.Err()
	}
	return no == nil, i.store.Do(ctx, func(tx *store.Tx) error {
		if no != nil {
			p.Words = no.Error()
			return tx.MissPerson(ctx, p)
		}
		p.CaseID, p.Joined, p.Escalated, p.TakenAt = answer.Case, answer.Joined, answer.Escalated, time.Now()
		return tx.TakePerson(ctx, p)
	})
}

// OthersInput asks about the others of an incident.
type OthersInput struct {
	Incident string `json:"incident"`
	Case     string `json:"case"` // who asks
}

// Uncontained counts people who are about to be contained.
type Uncontained struct {
	People int `json:"people"`
}

// Others counts who of an incident is not contained yet, and will be without anybody's
// help: who is waited for because a system is silent is not counted.
func (i *Incidents) Others(ctx context.Context, in OthersInput) (Uncontained, error) {
	n, err := i.store.Uncontained(ctx, in.Incident, in.Case)
	return Uncontained{n}, asTemporal(ctx, err)
}

// DisbandInput ends the work on an incident.
type DisbandInput struct {
	Incident string    `json:"incident"`
	At       time.Time `json:"at"`
}

// Disbanded counts how it ended.
type Disbanded struct {
	Taken int `json:"taken"`
	Lost  int `json:"lost,omitempty"` // no case took them, and no more is tried
}

// Disband notes that nothing is left to be opened, or that no more is tried.
func (i *Incidents) Disband(ctx context.Context, in DisbandInput) (Disbanded, error) {
	var out Disbanded
	err := i.store.Do(ctx, func(tx *store.Tx) (err error) {
		if out.Taken, out.Lost, err = tx.EndIncident(ctx, in.Incident, in.At); err != nil {
			return err
		}
		e := audit.Event{Chain: audit.House, Key: fmt.Sprintf("incident/%s/ended/%d", in.Incident, in.At.UnixMicro()), At: in.At,
			Kind: audit.IncidentEnded, Actor: self, Object: in.Incident, Outcome: "all taken", Data: map[string]any{"taken": out.Taken, "given_up": out.Lost}}
		if out.Lost > 0 {
			e.Outcome = "some given up"
		}
		return tx.Append(ctx, e)
	})
	return out, asTemporal(ctx, err)
}
