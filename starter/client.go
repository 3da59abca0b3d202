package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/wiring"
)

// clients are the systems that a command talks to.
type clients struct {
	store    *store.Store
	temporal *wiring.Temporal // nil unless asked for
}

func (c *clients) Close() {
	if c.temporal != nil {
		c.temporal.Close()
	}
	if c.store != nil {
		c.store.Close()
	}
}

// records opens the store alone.
func (a *app) records(ctx context.Context) (*clients, error) { return a.open(ctx, false, nil) }

// everything opens the store and Temporal.
func (a *app) everything(ctx context.Context) (*clients, error) { return a.open(ctx, true, nil) }

// open first reads all settings, so that all missing ones are named at once, and
// then connects. Those who are told hear of what this process writes.
func (a *app) open(ctx context.Context, temporal bool, told []notice.Subscriber) (*clients, error) {
	db, missing := config.Parse[databaseSettings](a.vars, "")
	if temporal {
		_, err := config.Parse[temporalSettings](a.vars, "")
		missing = errors.Join(missing, err)
	}
	if missing != nil {
		return nil, unset(missing)
	}
	if _, err := payload.FromVars(a.vars); temporal && err != nil {
		return nil, desk.Invalidf("%w", err).Then("correct it, or make a key: sever keys new")
	}
	c := &clients{}
	var err error
	if c.store, err = store.Open(ctx, db.URL, store.Options{Name: "sever", Lanes: 1, Conns: 4, Subscribers: told}); err != nil {
		return nil, err
	}
	if !temporal {
		return c, nil
	}
	if c.temporal, err = wiring.Dial(ctx, a.vars, slog.New(slog.DiscardHandler)); err != nil {
		c.Close()
		f := desk.Failf(desk.Unreachable, "%w", err)
		return nil, f.Then("start it (sever up), or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE")
	}
	return c, nil
}

// unset says which variables are missing and how to come by them.
func unset(err error) error {
	return desk.Invalidf("%s", strings.Join(strings.Split(err.Error(), "\n"), "; ")).
		Then("set them (sever help settings), or run sever up in another terminal: it writes them to sever.env")
}

// connections are those configured on this machine; nil when none are, as on a
// machine that only gives commands.
func (a *app) connections() (*catalog.Connections, error) {
	if a.vars["SEVER_CONNECTIONS"] == "" && a.vars["SEVER_CONNECTIONS_FILE"] == "" {
		return nil, nil
	}
	conns, err := catalog.Open(a.vars)
	if err != nil {
		return nil, desk.Invalidf("%w", err).Then("correct the settings of the connections (sever help settings)")
	}
	return conns, nil
}

// knownConnection refuses a connection that is not configured.
func knownConnection(conns *catalog.Connections) func(string) error {
	return func(name string) error { return desk.KnownConnection(conns, name) }
}

// desk is where everything is asked for, with what this command opened.
func (a *app) desk(c *clients, conns *catalog.Connections) (*desk.Desk, error) {
	r, err := a.roles()
	if err != nil {
		return nil, err
	}
	d := &desk.Desk{Store: c.store, Connections: conns, Roles: r, Vars: a.vars}
	if c.temporal != nil {
		d.Temporal, d.Namespace = c.temporal.Client, c.temporal.Namespace
	}
	return d, nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", one)
	}
	return fmt.Sprintf("%d %s", n, many)
}
