package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/inbox/hook"
	"github.com/severhq/sever/internal/inbox/set"
)

// takeHooks answers signed webhooks at /hooks/.
func takeHooks(ctx context.Context, s serving) (http.Handler, error) {
	sources, err := webhooks(s.vars)
	if err != nil || len(sources) == 0 {
		return nil, err
	}
	return hook.Handler(arrivals(ctx, s.desk, s.log), sources), nil
}

// takeEvents answers security event tokens at /events/.
func takeEvents(ctx context.Context, s serving) (http.Handler, error) {
	issuers, err := set.Open(s.vars)
	if err != nil {
		return nil, desk.Invalidf("%w", err).Then("see: sever help arrivals")
	}
	if len(issuers) == 0 {
		return nil, nil
	}
	return set.Handler(arrivals(ctx, s.desk, s.log), issuers), nil
}

func webhooks(vars config.Vars) (hook.Sources, error) {
	sources, err := hook.Open(vars)
	if err != nil {
		return nil, desk.Invalidf("%w", err).Then("see: sever help arrivals")
	}
	return sources, nil
}

// arrivals is an inbox that tells the rest of what it counted when everything ends.
func arrivals(ctx context.Context, d *desk.Desk, log *slog.Logger) *inbox.Inbox {
	in := inbox.New(d.Store, log)
	context.AfterFunc(ctx, in.Close)
	return in
}
