package severtest

import (
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Owns says that accounts belong to a principal.
func (w *World) Owns(who access.PrincipalID, refs ...access.Ref) {
	w.T.Helper()
	var ids []access.Identity
	for _, r := range refs {
		ids = append(ids, access.Identity{Principal: who, Connection: r.Connection, Account: r.Name, Host: r.Host, Evidence: access.Imported, Source: "test"})
	}
	require.NoError(w.T, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		_, err := tx.ImportIdentities(w.Ctx, ids, "test")
		return err
	}))
}

// Submit asks for an offboarding the way that every trigger does.
func (w *World) Submit(who access.PrincipalID, key string, change ...func(*workflows.Submit)) workflows.Submitted {
	w.T.Helper()
	out, err := w.try(who, key, change...)
	require.NoError(w.T, err)
	return out
}

// Try asks for an offboarding that may be refused.
func (w *World) Try(who access.PrincipalID, key string, change ...func(*workflows.Submit)) error {
	_, err := w.try(who, key, change...)
	return err
}

func (w *World) try(who access.PrincipalID, key string, change ...func(*workflows.Submit)) (workflows.Submitted, error) {
	s := workflows.Submit{Case: "case-" + Unique(), Principal: who, Policy: w.Policy, Requester: "hr@example.com"}
	for _, c := range change {
		c(&s)
	}
	start := w.Parts.Temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: w.ID(who), TaskQueue: w.Queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, "OffboardPrincipal", workflows.State{})
	h, err := w.Parts.Temporal.UpdateWithStartWorkflow(w.Ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{UpdateID: key, UpdateName: workflows.UpdateSubmit, Args: []any{s},
			WaitForStage: client.WorkflowUpdateStageCompleted},
	})
	var out workflows.Submitted
	if err == nil {
		err = h.Get(w.Ctx, &out)
	}
	return out, err
}

// ID keeps the worlds of parallel tests apart: they share a namespace.
func (w *World) ID(who access.PrincipalID) string { return workflows.WorkflowID(who) + "/" + w.Queue }

// Say tells the case what a person decided; the error is why that is refused.
func (w *World) Say(who access.PrincipalID, update string, d workflows.Decision) error {
	h, err := w.Parts.Temporal.UpdateWorkflow(w.Ctx, client.UpdateWorkflowOptions{WorkflowID: w.ID(who), UpdateName: update,
		Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted})
	if err != nil {
		return err
	}
	return h.Get(w.Ctx, nil)
}

// Ends waits for the case to close.
func (w *World) Ends(who access.PrincipalID) workflows.Result {
	w.T.Helper()
	var r workflows.Result
	require.NoError(w.T, w.Parts.Temporal.GetWorkflow(w.Ctx, w.ID(who), "").Get(w.Ctx, &r))
	w.record(who)
	return r
}

// Reaches waits until the case stands as wanted.
func (w *World) Reaches(who access.PrincipalID, what string, want func(workflows.Progress) bool) workflows.Progress {
	w.T.Helper()
	var p workflows.Progress
	require.Eventually(w.T, func() bool {
		v, err := w.Parts.Temporal.QueryWorkflow(w.Ctx, w.ID(who), "", workflows.QueryProgress)
		return err == nil && v.Get(&p) == nil && want(p)
	}, 4*time.Minute, 10*time.Millisecond, "%s: %+v", what, &p)
	return p
}

// InPhase waits for a phase; for Reaches.
func InPhase(phase workflows.Phase) func(workflows.Progress) bool {
	return func(p workflows.Progress) bool { return p.Phase == phase }
}
