package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/story"
)

func (a *app) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit",
		Short: "Read and verify the audit trail",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var all bool
	show := &cobra.Command{
		Use:   "show <case | principal | house>",
		Short: "Tell what happened in a case: when, who, what",
		Long: `Tells the trail of a case as a story: who did what to whom, when and why. Times count
from its beginning; what happened alike to several accounts, or at several attempts, is
one sentence. --all prints every row by itself, --json exactly as they are hashed. "house"
is the chain of what belongs to no case, such as imports; it is printed row by row.
Reading a trail is no part of verifying it: see sever audit verify.`,
		Args: cobra.ExactArgs(1),
		RunE: does(a.reading(func(ctx context.Context, args []string) error { return a.auditShow(ctx, args[0], all) })),
	}
	show.Flags().BoolVar(&all, "all", false, "print every row by itself")
	c.AddCommand(show, a.verifyCommand())
	return c
}

func (a *app) auditShow(ctx context.Context, what string, all bool) error {
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	out, err := paper.TrailOf(ctx, clients.store, what, 1, 0)
	if err != nil {
		return err
	}
	switch {
	case a.json:
		a.out.document(out)
	case all || out.Chain == audit.House:
		a.showRows(out.Rows)
	default:
		a.showStory(out.Chain, out.Rows)
	}
	return nil
}

// showStory prints a trail in acts. Times count from the first row.
func (a *app) showStory(chain string, rows []audit.Row) {
	if len(rows) == 0 {
		a.out.line("Nothing is written of " + printable(chain) + " yet.")
		return
	}
	o, began := a.out, rows[0].At
	o.linef("The story of %s, which begins on %s. Times count from there.", o.bold(printable(chain)), began.Local().Format("Monday, 2 January 2006, at 15:04:05"))
	for _, act := range story.Of(rows) {
		o.line("")
		o.line(o.bold(act.Title))
		for _, l := range act.Lines {
			words := l.Words
			if l.Actor != "" {
				words = l.Actor + " " + words
			}
			a.paragraph(o.faint(fmt.Sprintf("%12s  ", "+"+span(l.At.Sub(began)))), words, l.Tone)
			for _, d := range l.Details {
				o.wrapped(margin+"  ", d)
			}
		}
	}
}

// margin is as wide as a time.
const margin = "              "

// paragraph prints a sentence in the colour of its tone.
func (a *app) paragraph(label, words string, tone story.Tone) {
	paint := func(words string) string { return words }
	switch tone {
	case story.Worrying:
		paint = a.out.yellow
	case story.Pleasing:
		paint = a.out.green
	}
	for i, l := range a.out.fold(margin, words) {
		if i > 0 {
			label = margin
		}
		a.out.line(label + paint(l[len(margin):]))
	}
}

// showRows prints every row, in words, under the day that it was written.
func (a *app) showRows(rows []audit.Row) {
	day := ""
	for _, row := range rows {
		if d := row.At.Local().Format("Monday, 2 January 2006"); d != day {
			day = d
			a.out.line(a.out.bold(day))
		}
		a.showRow(row)
	}
}

// showRow prints one row as a line.
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
