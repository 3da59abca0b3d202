package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
)

func (a *app) taskDoneCommand() *cobra.Command {
	var why, as string
	c := &cobra.Command{
		Use:   "done <case> <task>",
		Short: "Say that a task is done which no system can show",
		Long: `Closes a task about a shared secret (secret/...), about what could not be given back
(undo/...), or about somebody outside who could not be told (notice/...), with a reason that
stays in the trail. It works for closed cases too. Other tasks close by themselves when the
systems agree, and the command says what makes them.`,
		Example: `  sever tasks done c-20261122-k4 'secret/deploy key of shop' --reason "rotated, vault version 18"`,
		Args:    cobra.ExactArgs(2),
		RunE:    does(func(ctx context.Context, args []string) error { return a.taskDone(ctx, args[0], args[1], why, as) }),
	}
	c.Flags().StringVar(&why, "reason", "", "what was done; kept in the trail (required)")
	c.Flags().StringVar(&as, "as", "", "who says so (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func (a *app) taskDone(ctx context.Context, what, key, why, as string) error {
	by, err := a.allowed(as, roles.Finish)
	if err != nil {
		return err
	}
	f := desk.Finish{Case: what, Task: key, By: by, Why: why}
	if err := f.Sensible(); err != nil { // before anything is opened
		return err
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	d, err := a.desk(clients, nil)
	if err != nil {
		return err
	}
	done, err := d.Finish(ctx, f)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(done)
	}
	a.sayf("Case %s: %s is done, by %s.", a.out.bold(done.Case), printable(done.Task), printable(by))
	if done.Principal != "" {
		_ = a.nudge(ctx, done.Principal, by, done.Why()) // or it sees it when it looks the next time
	}
	return nil
}
