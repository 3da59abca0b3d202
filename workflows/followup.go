package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// followUp counts again what only a person can say is done. A case with nothing else
// open waits for that: it asks when somebody says so, and now and then by itself.
func (o *offboarding) followUp(ctx workflow.Context) {
	var counted activities.FollowedUp
	err := workflow.ExecuteActivity(o.bookLater(ctx), records.FollowUp, activities.FollowUpInput{
		Case: o.Case, TaskDue: o.Policy.TaskDue, At: workflow.Now(ctx)}).Get(ctx, &counted)
	if err != nil { // a mistake of ours: what was counted last still holds
		workflow.GetLogger(ctx).Error("the follow-up list could not be counted", "case", o.Case, "error", err)
		counted.Open = o.FollowUps
	}
	o.follow(ctx, counted.Open)
}

// follow notes how many follow-ups are open, and when to count them again.
func (o *offboarding) follow(ctx workflow.Context, open int) {
	o.FollowUps, o.FollowUpAt = open, time.Time{}
	if open > 0 {
		o.FollowUpAt = workflow.Now(ctx).Add(o.Policy.RetryEvery)
	}
	o.turn()
}
