package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

func (a *app) deliveriesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "deliveries",
		Short: "What other systems sent, and what became of it",
		Long: `Lists and settles what arrived from other systems: signed webhooks, security event tokens,
SCIM and rosters. See: sever help arrivals.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.deliveriesListCommand(), a.deliveriesSetCommand("retry", "Have a refused delivery tried again", inbox.Retry),
		a.deliveriesSetCommand("drop", "Say that nothing is to be done about a refused delivery", inbox.Drop), a.doubtsCommand(), a.trustCommand())
	return c
}

func (a *app) deliveriesListCommand() *cobra.Command {
	var states []string
	var principal string
	var limit int
	c := &cobra.Command{
		Use:   "list",
		Short: "List what other systems sent, the newest first",
		Long: `A delivery is waiting (it is tried until what it needs is there), done (a case has it, or
nothing is to be done), refused (a person has to look) or dropped (a person has looked).`,
		Example: "  sever deliveries list --state refused",
		Args:    cobra.NoArgs,
		RunE: does(a.reading(func(ctx context.Context, _ []string) error {
			var want []store.DeliveryState
			for _, s := range states {
				want = append(want, store.DeliveryState(s))
			}
			return a.listDeliveries(ctx, want, access.PrincipalID(principal), limit)
		})),
	}
	c.Flags().StringSliceVar(&states, "state", nil, "only those that are waiting, done, refused or dropped")
	c.Flags().StringVar(&principal, "principal", "", "only those about this principal")
	c.Flags().IntVar(&limit, "limit", 50, "at most so many")
	return c
}

func (a *app) listDeliveries(ctx context.Context, states []store.DeliveryState, who access.PrincipalID, limit int) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := paper.Deliveries(ctx, clients.store, states, who, limit)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(out)
		return nil
	}
	if len(out.Deliveries) == 0 {
		a.out.line("Nothing was delivered.")
		return nil
	}
	now, refused := time.Now(), false
	rows := [][]string{}
	for _, d := range out.Deliveries {
		state := string(d.State)
		switch d.State {
		case store.DeliveryRefused:
			state, refused = a.out.red(state), true
		case store.DeliveryWaiting:
			state = a.out.yellow(state)
		case store.DeliveryDone:
			state = a.out.green(state)
		}
		rows = append(rows, []string{strconv.FormatInt(d.ID, 10), clock(d.At, now), d.Kind + "/" + d.Source, d.Act, printable(string(d.Principal)), state, printable(d.Words)})
	}
	a.out.table([]string{"no", "received", "from", "asks", "principal", "state", "words"}, rows)
	if refused {
		a.out.line("What is refused waits for a person: sever deliveries retry NO --reason \"...\", or sever deliveries drop NO --reason \"...\"")
	}
	return nil
}

// deliveriesSetCommand is a person's word about a refused delivery.
func (a *app) deliveriesSetCommand(name, short string, set func(context.Context, *store.Store, int64, string, string) (store.Delivery, error)) *cobra.Command {
	var why, as string
	c := &cobra.Command{
		Use:     name + " <number>",
		Short:   short,
		Example: fmt.Sprintf("  sever deliveries %s 12 --reason \"...\"", name),
		Args:    cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			by, err := a.allowed(as, roles.Finish)
			if err != nil {
				return err
			}
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || id < 1 {
				return desk.Invalidf("%q is no number of a delivery", args[0]).Then("list them: sever deliveries list")
			}
			clients, err := a.records(ctx)
			if err != nil {
				return err
			}
			defer clients.Close()
			d, err := set(ctx, clients.store, id, by, why)
			if err != nil {
				return err
			}
			if a.json {
				a.out.document(paper.DeliveryOf(d))
			}
			a.sayf("Delivery %d of %s/%s is %s.", d.ID, d.Kind, d.Source, d.State)
			return nil
		}),
	}
	c.Flags().StringVar(&why, "reason", "", "why; kept in the trail (required)")
	c.Flags().StringVar(&as, "as", "", "who says so (default $SEVER_ACTOR, or who is logged in)")
	return c
}
