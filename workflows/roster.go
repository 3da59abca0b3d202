package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// RosterID is the schedule of the roster, and the beginning of the ids of its workflows.
const RosterID = "sever-roster"

var rosters *activities.Rosters

// ImportRoster takes the complete list of people from where the settings say that it is.
// A schedule starts it. A list that is not believed changes nothing, and is no failure
// of the workflow: it is on record.
func ImportRoster(ctx workflow.Context) (activities.RosterTaken, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout:    pulse,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 5 * time.Second, MaximumInterval: 2 * time.Minute},
	})
	var out activities.RosterTaken
	err := workflow.ExecuteActivity(ctx, rosters.TakeRoster).Get(ctx, &out)
	return out, err
}
