package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

func (a *app) reinstateCommand() *cobra.Command {
	var w wish
	var ticket string
	c := &cobra.Command{
		Use:   "reinstate <case> --reason \"...\"",
		Short: "Ask for what a closed case took to be given back",
		Long: `Plans how everything that a closed case took is given back, in reverse order, from what
was recorded before it was taken. Nothing happens until somebody other than you approves
exactly that plan (sever approve). What cannot be given back, such as a password, stands
in the plan; new credentials go to the secret sink, once.

A case that is still open is given back by sever cancel. An offboarding of the same
person withdraws the reinstatement at once.`,
		Example: "  sever reinstate case-20261120-abc --reason \"hired again\"\n  sever approve case-20261120-abc --plan 0f3c9b1a77d2",
		Args:    cobra.ExactArgs(1),
		RunE:    does(func(ctx context.Context, args []string) error { return a.reinstate(ctx, args[0], ticket, w) }),
	}
	c.Flags().StringVar(&w.why, "reason", "", "why; kept in the trail (required)")
	c.Flags().StringVar(&ticket, "ticket", "", "the ticket that this is about; kept in the trail")
	c.Flags().StringVar(&w.by, "as", "", "who asks (default $SEVER_ACTOR, or who is logged in)")
	return c
}

// reinstated is the JSON of a request to reinstate.
type reinstated struct {
	workflows.Reinstating
	Principal access.PrincipalID `json:"principal"`
	By        string             `json:"by"`
}

func (a *app) reinstate(ctx context.Context, what, ticket string, w wish) error {
	by, err := a.allowed(w.by, roles.Reinstate)
	if err != nil {
		return err
	}
	if w.why == "" {
		return badInput("a reinstatement needs a reason").then(`say why the access is given back: --reason "..."`)
	}
	if err := validText("--reason", w.why, maxText); err != nil {
		return err
	}
	if ticket != "" {
		if err := validName("--ticket", ticket); err != nil {
			return err
		}
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	c, err := find(ctx, clients.store, what)
	if err != nil {
		return err
	}
	if c.Status == access.CaseOpen {
		return badInput("case %s is open", c.ID).then("give back what it took: sever cancel %s", c.ID)
	}
	if err := awake(ctx, clients.temporal); err != nil {
		return err
	}
	answer, err := reinstate(ctx, clients.temporal, workflows.Reinstate{Case: c.ID, Principal: c.Principal, Requester: by, Why: w.why, Ticket: ticket})
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(reinstated{answer, c.Principal, by})
		return nil
	}
	if err := a.plans(ctx, c.ID, answer.Hash, false); err != nil {
		return err
	}
	lost := ""
	if answer.Lost > 0 {
		lost = fmt.Sprintf(" (%s cannot be given back whole)", plural(answer.Lost, "step", "steps"))
	}
	a.sayf("")
	a.sayf("Plan %d gives back what case %s took, in %s%s.", answer.Plan, a.out.bold(c.ID), plural(answer.Steps, "step", "steps"), lost)
	a.sayf("Nothing happens until somebody other than %s approves it: sever approve %s --plan %s", printable(by), c.ID, short(answer.Hash))
	return nil
}

// reinstate starts the workflow that waits for the approval, or finds the one that
// does already.
func reinstate(ctx context.Context, t *wiring.Temporal, r workflows.Reinstate) (workflows.Reinstating, error) {
	asked, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	start := t.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: workflows.WorkflowID(r.Principal), TaskQueue: workflows.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes: temporal.NewSearchAttributes(workflows.SearchPrincipal.ValueSet(string(r.Principal)),
			workflows.SearchCase.ValueSet(r.Case)),
		StaticSummary: "reinstate what case " + r.Case + " took",
	}, "ReinstatePrincipal")
	var answer workflows.Reinstating
	h, err := t.UpdateWithStartWorkflow(asked, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: "cli-" + random(20), UpdateName: workflows.UpdateReinstate, Args: []any{r},
			WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	if err == nil {
		err = h.Get(asked, &answer)
	}
	return answer, refusal(ctx, err, answerWithin)
}
