package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// order is what offboard was asked for.
type order struct {
	principal  string
	reason     string
	ticket     string
	at         string
	grace      time.Duration
	hold       string
	successors []string
	shared     string
	key        string
	as         string
	dryRun     bool
	check      bool
	wait       *bool // nil: follow when somebody looks at a terminal
}

// act is what the roles are asked about.
func (o order) act() roles.Act {
	if o.dryRun {
		return roles.Rehearse
	}
	return roles.Request
}

func (a *app) offboardCommand() *cobra.Command {
	var o order
	var wait bool
	c := &cobra.Command{
		Use:   "offboard <principal> --reason hr|incident",
		Short: "End the access of a person, everywhere",
		Long: `Opens a case for the principal (the immutable id of your roster, such as an employee
number) and asks every configured connection. A second call joins the open case; a
more urgent reason escalates it.

  hr        plans everything first, waits for approval where a guard asks for it and
            for --at, locks accounts so that a cancel gives back exactly what was
  incident  locks each connection's accounts as soon as it has answered, and kills
            the credentials; waits for nobody

An account that somebody else claims too is never locked or deleted. With --shared
rotate it gets a new password, which the others need then.

What the leaver owns goes to the --successor; without one the account stays locked
and the case asks you. In a terminal the command follows the case until it closes, is
proven, or needs somebody. Leaving it does not stop the case.`,
		Example: `  sever offboard E1042 --reason hr --dry-run
  sever offboard E1042 --reason hr --ticket HR-77 --at "2026-12-24 17:00" --successor pg-main=grace
  sever offboard E1042 --reason hr --grace 720h
  sever offboard E1042 --reason incident --wait=false --key siem-20817`,
		Args: cobra.ExactArgs(1),
	}
	f := c.Flags()
	f.StringVar(&o.reason, "reason", "", "why: hr or incident (required)")
	f.StringVar(&o.ticket, "ticket", "", "the ticket that this is about; kept in the trail")
	f.StringVar(&o.at, "at", "", `when to begin: RFC 3339, or "2026-12-24 17:00" in local time (hr only)`)
	f.DurationVar(&o.grace, "grace", 0, "how long accounts stay locked before anything is removed, such as 720h (hr only)")
	f.StringVar(&o.hold, "hold", "", "why nothing may be removed until somebody says resume; accounts are locked all the same")
	f.StringArrayVar(&o.successors, "successor", nil, "who receives what the leaver owns: [connection=]account; may be repeated")
	f.StringVar(&o.shared, "shared", "", "what becomes of accounts that others use too: task (a person's) or rotate (a new password, once, to the worker's secret sink)")
	f.BoolVar(&o.dryRun, "dry-run", false, "look and plan, and change nothing")
	f.BoolVar(&o.check, "check", false, "of --dry-run: say by the exit code whether the plan runs by itself and ends clean (see: sever help exit-codes)")
	f.BoolVar(&wait, "wait", false, "follow until the case closes, is proven, or needs somebody (default in a terminal)")
	f.StringSliceVar(&a.steps, "steps", nil, "following, tell every step of these connections only, and trouble of all (default: of all)")
	f.StringVar(&o.key, "key", "", "idempotency key: the same key gives the same case")
	f.StringVar(&o.as, "as", "", "who asks (default $SEVER_ACTOR, or who is logged in)")
	c.RunE = func(c *cobra.Command, args []string) error {
		o.principal = args[0]
		if c.Flags().Changed("wait") {
			o.wait = &wait
		}
		return a.offboard(c.Context(), o)
	}
	return c
}

