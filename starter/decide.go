package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
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

// decided is the JSON of a decision.
type decided struct {
	Case     string `json:"case"`
	Decision string `json:"decision"`
	By       string `json:"by"`
	Plan     string `json:"plan,omitempty"` // the hash
}

// decision checks what can be checked here, and puts the rest to the case itself.
func (a *app) decision(ctx context.Context, r ruling, what string, w wish) error {
	d, err := a.wished(r, w)
	if err != nil {
		return err
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	c, err := find(ctx, clients.store, what)
	if err != nil {
		return err
	}
	if c.Status != access.CaseOpen && !a.reinstating(c, r) {
		return badInput("case %s is not open: it is %s", c.ID, statusWords(c.Status)).then("see how it ended: sever status %s", c.ID)
	}
	switch r.update {
	case workflows.UpdateApprove, workflows.UpdateDeny:
		err = a.choosePlan(ctx, clients, c, r, w, &d)
	case workflows.UpdateWaive:
		err = subject(ctx, clients.store, c, w.subject, &d)
	case workflows.UpdateEscalate:
		d.Policy, err = a.policy(access.Incident)
	}
	if err != nil {
		return err
	}
	if err := awake(ctx, clients.temporal); err != nil {
		return err
	}
	seen, err := rows(ctx, clients.store, c.ID)
	if err != nil {
		return err
	}
	if err := decide(ctx, clients.temporal, workflows.WorkflowID(c.Principal), r.update, "cli-"+random(20), d); err != nil {
		return a.instead(ctx, clients.store, c, r, err)
	}
	if a.json && !w.wait {
		a.out.document(decided{c.ID, r.update, d.By, d.Hash})
	}
	about := ""
	switch {
	case w.subject != "":
		about = ": " + printable(w.subject)
	case d.Hash != "":
		about = ": plan " + short(d.Hash)
	}
	a.sayf("Case %s%s %s, by %s.", a.out.bold(c.ID), about, r.said, printable(d.By))
	if !w.wait {
		return nil
	}
	p, err := a.follow(ctx, clients, c.ID, seen+1)
	if err == nil && p.Status == access.CaseCancelled && r.update == workflows.UpdateCancel {
		return nil // as asked for
	}
	return ended(p, err)
}

// instead adds to the refusal of a resume what leads out of a quarantine.
func (a *app) instead(ctx context.Context, s *store.Store, c store.Case, r ruling, refused error) error {
	f, ok := errors.AsType[*failure](refused)
	if !ok || f.code != exitBadInput || r.update != workflows.UpdateResume {
		return refused
	}
	plans, err := s.LatestPlans(ctx, c.ID)
	if err != nil {
		return errors.Join(refused, err)
	}
	for _, p := range plans {
		if p.Status == store.PlanWaiting && len(p.Guards) > 0 {
			return f.then("%s", waysOut(c.ID, p.Hash, printable(c.Requester)))
		}
	}
	return refused
}

// reinstating reports whether the decision is about giving a closed case back.
func (a *app) reinstating(c store.Case, r ruling) bool {
	return c.Phase != string(workflows.PhaseClosed) && (r.update == workflows.UpdateApprove || r.update == workflows.UpdateDeny)
}

// wished reads the flags, without asking anybody.
func (a *app) wished(r ruling, w wish) (workflows.Decision, error) {
	var d workflows.Decision
	by, err := a.allowed(w.by, actsOf[r.update])
	if err != nil {
		return d, err
	}
	d.By, d.Why = by, w.why
	if w.why != "" {
		if err := validText("--reason", w.why, maxText); err != nil {
			return d, err
		}
	}
	if r.update == workflows.UpdateWaive && w.why == "" {
		return d, badInput("a waiver needs a reason").then(`say why the access may stay: --reason "..."`)
	}
	conns, err := a.connections()
	if err != nil {
		return d, err
	}
	if conns != nil {
		defer conns.Close()
	}
	d.Successors, err = parseSuccessors(w.successors, knownConnection(conns))
	return d, err
}

// subject finds what is waived: an account of the case, or one of its connections.
func subject(ctx context.Context, s *store.Store, c store.Case, what string, d *workflows.Decision) error {
	if err := validText("what is waived", what, 3*maxName); err != nil {
		return err
	}
	accounts, err := s.AccountsOf(ctx, c.ID, nil)
	if err != nil {
		return err
	}
	conns, err := s.ConnectionsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	var known, meant []string
	var settled access.Outcome
	resources := map[string]bool{}
	name := namer(accounts)
	for _, a := range accounts {
		switch {
		case a.Ref.String() != what && accountTask(a) != what:
			known = append(known, name(a.Ref))
		case a.Outcome.Settled():
			settled = a.Outcome
		default:
			d.Account = a.ID // of accounts that were made again under one name, the newest
			resources[a.Resource] = true
			meant = append(meant, fmt.Sprintf("%s is %s", accountTask(a), name(a.Ref)))
		}
	}
	if len(resources) > 1 {
		return badInput("case %s has several accounts %q", c.ID, what).then("name one of them: %s", strings.Join(meant, ", "))
	}
	if d.Account == 0 && settled != "" {
		return badInput("%s needs no waiver: it is %s", what, strings.ReplaceAll(string(settled), "_", " "))
	}
	for _, k := range conns {
		known = append(known, k.Connection)
		if k.Connection == what {
			d.Connection = what
		}
	}
	if d.Account == 0 && d.Connection == "" {
		return badInput("case %s has no account and no connection %q", c.ID, what).then("it has: %s", strings.Join(known, ", "))
	}
	return nil
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
