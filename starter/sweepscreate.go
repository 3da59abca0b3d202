package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/internal/wiring"
)

// sweepWish is what the flags of create say.
type sweepWish struct {
	rule, mode  string
	connections []string
	every       time.Duration
	cron        string
	notice      time.Duration
	perRun      int
	perHour     int
	unchecked   bool
	as          string
}

func (a *app) sweepsCreateCommand() *cobra.Command {
	var w sweepWish
	c := &cobra.Command{
		Use:   "create <name> --rule RULE",
		Short: "Set up a sweep: a rule, the connections, and when it runs",
		Long: `A sweep goes through every account of whole connections and reports what its rule finds:

  left               accounts of people who have left, by the last roster
  unissued           accounts that no identity and no naming rule gives to anybody
  orphans            identities that lead to no account
  unused:35|45|90    accounts that were not used for so many days, where the system can
                     tell; of all others it says that it is unknown
  entitlements:FILE  grants beyond what a file allows. CSV: connection,principal,account,
                     database,privileges; one of principal and account, * for any connection,
                     database or privilege, several privileges with spaces between
  acl or acl:200     accounts with more than 100 (200) grants

left, unissued and orphans list each connection once. The others look at every account for
itself, which takes as long as that takes.

A report changes nothing. With --mode enforce the rule left opens a case for each person
who has left and still has access: reason sweep, last in every queue. Its accounts are
locked first and removed after the notice. The first plan of a sweep always waits for
somebody's approval, and until that is given there is one case only. What a person has
cancelled or waived is not opened again. Accounts without a principal are never removed by
a sweep, for nobody is not somebody: say whose they are (sever identities import), or drop
them by hand.`,
		Example: "  sever sweeps create leavers --rule left --every 24h\n  sever sweeps create nightly --rule unissued --cron '0 3 * * *' --connections pg-main,my-old",
		Args:    cobra.ExactArgs(1),
		RunE:    does(func(ctx context.Context, args []string) error { return a.createSweep(ctx, args[0], w) }),
	}
	f := c.Flags()
	f.StringVar(&w.rule, "rule", "", "what to look for")
	f.StringSliceVar(&w.connections, "connections", nil, "where to look, with commas between (default: all that the worker has)")
	f.DurationVar(&w.every, "every", 0, "run so often, such as 24h")
	f.StringVar(&w.cron, "cron", "", "run by a calendar in UTC, such as '0 3 * * *'")
	f.StringVar(&w.mode, "mode", string(sweep.Report), "report, or enforce")
	f.DurationVar(&w.notice, "notice", sweep.DefaultNotice, "of enforce: how long accounts are locked before they are removed")
	f.IntVar(&w.perRun, "max-per-run", sweep.DefaultMaxPerRun, "of enforce: at most so many cases by one run")
	f.IntVar(&w.perHour, "max-per-hour", sweep.DefaultMaxPerHour, "of enforce: at most so many cases within an hour")
	f.BoolVar(&w.unchecked, "unchecked", false, "take names of connections that are not configured here")
	f.StringVar(&w.as, "as", "", "who sets it up (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func (a *app) createSweep(ctx context.Context, name string, w sweepWish) error {
	by, err := a.allowed(w.as, roles.Sweep)
	if err != nil {
		return err
	}
	spec, err := a.sweepOf(name, w)
	if err != nil {
		return err
	}
	if spec.Mode == sweep.Enforce { // its cases are opened in their name
		if err := a.may(by, roles.Request); err != nil {
			return err
		}
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	s, err := putSweep(ctx, clients.store, clients.temporal.Client, spec, by)
	if err != nil {
		return err
	}
	if a.json {
		l := lineOfSweep(s)
		l.Scheduled = true
		a.out.document(l)
		return nil
	}
	a.sayf("The sweep %s is set up: %s.", a.out.bold(s.Name), rhythmOf(s))
	a.out.line("Run it now: sever sweeps run " + s.Name)
	return nil
}

// sweepOf reads the flags, and refuses what makes no sense.
func (a *app) sweepOf(name string, w sweepWish) (sweep.Spec, error) {
	s := sweep.Spec{Name: name, Connections: w.connections, Every: w.every, Cron: strings.TrimSpace(w.cron), Mode: sweep.Mode(w.mode),
		Notice: w.notice, MaxPerRun: w.perRun, MaxPerHour: w.perHour}
	if w.rule == "" {
		return s, desk.Invalidf("--rule is missing").Then("see what there is: sever sweeps create --help")
	}
	var err error
	if s.Rule, err = sweep.ParseRule(w.rule); err != nil {
		return s, desk.Invalidf("--rule: %w", err)
	}
	known := func(string) error { return nil }
	if len(s.Connections) > 0 || s.Rule.Kind == sweep.Entitlements {
		if known, err = a.connectionRule(w.unchecked); err != nil {
			return s, err
		}
	}
	for _, c := range s.Connections {
		if known == nil {
			break
		}
		if err := known(c); err != nil {
			return s, err
		}
	}
	if s.Rule.Kind == sweep.Entitlements {
		if s.Rule, err = a.entitlements(s.Rule.Source, known); err != nil {
			return s, err
		}
	}
	if err := s.Check(); err != nil {
		return s, desk.Invalidf("%w", err)
	}
	return s, nil
}

// entitlements reads the file of a rule.
func (a *app) entitlements(path string, known func(string) error) (sweep.Rule, error) {
	text, source, err := a.readInput(path)
	if err != nil {
		return sweep.Rule{}, err
	}
	allowed, problems := readEntitlements(text, source, known)
	if len(problems) > 0 {
		return sweep.Rule{}, badFile(path, problems)
	}
	return sweep.Rule{Kind: sweep.Entitlements, Source: source, SHA256: text.sum(), Allowed: allowed}, nil
}

// putSweep records a sweep and makes its schedule, or neither: what Temporal refuses, such
// as a calendar that it cannot read, is not on record.
func putSweep(ctx context.Context, records *store.Store, temporal client.Client, spec sweep.Spec, by string) (store.Sweep, error) {
	schedules := wiring.Sweeps{Temporal: temporal}
	var s store.Sweep
	err := records.Do(ctx, func(tx *store.Tx) (err error) {
		if s, err = tx.CreateSweep(ctx, spec, by); err != nil {
			return err
		}
		data := map[string]any{"rule": s.Rule.String(), "mode": string(s.Mode), "connections": list(s.Connections)}
		if s.Rule.SHA256 != "" {
			data["sha256"] = s.Rule.SHA256
		}
		if err := tx.Append(ctx, sweepDecision(s, audit.SweepCreated, by, rhythmOf(s), data)); err != nil {
			return err
		}
		return desk.Refusal(ctx, schedules.Create(ctx, s), desk.Within)
	})
	if no, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok {
		return s, desk.Invalidf("--cron %q: %s", spec.Cron, no.Message).Then("such as '0 3 * * *': which is every night at three")
	}
	if errors.Is(err, store.ErrSweepExists) {
		return s, desk.Refusedf("there is a sweep %q already", spec.Name).
			Then("a rule does not change: take another name, or delete it first (sever sweeps delete %s)", spec.Name)
	}
	if err != nil && s.ID != 0 {
		// It may be there all the same, and would run a sweep that is not on record.
		err = errors.Join(err, schedules.Delete(context.WithoutCancel(ctx), s.ID))
	}
	return s, err
}

// sweepDecision is what a person said about a sweep, in the trail of the house.
func sweepDecision(s store.Sweep, kind, by, words string, data map[string]any) audit.Event {
	return audit.Event{Chain: audit.House, Key: fmt.Sprintf("%s/%d/%s", kind, s.ID, desk.Random(12)), At: time.Now(), Kind: kind, Actor: by,
		Object: s.Name, Words: words, Data: data}
}

// list is what the trail keeps of some names.
func list(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}

// rhythmOf says when a sweep runs, and where.
func rhythmOf(s store.Sweep) string {
	when := "it runs when it is told to"
	switch {
	case s.Every > 0:
		when = "it runs every " + span(s.Every)
	case s.Cron != "":
		when = "it runs by the calendar " + s.Cron + " (UTC)"
	}
	if len(s.Connections) == 0 {
		return when + ", through every connection"
	}
	return when + ", through " + strings.Join(s.Connections, ", ")
}
