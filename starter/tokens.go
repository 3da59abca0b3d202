package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

func (a *app) tokensCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "tokens",
		Short: "Who may use the HTTP interface: make, list and revoke tokens",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.createTokenCommand(), a.listTokensCommand(), a.revokeTokensCommand())
	return c
}

func (a *app) createTokenCommand() *cobra.Command {
	var w desk.TokenWish
	c := &cobra.Command{
		Use:   "create <name>",
		Short: "Make a token, and print it this once",
		Long: `The name is who acts with the token: it stands in the trail, the roles are asked about it,
and who requested a case by a token cannot approve its plan by another one of the same name.
The roles cap what the token may do; where SEVER_ROLE_* are set, they have to allow it too.

Only a hash of the token is kept. What is lost cannot be shown again: make another one, and
revoke the first.`,
		Example: "  sever tokens create hr-system --role requester --expires 8760h\n  sever tokens create bob --role approver,auditor",
		Args:    cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			w.Name = args[0]
			return a.createToken(ctx, w)
		}),
	}
	c.Flags().StringSliceVar(&w.Roles, "role", nil, "what it may do: requester, approver, operator, auditor; several with commas (required)")
	c.Flags().DurationVar(&w.For, "expires", 720*time.Hour, "how long it opens anything, at most 8784h")
	c.Flags().StringVar(&w.By, "as", "", "who makes it (default $SEVER_ACTOR, or who is logged in)")
	return c
}

// madeToken is the JSON of tokens create.
type madeToken struct {
	tokenPart
	Token string `json:"token"` // the only time that it is shown
}

// tokenPart is a token in JSON, without its text.
type tokenPart struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Roles     []string  `json:"roles"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	RevokedBy string    `json:"revoked_by,omitempty"`
	UsedAt    time.Time `json:"last_used_at,omitzero"` // to the hour
	Valid     bool      `json:"valid"`
}

func tokenOf(k store.Token) tokenPart {
	return tokenPart{k.ID, k.Name, k.Roles, k.CreatedBy, k.CreatedAt, k.ExpiresAt, k.RevokedAt, k.RevokedBy, k.UsedAt, k.Valid(time.Now())}
}

func (a *app) createToken(ctx context.Context, w desk.TokenWish) error {
	d, done, err := a.tokenDesk(ctx, &w.By)
	if err != nil {
		return err
	}
	defer done()
	k, text, err := d.MakeToken(ctx, w)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(madeToken{tokenOf(k), text.Reveal()})
		return nil
	}
	a.out.linef("Token %s for %s (%s), until %s:", a.out.bold(k.ID), printable(k.Name), strings.Join(k.Roles, ", "), clock(k.ExpiresAt, time.Now()))
	a.out.line("  " + text.Reveal())
	a.out.line("It is shown this once, and is kept nowhere.")
	return nil
}

// tokenDesk opens the records for a command about tokens.
func (a *app) tokenDesk(ctx context.Context, by *string) (*desk.Desk, func(), error) {
	who, err := a.actor(*by)
	if err != nil {
		return nil, nil, err
	}
	*by = who
	clients, err := a.records(ctx)
	if err != nil {
		return nil, nil, err
	}
	d, err := a.desk(clients, nil)
	if err != nil {
		clients.Close()
		return nil, nil, err
	}
	return d, clients.Close, nil
}

// tokenList is the JSON of tokens list.
type tokenList struct {
	Tokens []tokenPart `json:"tokens"`
}

func (a *app) listTokensCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the tokens: who has which, for what, until when, and when it was used",
		Args:  cobra.NoArgs,
		RunE:  does(a.reading(func(ctx context.Context, _ []string) error { return a.listTokens(ctx, all) })),
	}
	c.Flags().BoolVar(&all, "all", false, "also those that were revoked or have expired")
	return c
}

func (a *app) listTokens(ctx context.Context, all bool) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	found, err := clients.store.Tokens(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	out := tokenList{[]tokenPart{}}
	rows := [][]string{}
	for _, k := range found {
		if !k.Valid(now) && !all {
			continue
		}
		out.Tokens = append(out.Tokens, tokenOf(k))
		until := clock(k.ExpiresAt, now)
		switch {
		case !k.RevokedAt.IsZero():
			until = a.out.red("revoked") + " " + clock(k.RevokedAt, now) + " by " + printable(k.RevokedBy)
		case !k.Valid(now):
			until = a.out.yellow("expired") + " " + until
		}
		rows = append(rows, []string{k.ID, printable(k.Name), strings.Join(k.Roles, ", "), until, clock(k.UsedAt, now), fmt.Sprintf("%s by %s", clock(k.CreatedAt, now), printable(k.CreatedBy))})
	}
	switch {
	case a.json:
		a.out.document(out)
	case len(rows) == 0:
		a.out.line("No tokens. Make one: sever tokens create NAME --role requester")
	default:
		a.out.table([]string{"token", "name", "roles", "until", "used", "made"}, rows)
	}
	return nil
}

func (a *app) revokeTokensCommand() *cobra.Command {
	var by string
	c := &cobra.Command{
		Use:   "revoke <token | name>",
		Short: "Revoke a token by its id, or all of somebody by their name",
		Long:  "From this moment on the token opens nothing. Requests that were taken already go on.",
		Args:  cobra.ExactArgs(1),
		RunE:  does(func(ctx context.Context, args []string) error { return a.revokeTokens(ctx, args[0], by) }),
	}
	c.Flags().StringVar(&by, "as", "", "who revokes (default $SEVER_ACTOR, or who is logged in)")
	return c
}

func (a *app) revokeTokens(ctx context.Context, what, by string) error {
	d, done, err := a.tokenDesk(ctx, &by)
	if err != nil {
		return err
	}
	defer done()
	ended, err := d.RevokeTokens(ctx, what, by)
	if err != nil {
		return err
	}
	out := tokenList{[]tokenPart{}}
	for _, k := range ended {
		k.RevokedAt, k.RevokedBy = time.Now().UTC(), by
		out.Tokens = append(out.Tokens, tokenOf(k))
		a.sayf("Token %s of %s is revoked.", a.out.bold(k.ID), printable(k.Name))
	}
	if a.json {
		a.out.document(out)
	}
	return nil
}