// offboard checks everything that can be checked before anything happens.
func (a *app) offboard(ctx context.Context, o order) error {
	now := time.Now()
	s, err := a.understand(o, now)
	if err != nil {
		return err
	}
	conns, err := a.connections()
	if err != nil {
		return err
	}
	if conns != nil {
		defer conns.Close()
	}
	if s.Successors, err = parseSuccessors(o.successors, knownConnection(conns)); err != nil {
		return err
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	who, err := a.leaver(ctx, clients.store, conns, s)
	if err != nil {
		return err
	}
	if err := awake(ctx, clients.temporal); err != nil {
		return err
	}
	if o.dryRun {
		return a.preview(ctx, clients, conns, who, s, o.check)
	}
	return a.submit(ctx, clients, who, s, o)
}

// understand reads the order itself, without asking anybody.
func (a *app) understand(o order, now time.Time) (workflows.Submit, error) {
	var s workflows.Submit
	if err := validText("the principal", o.principal, maxPrincipal); err != nil {
		return s, err
	}
	if o.check && !o.dryRun {
		return s, badInput("--check is about a plan: nothing is opened with it").then("add --dry-run, or check the plan of a case: sever plan CASE --check")
	}
	if o.reason == "" {
		return s, badInput("--reason is missing").then("say why: --reason hr, or --reason incident")
	}
	policy, err := a.policy(access.Reason(o.reason))
	if err != nil {
		return s, err
	}
	if o.shared != "" {
		policy.Shared = plan.SharedRule(o.shared)
	}
	if !plan.KnownSharedRule(policy.Shared) {
		return s, badInput("--shared is %q: choose %s or %s", o.shared, plan.SharedTask, plan.SharedRotate)
	}
	for what, text := range map[string]string{"--ticket": o.ticket, "--key": o.key} {
		if text == "" {
			continue
		}
		if err := validName(what, text); err != nil {
			return s, err
		}
	}
	at, err := parseAt(o.at, now)
	if err != nil {
		return s, err
	}
	if !at.IsZero() && policy.ContainFirst {
		return s, badInput("--at makes no sense with reason %s: it begins at once", o.reason).then("leave --at out, or use --reason hr")
	}
	switch {
	case o.grace < 0:
		return s, badInput("--grace %s: give a positive length of time", o.grace).then("such as --grace 720h for thirty days")
	case o.grace > 0 && policy.ContainFirst:
		return s, badInput("--grace makes no sense with reason %s: nobody waits", o.reason).then("leave --grace out, hold the case (sever hold), or use --reason hr")
	case o.grace > 0:
		policy.Grace = o.grace
	}
	if o.hold != "" {
		if err := validText("--hold", o.hold, maxText); err != nil {
			return s, err
		}
	}
	by, err := a.allowed(o.as, o.act())
	if err != nil {
		return s, err
	}
	return workflows.Submit{Hold: o.hold, Case: newCaseID(now), Principal: access.PrincipalID(o.principal), Policy: policy, Requester: by,
		Ticket: o.ticket, EffectiveAt: at}, nil
}

// leaver is the principal on record. Identities must lead somewhere: one at a
// connection that nobody configured would be overlooked for ever.
func (a *app) leaver(ctx context.Context, s *store.Store, conns *catalog.Connections, in workflows.Submit) (access.Principal, error) {
	who, err := s.Principal(ctx, in.Principal)
	if errors.Is(err, store.ErrNotFound) {
		return who, badInput("there is no principal %q on record", in.Principal).
			then("ids are compared letter for letter; list them: sever identities list").
			then("or import who has which account: sever identities import FILE.csv")
	}
	if err != nil {
		return who, err
	}
	ids, err := s.IdentitiesOf(ctx, in.Principal, "")
	if err != nil {
		return who, err
	}
	if len(ids) == 0 && !hasRules(conns) {
		return who, badInput("no account is known to belong to %s: every connection would answer that it has none", person(who.Name, who.ID)).
			then("import who has which account: sever identities import FILE.csv")
	}
	for _, id := range ids {
		if conns != nil {
			if err := knownConnection(conns)(id.Connection); err != nil {
				return who, badInput("%s has account %s at %q, and no such connection is configured: nobody would look there", in.Principal, id.Account, id.Connection).
					then("configure it (SEVER_CONNECTIONS, sever help settings)")
			}
		}
		for _, connection := range []string{id.Connection, ""} {
			if in.Successors[connection] == id.Account {
				return who, badInput("%s at %s belongs to %s: nobody can be their own successor", id.Account, id.Connection, in.Principal)
			}
		}
	}
	return who, nil
}

// hasRules reports whether naming rules generate the names of accounts at a connection.
func hasRules(conns *catalog.Connections) bool {
	return conns != nil && slices.ContainsFunc(conns.All(), func(c *catalog.Connection) bool { return len(c.Names) > 0 })
}

// sayf prints a line for people.
func (a *app) sayf(format string, args ...any) {
	if !a.json {
		a.out.line(strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}
