package main

import (
	"context"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/workflows"
)

// nudge lets the running case of a principal look again at once, as sever retry does. An
// error says why it did not take that. What was decided is on record all the same: a case
// that cannot be told finds it when it looks the next time.
func (a *app) nudge(ctx context.Context, who access.PrincipalID, by, why string) error {
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	if err := awake(ctx, clients.temporal); err != nil {
		return err
	}
	return decide(ctx, clients.temporal, workflows.WorkflowID(who), workflows.UpdateRetry, "cli-"+random(20), workflows.Decision{By: by, Why: why})
}
