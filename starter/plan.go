package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
)

func (a *app) planCommand() *cobra.Command {
	var hash string
	var check bool
	c := &cobra.Command{
		Use:   "plan <case | principal>",
		Short: "Print the plans of a case: what will be done, in order, and what will not",
		Long: `Prints the plans of a case: what will be touched and in which order, what cannot be
undone, what is guarded, and what stays unknown, with the statements or requests that
will be sent. The hash covers all of it; an approval names the hash.

With --check the exit code says whether the plans in force run by themselves and end
clean: 0 yes, 5 a person has to approve first, 3 something stays open however it is
approved (unknown, protected, blocked), or there is no plan.`,
		Args: cobra.ExactArgs(1),
		RunE: does(a.reading(func(ctx context.Context, args []string) error { return a.plans(ctx, args[0], hash, check) })),
	}
	c.Flags().BoolVar(&check, "check", false, "say by the exit code whether the plan runs by itself and ends clean")
	c.Flags().StringVar(&hash, "plan", "", "only the plan whose hash begins like this")
	return c
}

func (a *app) plans(ctx context.Context, what, hash string, check bool) error {
	conns, err := a.connections()
	if err != nil {
		return err
	}
	if conns != nil {
		defer conns.Close()
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	c, err := desk.Find(ctx, clients.store, what)
	if err != nil {
		return err
	}
	out, policy, err := paper.PlansOfCase(ctx, clients.store, conns, c, hash)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(out)
		return a.checked(out.Plans, policy, check)
	}
	for i, p := range out.Plans {
		if i > 0 {
			a.out.line("")
		}
		a.showPlan(p, person(out.Name, c.Principal), c.ID)
	}
	if len(out.Plans) == 0 {
		a.out.linef("Case %s has no plan yet.", c.ID)
	}
	return a.checked(out.Plans, policy, check)
}
