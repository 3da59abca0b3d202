package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// ReconcileID is the schedule of the reconciler, and the beginning of the ids of its
// workflows.
const ReconcileID = "sever-reconcile"

var watch *activities.Watch

// Reconciled is what a run of the reconciler found and did.
type Reconciled struct {
	Open     int `json:"open"`     // cases
	TakenUp  int `json:"taken_up"` // of them, those whose workflow was gone
	Reminded int `json:"reminded"` // overdue tasks whose owner was reminded
	Findings int `json:"findings"` // steps and second looks that should have moved; each is a task
}

// Reconcile compares the open cases with the workflows that run, takes up those that
// lost theirs, reminds of what is overdue, and signs the audit trail. A schedule starts it; two at a time do
// no harm.
func Reconcile(ctx workflow.Context) (Reconciled, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Minute,
		ScheduleToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:       pulse,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute},
	})
	taking := workflow.ExecuteActivity(ctx, watch.TakeUp)
	reminding := workflow.ExecuteActivity(ctx, watch.Remind)
	inspecting := workflow.ExecuteActivity(ctx, watch.Inspect)
	signing := workflow.ExecuteActivity(ctx, watch.Sign)
	var taken, reminded, inspected activities.Watched
	err := taking.Get(ctx, &taken)
	for _, other := range []error{reminding.Get(ctx, &reminded), inspecting.Get(ctx, &inspected), signing.Get(ctx, nil)} {
		if err == nil {
			err = other
		}
	}
	return Reconciled{taken.Open, taken.TakenUp, reminded.Reminded, inspected.Findings}, err
}
