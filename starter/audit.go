package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/story"
)

func (a *app) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Read and verify the audit trail",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:   "show <case | principal | house>",
		Short: "Tell what happened in a case: when, who, what",
		Long: `Prints the trail of a case row by row, in words. "house" is the chain of what belongs to
no case, such as imports. Reading it is no part of verifying it: see sever audit verify.`,
		Args: cobra.ExactArgs(1),
		RunE: does(a.reading(func(ctx context.Context, args []string) error { return a.auditShow(ctx, args[0]) })),
	}, a.verifyCommand())
	return c
}

// trail is the JSON of audit show.
type trail struct {
	Chain string      `json:"chain"`
	Rows  []audit.Row `json:"rows"`
}

func (a *app) auditShow(ctx context.Context, what string) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	chain := what
	if what != audit.House {
		c, err := find(ctx, clients.store, what)
		if err != nil {
			return err
		}
		chain = c.ID
	}
	out := trail{Chain: chain, Rows: []audit.Row{}}
	day := ""
	for row, err := range clients.store.Events(ctx, chain, 1) {
		if err != nil {
			return err
		}
		if a.json {
			out.Rows = append(out.Rows, row)
			continue
		}
		if d := row.At.Local().Format("Monday, 2 January 2006"); d != day {
			day = d
			a.out.line(a.out.bold(day))
		}
		a.showRow(row)
	}
	if a.json {
		a.out.document(out)
	}
	return nil
}

// showRow prints one row as a line of a story.
func (a *app) showRow(r audit.Row) {
	words := story.Tell(r)
	switch {
	case story.Worry(r):
		words = a.out.yellow(words)
	case story.Good(r):
		words = a.out.green(words)
	}
	a.out.line(fmt.Sprintf("%s  %s  %s", a.out.faint(fmt.Sprintf("%4d  %s", r.Seq, r.At.Local().Format("15:04:05.000"))), a.out.bold(fmt.Sprintf("%-8s", printable(r.Actor))), words))
	if asked, ok := r.Data["asked"].(string); ok && asked != "" {
		a.out.line("                      " + a.out.faint("asked: "+oneLine(asked)))
	}
	if r.RequestID != "" {
		a.out.line("                      " + a.out.faint("request "+printable(r.RequestID)))
	}
}
