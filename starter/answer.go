package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

func (a *app) confirmCommand() *cobra.Command {
	r := desk.Reply{Yes: true}
	c := &cobra.Command{
		Use:   "confirm <question | principal connection account[@host]>",
		Short: "Say that an account is a principal's: the strongest evidence there is",
		Long: `With the number of a question it answers that question: the link is confirmed, and tied to
exactly that account. With a principal, a connection and an account it answers the
question about them, or, where nobody has asked, records the link as confirmed.

The case that waits for the answer goes on at once.`,
		Args: cobra.MatchAll(cobra.RangeArgs(1, 3), notTwo),
		RunE: does(func(ctx context.Context, args []string) error { return a.answer(ctx, args, r) }),
	}
	c.Flags().StringVar(&r.Why, "reason", "", "how you know; kept in the trail")
	c.Flags().StringVar(&r.By, "as", "", "who decides (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func (a *app) rejectCommand() *cobra.Command {
	var r desk.Reply
	c := &cobra.Command{
		Use:   "reject <question | principal connection account[@host]>",
		Short: "Say that an account is not a principal's; it is not asked again",
		Long: `Answers a question: the account is not the principal's, or there is none by that rule.
It is asked no more about that account; another account of the same name is another
question. A rejection needs a --reason; it is part of the trail.

The case that waits for the answer goes on at once.`,
		Args: cobra.MatchAll(cobra.RangeArgs(1, 3), notTwo),
		RunE: does(func(ctx context.Context, args []string) error { return a.answer(ctx, args, r) }),
	}
	c.Flags().StringVar(&r.Why, "reason", "", "how you know; kept in the trail (required)")
	c.Flags().StringVar(&r.By, "as", "", "who decides (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func notTwo(_ *cobra.Command, args []string) error {
	if len(args) == 2 {
		return desk.Invalidf("give the number of a question, or a principal, a connection and an account")
	}
	return nil
}

func (a *app) answer(ctx context.Context, args []string, r desk.Reply) (err error) {
	if r.By, err = a.allowed(r.By, roles.Identify); err != nil {
		return err
	}
	r.About = args
	if err := r.Sensible(); err != nil { // before anything is opened
		return err
	}
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
	d, err := a.desk(clients, conns)
	if err != nil {
		return err
	}
	out, err := d.Answer(ctx, r)
	if err != nil {
		return err
	}
	out.Tell(func(who access.PrincipalID, by, why string) error { return a.nudge(ctx, who, by, why) })
	a.showAnswer(out)
	return nil
}

func (a *app) showAnswer(out desk.Answered) {
	if a.json {
		a.out.document(out)
		return
	}
	verb := "is"
	if out.Decision == store.SaidNo {
		verb = "is not"
	}
	a.out.linef("%s %s %s's, said %s.", printable(out.About), verb, printable(string(out.Principal)), printable(out.By))
	switch {
	case out.Nudged:
		a.out.linef("Case %s goes on.", out.Case)
	case out.Case != "":
		a.out.linef("Case %s could not be told (%s); it looks again by itself, or at once: sever retry %s", out.Case, oneLine(out.Missed), out.Case)
	}
}
