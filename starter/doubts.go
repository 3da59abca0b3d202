package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/roles"
)

func (a *app) doubtsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doubts",
		Short: "List the principals to whom a sender's identifiers may not lead any more",
		Long: `When an identity provider says that an identifier of a principal belongs to somebody else
now, nobody is found by it any more, and a case of the principal is held before it removes
anything, until a person says: sever deliveries trust PRINCIPAL --reason "..."`,
		Args: cobra.NoArgs,
		RunE: does(a.reading(func(ctx context.Context, _ []string) error {
			clients, err := a.records(ctx)
			if err != nil {
				return err
			}
			defer clients.Close()
			found, err := clients.store.DoubtsOf(ctx, "")
			if err != nil {
				return err
			}
			out := paper.DoubtsOf(found)
			if a.json {
				a.out.document(out)
				return nil
			}
			rows := [][]string{}
			for _, d := range out.Doubts {
				rows = append(rows, []string{printable(string(d.Principal)), clock(d.At, time.Now()), strconv.FormatInt(d.Delivery, 10), printable(d.Words)})
			}
			a.out.table([]string{"principal", "since", "delivery", "words"}, rows)
			return nil
		})),
	}
}

func (a *app) trustCommand() *cobra.Command {
	var why, as string
	c := &cobra.Command{
		Use:   "trust <principal>",
		Short: "Say that what leads to a principal can be trusted again",
		Long: `Ends the doubts about a principal. A case that was held because of them stays held: sever
resume CASE.`,
		Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			by, err := a.allowed(as, roles.Identify)
			if err != nil {
				return err
			}
			if err := desk.ValidText("the principal", args[0], desk.MaxPrincipal); err != nil {
				return err
			}
			clients, err := a.records(ctx)
			if err != nil {
				return err
			}
			defer clients.Close()
			settled, err := inbox.Settle(ctx, clients.store, access.PrincipalID(args[0]), by, strings.TrimSpace(why))
			if err != nil {
				return err
			}
			if a.json {
				a.out.document(paper.DoubtsOf(settled))
			}
			a.sayf("What leads to %s can be trusted again, says %s.", printable(args[0]), printable(by))
			return nil
		}),
	}
	c.Flags().StringVar(&why, "reason", "", "why; kept in the trail (required)")
	c.Flags().StringVar(&as, "as", "", "who says so (default $SEVER_ACTOR, or who is logged in)")
	return c
}
