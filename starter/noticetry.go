package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/courier"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

func (a *app) testNoticeCommand() *cobra.Command {
	var as string
	c := &cobra.Command{
		Use:   "test <destination>",
		Short: "Send a test to a destination, and say what it answered",
		Long: `Sends one message of the event "test", about no case, with the settings of this machine, and
says what the other side answered. It is tried once, and kept nowhere.`,
		Example: "  sever notices test ops",
		Args:    cobra.ExactArgs(1),
		RunE:    does(func(ctx context.Context, args []string) error { return a.testNotice(ctx, args[0], as) }),
	}
	c.Flags().StringVar(&as, "as", "", "who tries (default $SEVER_ACTOR, or who is logged in)")
	return c
}

// testedNotice is the JSON of notices test.
type testedNotice struct {
	Destination string  `json:"destination"`
	Message     string  `json:"message"`
	Answer      string  `json:"answer"`
	Seconds     float64 `json:"seconds"`
}

func (a *app) testNotice(ctx context.Context, name, as string) error {
	by, err := a.allowed(as, roles.Tell)
	if err != nil {
		return err
	}
	s, err := a.noticeSettings()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.Routes, func(r courier.Route) bool { return r.Name == name })
	if i < 0 {
		return unknownDestination(name, s)
	}
	began := time.Now()
	id, m := notice.Tried(by, desk.Random(12), began)
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	answer, err := s.Routes[i].Send(ctx, courier.Parcel{ID: id, Body: body})
	if err != nil {
		return desk.Failf(desk.Unreachable, "%s did not take the test: %w", name, err).Then("correct the settings that begin with %s, or what answers at %s: sever help what-is-told",
			settingsOf(s.Routes[i]), s.Routes[i].Where)
	}
	took := time.Since(began)
	if a.json {
		a.out.document(testedNotice{name, id, answer, took.Seconds()})
		return nil
	}
	a.out.linef("%s took the test in %s: %s", a.out.bold(printable(name)), took.Round(time.Millisecond), oneLine(answer))
	return nil
}

// settingsOf begins the variables of a destination.
func settingsOf(r courier.Route) string {
	if r.Name == courier.Mail {
		return "SEVER_SMTP_"
	}
	return courier.Prefix(r.Name)
}

func unknownDestination(name string, s courier.Settings) error {
	var names []string
	for _, r := range s.Routes {
		names = append(names, r.Name)
	}
	f := desk.Invalidf("there is no destination %q in the settings here", name)
	if len(names) == 0 {
		return f.Then("set SEVER_NOTICE_WEBHOOKS or SEVER_SMTP_URL: sever help what-is-told")
	}
	return f.Then("there are: %s", strings.Join(names, ", "))
}

func (a *app) retryNoticesCommand() *cobra.Command {
	var as string
	c := &cobra.Command{
		Use:   "retry [destination]",
		Short: "Have what was given up tried again",
		Long: `What was given up is tried again from now on, for as long as it was the first time, and what
waits for its next attempt is tried at once. The tasks about what was given up are closed;
they come back if nobody takes it this time either. Without a destination it is all of them.`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(func(ctx context.Context, args []string) error { return a.retryNotices(ctx, strings.Join(args, ""), as) }),
	}
	c.Flags().StringVar(&as, "as", "", "who says so (default $SEVER_ACTOR, or who is logged in)")
	return c
}

// retriedNotices is the JSON of notices retry.
type retriedNotices struct {
	Retried int `json:"retried"`
}

func (a *app) retryNotices(ctx context.Context, name, as string) error {
	by, err := a.allowed(as, roles.Tell)
	if err != nil {
		return err
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	again, err := haveNoticesRetried(ctx, clients.store, name, by)
	if err != nil {
		return err
	}
	switch {
	case a.json:
		a.out.document(again)
	case again.Retried == 0:
		a.out.line("Nothing had been given up; what waits is tried at once.")
	default:
		a.out.linef("%s tried again: sever notices list", plural(again.Retried, "notice that was given up is", "notices that were given up are"))
	}
	return nil
}

// haveNoticesRetried has what was given up for a destination, or for all, tried again.
func haveNoticesRetried(ctx context.Context, s *store.Store, name, by string) (retriedNotices, error) {
	var again []store.Notice
	err := s.Do(ctx, func(tx *store.Tx) (err error) {
		if again, err = tx.RetryNotices(ctx, name); err != nil || len(again) == 0 {
			return err
		}
		object := name
		if name == "" {
			object = "all destinations"
		}
		for _, n := range again {
			if n.CaseID == "" { // has no tasks
				continue
			}
			if err := tx.FinishTask(ctx, n.CaseID, notice.TaskOf(n.Destination), by, "tried again"); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "notices/" + desk.Random(12), At: time.Now(), Kind: audit.NoticesRetried, Actor: by,
			Object: object, Words: plural(len(again), "notice", "notices"), Data: map[string]any{"notices": len(again)}})
	})
	return retriedNotices{len(again)}, err
}
