package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// ruling is one of the commands by which a person decides about a case.
type ruling struct {
	update string
	use    string
	short  string
	long   string
	said   string // what is printed when the case took it
	args   cobra.PositionalArgs
}

// wish is what the flags of a decision say.
type wish struct {
	by, why    string
	plan       string
	successors []string
	subject    string
	wait       bool
}

func (a *app) decisionCommands() []*cobra.Command {
	var out []*cobra.Command
	out = append(out, a.planCommand())
	for _, r := range []ruling{
		{update: workflows.UpdateApprove, use: "approve <case>", short: "Approve a plan, by its hash",
			long: "Approves exactly the plan with this hash. The one who requested the case cannot approve it.\nA plan on which a guard tripped keeps its case in quarantine: approving it needs a --reason.", said: "is approved"},
		{update: workflows.UpdateDeny, use: "deny <case>", short: "Deny a plan: nothing of it is done",
			long: "The accounts of the plan stay as they are until somebody says retry.", said: "is denied"},
		{update: workflows.UpdateHold, use: "hold <case>", short: "Hold a case: accounts are contained, and nothing is removed", said: "is held"},
		{update: workflows.UpdateResume, use: "resume <case>", short: "Let a held case go on",
			long: "A case in quarantine is not held: it goes on after approve with a reason, deny, or cancel.", said: "goes on"},
		{update: workflows.UpdateRetry, use: "retry <case>", short: "Try again what is blocked or could not be asked",
			long: "Everything that is open is asked and planned anew. --successor names who receives what the leaver owns.", said: "is tried again"},
		{update: workflows.UpdateEscalate, use: "escalate <case>", short: "Make an hr case an incident: contain at once",
			long: "From now on the policy of an incident holds: accounts are contained at once, and their credentials die.", said: "is escalated to an incident"},
		{update: workflows.UpdateCancel, use: "cancel <case>", short: "Cancel a case and give back what it took",
			long: "Everything that the case took is given back, in reverse order. What cannot be given back is said in the result.",
			said: "is being cancelled; what it took is given back"},
		{update: workflows.UpdateWaive, use: "waive <case> <connection/account | connection>", short: "Accept that an account or a connection stays, with a reason",
			long: "The case can then close, with exceptions. A waiver needs a --reason; it is part of the trail.", said: "is waived", args: cobra.ExactArgs(2)},
	} {
		out = append(out, a.decisionCommand(r))
	}
	return out
}

func (a *app) decisionCommand(r ruling) *cobra.Command {
	var w wish
	c := &cobra.Command{Use: r.use, Short: r.short, Long: strings.TrimSpace(r.short + ".\n\n" + r.long), Args: r.args}
	if c.Args == nil {
		c.Args = cobra.ExactArgs(1)
	}
	c.Flags().StringVar(&w.why, "reason", "", "why you decide so; kept in the trail")
	c.Flags().StringVar(&w.by, "as", "", "who decides (default $SEVER_ACTOR, or who is logged in)")
	c.Flags().BoolVar(&w.wait, "wait", false, "follow the case afterwards")
	if r.update == workflows.UpdateApprove || r.update == workflows.UpdateDeny {
		c.Flags().StringVar(&w.plan, "plan", "", "the hash of the plan that you have read, or its first 8 characters or more")
	}
	if r.update == workflows.UpdateRetry {
		c.Flags().StringArrayVar(&w.successors, "successor", nil, "who receives what the leaver owns: [connection=]account; may be repeated")
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			w.subject = args[1]
		}
		return a.decision(c.Context(), r, args[0], w)
	}
	return c
}

// decision checks what can be checked here, and puts the rest to the case itself.
func (a *app) decision(ctx context.Context, r ruling, what string, w wish) error {
	said, err := a.wished(r, what, w)
	if err != nil {
		return err
	}
	d, err := a.desk(&clients{}, nil) // what makes no sense is refused before anything is opened
	if err != nil {
		return err
	}
	if err := d.Sensible(said); err != nil {
		return err
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	if d, err = a.desk(clients, nil); err != nil {
		return err
	}
	weighed, err := d.Weigh(ctx, said, a.ask(ctx, said))
	if err != nil {
		return err
	}
	c, hash := weighed.Case, weighed.Decision.Hash
	seen, err := rows(ctx, clients.store, c.ID)
	if err != nil {
		return err
	}
	if err := d.Decide(ctx, weighed); err != nil {
		return err
	}
	if a.json && !w.wait {
		a.out.document(weighed.Decided())
	}
	about := ""
	switch {
	case w.subject != "":
		about = ": " + printable(w.subject)
	case hash != "":
		about = ": plan " + desk.Short(hash)
	}
	a.sayf("Case %s%s %s, by %s.", a.out.bold(c.ID), about, r.said, printable(said.By))
	if !w.wait {
		return nil
	}
	p, err := a.follow(ctx, clients, c.ID, seen+1)
	if err == nil && p.Status == access.CaseCancelled && r.update == workflows.UpdateCancel {
		return nil // as asked for
	}
	return ended(p, err)
}

// wished reads the flags, without asking anybody.
func (a *app) wished(r ruling, what string, w wish) (desk.Ruling, error) {
	out := desk.Ruling{Update: r.update, Case: what, Why: w.why, Plan: w.plan, Subject: w.subject}
	var err error
	if out.By, err = a.actor(w.by); err != nil {
		return out, err
	}
	conns, err := a.connections()
	if err != nil {
		return out, err
	}
	if conns != nil {
		defer conns.Close()
	}
	out.Successors, err = parseSuccessors(w.successors, knownConnection(conns))
	return out, err
}

// ask shows the only plan that waits and waits for a yes. Nobody is asked where nobody
// looks: the plan has to be named then.
func (a *app) ask(ctx context.Context, r desk.Ruling) func(store.Case, store.Plan) error {
	if !a.out.terminal || a.json {
		return nil
	}
	return func(c store.Case, p store.Plan) error {
		if err := a.plans(ctx, c.ID, p.Hash, false); err != nil {
			return err
		}
		fmt.Fprintf(a.out.w, "\nAs %s: %s this plan? [y/N] ", printable(r.By), r.Update)
		line, _ := bufio.NewReader(a.stdin).ReadString('\n')
		if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
			return desk.Refusedf("nothing was decided")
		}
		return nil
	}
}

// rows is the number of the last row of a case's trail.
func rows(ctx context.Context, s *store.Store, caseID string) (int64, error) {
	heads, err := s.Heads(ctx)
	for _, h := range heads {
		if h.Chain == caseID {
			return h.Seq, err
		}
	}
	return 0, err
}
