package desk

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Plea asks for what a closed case took to be given back.
type Plea struct {
	Case   string // or a principal
	By     string
	Why    string
	Ticket string
	Key    string // makes a repeated plea the same; empty draws one
}

// Reinstated is what became of a plea.
type Reinstated struct {
	workflows.Reinstating
	Principal access.PrincipalID `json:"principal"`
	By        string             `json:"by"`
}

// Reinstate plans how what a closed case took is given back. Nothing happens until
// somebody else approves that plan.
func (d *Desk) Reinstate(ctx context.Context, p Plea) (store.Case, workflows.Reinstating, error) {
	var none workflows.Reinstating
	if err := d.pleaded(p); err != nil {
		return store.Case{}, none, err
	}
	c, err := Find(ctx, d.Store, p.Case)
	if err != nil {
		return c, none, err
	}
	if c.Status == access.CaseOpen {
		return c, none, Refusedf("case %s is open", c.ID).Then("give back what it took: sever cancel %s", c.ID)
	}
	if err := d.Awake(ctx); err != nil {
		return c, none, err
	}
	key := p.Key
	if key == "" {
		key = "desk-" + Random(20)
	}
	r := workflows.Reinstate{Case: c.ID, Principal: c.Principal, Requester: p.By, Why: p.Why, Ticket: p.Ticket}
	answer, err := whileEnding(ctx, func(ctx context.Context, try string) (workflows.Reinstating, error) {
		return d.reinstate(ctx, r, key+try)
	})
	return c, answer, err
}

// pleaded reads a plea by itself, without asking anybody.
func (d *Desk) pleaded(p Plea) error {
	if err := d.May(p.By, roles.Reinstate); err != nil {
		return err
	}
	if p.Why == "" {
		return Invalidf("a reinstatement needs a reason").Then(`say why the access is given back: --reason "..."`)
	}
	if err := ValidText("the reason", p.Why, MaxText); err != nil {
		return err
	}
	for what, text := range map[string]string{"the ticket": p.Ticket, "the key": p.Key} {
		if text == "" {
			continue
		}
		if err := ValidName(what, text); err != nil {
			return err
		}
	}
	return nil
}

// reinstate starts the workflow that waits for the approval, or finds the one that
// does already.
func (d *Desk) reinstate(ctx context.Context, r workflows.Reinstate, key string) (workflows.Reinstating, error) {
	start := d.Temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: d.workflowID(r.Principal), TaskQueue: d.queue(),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes: temporal.NewSearchAttributes(workflows.SearchPrincipal.ValueSet(string(r.Principal)),
			workflows.SearchCase.ValueSet(r.Case)),
		StaticSummary: "reinstate what case " + r.Case + " took",
	}, "ReinstatePrincipal")
	var answer workflows.Reinstating
	h, err := d.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: key, UpdateName: workflows.UpdateReinstate, Args: []any{r},
			WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	if err == nil {
		err = h.Get(ctx, &answer)
	}
	return answer, err
}
