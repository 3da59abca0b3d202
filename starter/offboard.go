package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roles"
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
	if o.check && !o.dryRun {
		return desk.Invalidf("--check is about a plan: nothing is opened with it").Then("add --dry-run, or check the plan of a case: sever plan CASE --check")
	}
	conns, err := a.connections()
	if err != nil {
		return err
	}
	if conns != nil {
		defer conns.Close()
	}
	now := time.Now()
	asked, err := a.asked(o, conns)
	if err != nil {
		return err
	}
	d, err := a.desk(&clients{}, conns) // what makes no sense is refused before anything is opened
	if err != nil {
		return err
	}
	s, err := d.Understand(asked, o.act(), now)
	if err != nil {
		return err
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	if d, err = a.desk(clients, conns); err != nil {
		return err
	}
	who, err := d.Leaver(ctx, s)
	if err != nil {
		return err
	}
	if err := d.Awake(ctx); err != nil {
		return err
	}
	if o.dryRun {
		return a.preview(ctx, d, conns, who, s, o.check)
	}
	return a.submit(ctx, clients, d, who, s, o)
}

// asked reads what the flags say.
func (a *app) asked(o order, conns *catalog.Connections) (desk.Order, error) {
	out := desk.Order{Principal: access.PrincipalID(o.principal), Reason: access.Reason(o.reason), Ticket: o.ticket, Grace: o.grace,
		Hold: o.hold, Shared: plan.SharedRule(o.shared), Key: o.key}
	var err error
	if out.At, err = parseAt(o.at); err != nil {
		return out, err
	}
	if out.Successors, err = parseSuccessors(o.successors, knownConnection(conns)); err != nil {
		return out, err
	}
	out.By, err = a.actor(o.as)
	return out, err
}

// sayf prints a line for people.
func (a *app) sayf(format string, args ...any) {
	if !a.json {
		a.out.line(strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}
