package wiring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// keeper knows which workflows run, and starts those that are missing.
type keeper struct {
	temporal *Temporal
	queue    string
	id       func(access.PrincipalID) string
	store    *store.Store
}

// desk is where the worker itself asks for cases, by the same way as everybody.
func (k keeper) desk() *desk.Desk {
	return &desk.Desk{Store: k.store, Temporal: k.temporal.Client, Namespace: k.temporal.Namespace, Queue: k.queue, WorkflowID: k.id}
}

func (k keeper) workflowID(who access.PrincipalID) string {
	if k.id == nil {
		return workflows.WorkflowID(who)
	}
	return k.id(who)
}

// Running reports whether a workflow of the principal is running.
func (k keeper) Running(ctx context.Context, who access.PrincipalID) (bool, error) {
	seen, err := k.temporal.DescribeWorkflowExecution(ctx, k.workflowID(who), "")
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the workflow %s: %w", k.workflowID(who), err)
	}
	return seen.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// TakeUp starts a workflow that goes on with an open case from its records.
func (k keeper) TakeUp(ctx context.Context, c store.Case) error {
	var p plan.Policy
	if err := json.Unmarshal(c.Policy, &p); err != nil {
		return fmt.Errorf("the policy of case %s: %w", c.ID, err)
	}
	_, err := k.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		Priority: temporal.Priority{PriorityKey: p.Priority},
		ID:       k.workflowID(c.Principal), TaskQueue: k.queue, StaticSummary: "case " + c.ID + ", taken up again",
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, "OffboardPrincipal", workflows.State{Case: c.ID, Principal: c.Principal})
	return err
}

// TakeUpIncident makes sure that the workflow of an incident runs.
func (k keeper) TakeUpIncident(ctx context.Context, id string) error {
	return k.desk().StartIncident(ctx, id)
}

// OpenFor puts the request of an incident about one principal to their case.
func (k keeper) OpenFor(ctx context.Context, in store.Incident, who access.PrincipalID) (activities.Taken, error) {
	s, key, err := desk.RequestOf(in, who, time.Now())
	if err != nil {
		return activities.Taken{}, err
	}
	opened, err := k.desk().Submit(ctx, s, key)
	return activities.Taken{Case: opened.Case, Joined: opened.Joined, Escalated: opened.Escalated}, err
}

// OpenSwept puts the request of a sweep about one principal to their case.
func (k keeper) OpenSwept(ctx context.Context, a activities.SweepAsk) (activities.Taken, error) {
	opened, err := k.desk().Submit(ctx, workflows.Submit{Case: a.Case, Principal: a.Principal, Policy: a.Policy, Requester: a.Requester, Ticket: a.Ticket}, a.Key)
	if desk.SaysNo(err) {
		said := desk.Explain(err).Said
		err = &activities.NotOpenedError{Err: err, Later: said == workflows.Closing || said == workflows.Cancelling}
	}
	return activities.Taken{Case: opened.Case, Joined: opened.Joined, Escalated: opened.Escalated}, err
}

// scheduleReconciler makes sure that the reconciler runs at its pace. A schedule that
// is there stays as it is, so that an operator may pause it or change its pace.
func scheduleReconciler(ctx context.Context, p Parts) error {
	if p.ReconcileEvery <= 0 {
		return nil
	}
	id := workflows.ReconcileID
	if p.Queue != "" {
		id += "-" + p.Queue
	}
	_, err := p.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: p.ReconcileEvery}}},
		Action:        &client.ScheduleWorkflowAction{ID: id, Workflow: "Reconcile", TaskQueue: p.mainQueue(), WorkflowExecutionTimeout: time.Hour},
		Overlap:       enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: 10 * time.Second, // it compares what is now: a run that was missed is no loss
		Note:          "compares open cases with running workflows, and reminds of what is overdue",
	})
	if err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("schedule the reconciler: %w", err)
	}
	return nil
}
