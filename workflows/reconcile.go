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
}

// Reconcile compares the open cases with the workflows that run, takes up those that
// lost theirs, and reminds of what is overdue. A schedule starts it; two at a time do
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
	var taken, reminded activities.Watched
	err := taking.Get(ctx, &taken)
	if rerr := reminding.Get(ctx, &reminded); err == nil {
		err = rerr
	}
	return Reconciled{taken.Open, taken.TakenUp, reminded.Reminded}, err
}
