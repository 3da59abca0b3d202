package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
)

func (a *app) reinstateCommand() *cobra.Command {
	var w wish
	var ticket string
	c := &cobra.Command{
		Use:   "reinstate <case> --reason \"...\"",
		Short: "Ask for what a closed case took to be given back",
		Long: `Plans how everything that a closed case took is given back, in reverse order, from what
was recorded before it was taken. Nothing happens until somebody other than you approves
exactly that plan (sever approve). What cannot be given back, such as a password, stands
in the plan; new credentials go to the secret sink, once.

A case that is still open is given back by sever cancel. An offboarding of the same
person withdraws the reinstatement at once.`,
		Example: "  sever reinstate case-20261120-abc --reason \"hired again\"\n  sever approve case-20261120-abc --plan 0f3c9b1a77d2",
		Args:    cobra.ExactArgs(1),
		RunE:    does(func(ctx context.Context, args []string) error { return a.reinstate(ctx, args[0], ticket, w) }),
	}
	c.Flags().StringVar(&w.why, "reason", "", "why; kept in the trail (required)")
	c.Flags().StringVar(&ticket, "ticket", "", "the ticket that this is about; kept in the trail")
	c.Flags().StringVar(&w.by, "as", "", "who asks (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func (a *app) reinstate(ctx context.Context, what, ticket string, w wish) error {
	by, err := a.allowed(w.by, roles.Reinstate)
	if err != nil {
		return err
	}
	clients, err := a.everything(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	d, err := a.desk(clients, nil)
	if err != nil {
		return err
	}
	c, answer, err := d.Reinstate(ctx, desk.Plea{Case: what, By: by, Why: w.why, Ticket: ticket})
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(desk.Reinstated{Reinstating: answer, Principal: c.Principal, By: by})
		return nil
	}
	if err := a.plans(ctx, c.ID, answer.Hash, false); err != nil {
		return err
	}
	lost := ""
	if answer.Lost > 0 {
		lost = fmt.Sprintf(" (%s cannot be given back whole)", plural(answer.Lost, "step", "steps"))
	}
	a.sayf("")
	a.sayf("Plan %d gives back what case %s took, in %s%s.", answer.Plan, a.out.bold(c.ID), plural(answer.Steps, "step", "steps"), lost)
	a.sayf("Nothing happens until somebody other than %s approves it: sever approve %s --plan %s", printable(by), c.ID, desk.Short(answer.Hash))
	return nil
}
