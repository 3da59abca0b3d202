package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Opened is what became of an order.
type Opened struct {
	Case      string             `json:"case"`
	Principal access.PrincipalID `json:"principal"`
	Joined    bool               `json:"joined"`    // the case was open already
	Escalated bool               `json:"escalated"` // and this made it more urgent
	Key       string             `json:"key"`
	// Over is set when the key was used before, for a case that is over by now.
	Over bool `json:"over,omitempty"`
}

// Offboard opens a case, or joins the one that is open: once, however often it is
// asked with one key. Everything that can be checked is checked before anything
// happens. When it fails afterwards the key is in the failure's Next, and asking
// again with it cannot open two cases.
func (d *Desk) Offboard(ctx context.Context, o Order) (Opened, error) {
	s, err := d.Understand(o, roles.Request, time.Now())
	if err != nil {
		return Opened{}, err
	}
	if _, err := d.Leaver(ctx, s); err != nil {
		return Opened{}, err
	}
	if err := d.Awake(ctx); err != nil {
		return Opened{}, err
	}
	return d.Submit(ctx, s, o.Key)
}

// Submit puts an order that was understood to the case.
func (d *Desk) Submit(ctx context.Context, s workflows.Submit, key string) (Opened, error) {
	if key == "" {
		key = "desk-" + Random(20)
	}
	out := Opened{Principal: s.Principal, Key: key}
	var err error
	if s.Hold == "" {
		if s.Hold, err = d.doubtful(ctx, s.Principal); err != nil {
			return out, err
		}
	}
	// An open case goes on under its own id, also when its workflow is gone.
	if open, err := d.Store.OpenCaseOf(ctx, s.Principal); err == nil {
		s.Case = open.ID
		if plan.MoreUrgent(s.Policy.Reason, open.Reason) {
			_ = d.Raise(ctx, s.Principal, s.Policy.Priority) // it is asked all the same, later
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return out, err
	}
	fresh := s.Case
	err = d.Store.Do(ctx, func(tx *store.Tx) (err error) {
		s.Case, err = tx.Remember(ctx, key, fresh, s.Principal)
		return err
	})
	if err != nil {
		return out, err
	}
	if s.Case != fresh { // the key was used before: perhaps its case is over by now
		old, err := d.Store.Case(ctx, s.Case)
		if err == nil && old.Status != access.CaseOpen {
			out.Case, out.Joined, out.Over = old.ID, true, true
			return out, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return out, err
		}
	}
	answer, err := d.submit(ctx, s, key)
	if err != nil {
		return out, Explain(err).Then("give the command again with --key %s: it cannot open two cases", key)
	}
	out.Case, out.Joined, out.Escalated = answer.Case, answer.Joined, answer.Escalated
	return out, nil
}

// doubtful is why a case of the principal begins held: a sender said that what leads
// to her belongs to somebody else now, and nobody has looked yet.
func (d *Desk) doubtful(ctx context.Context, who access.PrincipalID) (string, error) {
	doubts, err := d.Store.DoubtsOf(ctx, who)
	if err != nil || len(doubts) == 0 {
		return "", err
	}
	return fmt.Sprintf("in doubt since %s: %s", doubts[0].RaisedAt.UTC().Format(time.RFC3339), doubts[0].Words), nil
}

// submit opens the case, or joins the running one.
func (d *Desk) submit(ctx context.Context, s workflows.Submit, key string) (workflows.Submitted, error) {
	asked, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	for try := key; ; try += "+" {
		answer, err := d.submitOnce(asked, s, try)
		// A reinstatement of the same person withdraws for us; it ends in a moment.
		if said, ok := errors.AsType[*temporal.ApplicationError](err); !ok || said.Type() != workflows.Outranked {
			return answer, Refusal(ctx, err, Within)
		}
		select {
		case <-asked.Done():
			return answer, Refusal(ctx, err, Within)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (d *Desk) submitOnce(ctx context.Context, s workflows.Submit, key string) (workflows.Submitted, error) {
	start := d.Temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: d.workflowID(s.Principal), TaskQueue: d.queue(),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		Priority:                 temporal.Priority{PriorityKey: s.Policy.Priority},
		TypedSearchAttributes: temporal.NewSearchAttributes(workflows.SearchPrincipal.ValueSet(string(s.Principal)),
			workflows.SearchCase.ValueSet(s.Case), workflows.SearchReason.ValueSet(string(s.Policy.Reason))),
		StaticSummary: "case " + s.Case,
	}, "OffboardPrincipal", workflows.State{})
	var answer workflows.Submitted
	h, err := d.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: key, UpdateName: workflows.UpdateSubmit, Args: []any{s},
			WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	if err == nil {
		err = h.Get(ctx, &answer)
	}
	return answer, err
}
