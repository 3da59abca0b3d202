package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Alarm asks for the end of many principals' access at once: contained everywhere
// first, removed as the policy of incidents says.
type Alarm struct {
	Principals []access.PrincipalID
	By         string // who asks
	Words      string // what happened
	Ticket     string
	Hold       string          // why nothing may be removed until somebody says resume
	Shared     plan.SharedRule // of accounts that others use too; empty: as the policy has it
	// Key makes a repeated alarm the same alarm; empty draws one.
	Key string
}

// RollCall is an alarm that was understood, and who is meant by it.
type RollCall struct {
	People []access.Principal // once each, in the order in which they were named
	// Absent are those whose access cannot be ended, each with the reason.
	Absent []Absence
	alarm  Alarm
	policy plan.Policy
}

// Absence is a principal whose access cannot be ended.
type Absence struct {
	Principal access.PrincipalID
	Why       *Error
}

// UnderstandAlarm reads an alarm by itself, without asking anybody. Who is named twice
// is meant once.
func (d *Desk) UnderstandAlarm(a Alarm, now time.Time) (RollCall, error) {
	out := RollCall{alarm: a}
	if len(a.Principals) == 0 {
		return out, Invalidf("an incident is about somebody: nobody is named")
	}
	seen := map[access.PrincipalID]bool{}
	for _, who := range a.Principals {
		if seen[who] {
			continue
		}
		seen[who] = true
		s, err := d.Understand(Order{Principal: who, Reason: access.Incident, By: a.By, Ticket: a.Ticket, Hold: a.Hold, Shared: a.Shared, Key: a.Key},
			roles.Request, now)
		if err != nil {
			return out, err
		}
		out.policy, out.People = s.Policy, append(out.People, access.Principal{ID: who})
	}
	if a.Words != "" {
		return out, ValidText("what happened", a.Words, MaxText)
	}
	return out, nil
}

// Call looks everybody up in the records. Who is absent is taken from the people.
func (d *Desk) Call(ctx context.Context, r RollCall) (RollCall, error) {
	named := r.People
	r.People = nil
	for _, p := range named {
		who, err := d.Leaver(ctx, workflows.Submit{Principal: p.ID})
		no, ours := errors.AsType[*Error](err)
		switch {
		case ours && (no.Kind == Missing || no.Kind == Refused || no.Kind == Invalid):
			r.Absent = append(r.Absent, Absence{p.ID, no})
		case err != nil:
			return r, err
		default:
			r.People = append(r.People, who)
		}
	}
	return r, nil
}

// Incident writes down that the access of everybody present is to end, and starts the
// workflow that sees to it. From then on nobody has to wait for it. An incident whose
// workflow could not be started is taken up by the reconciler; asking again with its key
// is the same incident, and tries those again whom it gave up.
func (d *Desk) Incident(ctx context.Context, r RollCall, now time.Time) (store.Incident, error) {
	if len(r.People) == 0 {
		return store.Incident{}, Invalidf("nobody is left whose access could end")
	}
	policy, err := json.Marshal(r.policy)
	if err != nil {
		return store.Incident{}, err
	}
	a := r.alarm
	in := store.Incident{ID: "I-" + now.UTC().Format("060102") + "-" + Random(10), Key: a.Key, Requester: a.By, Words: a.Words, Ticket: a.Ticket,
		Hold: a.Hold, Policy: policy, OpenedAt: now}
	if in.Key == "" {
		in.Key = in.ID
	}
	ids := make([]access.PrincipalID, len(r.People))
	for i, p := range r.People {
		ids[i] = p.ID
	}
	err = d.Store.Do(ctx, func(tx *store.Tx) error {
		was, fresh, err := tx.OpenIncident(ctx, in, ids)
		if err != nil {
			return err
		}
		in = was
		if !fresh {
			_, err := tx.ResumeIncident(ctx, in.ID)
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "incident/" + in.ID + "/opened", At: now, Kind: audit.IncidentOpened, Actor: in.Requester,
			Object: in.ID, Words: in.Words, Data: map[string]any{"people": len(ids), "principals": ids, "ticket": in.Ticket, "hold": in.Hold}})
	})
	if err != nil {
		return in, err
	}
	if in, err = d.Store.Incident(ctx, in.ID); err != nil || !in.EndedAt.IsZero() {
		return in, err
	}
	if err := d.StartIncident(ctx, in.ID); err != nil {
		return in, Explain(fmt.Errorf("incident %s is written down, and its workflow could not be started yet: %w", in.ID, err)).
			Then("the worker takes it up within a minute; see: sever incident status %s", in.ID).
			Then("or give the command again with --key %s: it is the same incident", in.Key)
	}
	return in, nil
}

// StartIncident makes sure that the workflow of an incident runs.
func (d *Desk) StartIncident(ctx context.Context, id string) error {
	asked, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	_, err := d.Temporal.ExecuteWorkflow(asked, client.StartWorkflowOptions{
		ID: workflows.IncidentID(id), TaskQueue: d.queue(), StaticSummary: "incident " + id,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		Priority:                 temporal.Priority{PriorityKey: 1},
	}, "Incident", workflows.Roster{Incident: id})
	return err
}

// RequestOf is what an incident asks of the case of one principal, and the key that
// makes it one request however often it is asked.
func RequestOf(in store.Incident, who access.PrincipalID, now time.Time) (workflows.Submit, string, error) {
	s := workflows.Submit{Case: NewCaseID(now), Principal: who, Requester: in.Requester, Ticket: in.Ticket, Hold: in.Hold, Incident: in.ID, Why: in.Words}
	if err := json.Unmarshal(in.Policy, &s.Policy); err != nil {
		return s, "", fmt.Errorf("the policy of incident %s: %w", in.ID, err)
	}
	return s, in.Key + "/" + string(who), nil
}
