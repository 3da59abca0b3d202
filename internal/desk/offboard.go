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
	out, err = whileEnding(ctx, func(ctx context.Context, try string) (Opened, error) { return d.put(ctx, s, key, try) })
	if err != nil {
		err = Explain(err).Then("give the command again with --key %s: it cannot open two cases", key)
	}
	return out, err
}

// put puts a request to the case that it goes to, once.
func (d *Desk) put(ctx context.Context, s workflows.Submit, key, try string) (out Opened, err error) {
	out, fresh := Opened{Principal: s.Principal, Key: key}, s.Case
	if out.Case, err = d.tie(ctx, &s, key); err != nil {
		return out, err
	}
	if out.Case != "" {
		out.Joined, out.Over = true, true
		return out, nil
	}
	answer, err := d.submit(ctx, s, key+try)
	if err != nil {
		return out, err
	}
	if err := d.inTime(ctx, answer, fresh); err != nil {
		return out, err
	}
	out.Case, out.Joined, out.Escalated = answer.Case, answer.Joined, answer.Escalated
	return out, d.Store.Do(ctx, func(tx *store.Tx) error {
		_, err := tx.Remember(ctx, key, answer.Case, s.Principal)
		return err
	})
}

// inTime refuses an answer by a workflow that has just begun with a case that was open
// and has ended meanwhile: nothing would come of it.
func (d *Desk) inTime(ctx context.Context, answer workflows.Submitted, fresh string) error {
	if answer.Joined || answer.Case == fresh {
		return nil
	}
	c, err := d.Store.Case(ctx, answer.Case)
	if err == nil && c.Status != access.CaseOpen {
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf("case %s has just closed; submit again", c.ID), workflows.Closing, nil)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// tie finds the id that a request goes to a case with. A key that was used before finds
// the same one; over is its case if that has ended by now. A new key is tied to a new case
// at once, for whoever asks again has to open the same; but to one that is open only when
// that has said yes, for it may be about to give everything back.
func (d *Desk) tie(ctx context.Context, s *workflows.Submit, key string) (over string, err error) {
	open, err := d.Store.OpenCaseOf(ctx, s.Principal)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	var was string
	err = d.Store.Do(ctx, func(tx *store.Tx) (err error) {
		if open.ID != "" {
			was, err = tx.Recall(ctx, key, s.Principal)
		} else {
			was, err = tx.Remember(ctx, key, s.Case, s.Principal)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if was != "" && was != open.ID {
		old, err := d.Store.Case(ctx, was)
		if err == nil && old.Status != access.CaseOpen {
			return old.ID, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	if open.ID == "" {
		s.Case = was
		return "", nil
	}
	s.Case = open.ID // it goes on under its own id, also when its workflow is gone
	if plan.MoreUrgent(s.Policy.Reason, open.Reason) {
		_ = d.Raise(ctx, s.Principal, s.Policy.Priority) // it is asked all the same, later
	}
	return "", nil
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
