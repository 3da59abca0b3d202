package main

import (
	"context"

	"github.com/severhq/sever/internal/access"
)

// nudge lets the running case of a principal look again at once; see desk.Nudge.
func (a *app) nudge(ctx context.Context, who access.PrincipalID, by, why string) error {
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	d, err := a.desk(clients, nil)
	if err != nil {
		return err
	}
	return d.Nudge(ctx, who, by, why)
}
