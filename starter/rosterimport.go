package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/roster"
	"github.com/severhq/sever/internal/store"
)

func (a *app) rosterCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "roster",
		Short: "Who is there, and who has left: import, list and status",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.rosterImportCommand(), a.rosterListCommand(), a.rosterStatusCommand())
	return c
}

// rosterWish is what the flags of an import say.
type rosterWish struct {
	dryRun    bool
	maxShrink int
	accept    string
	as        string
}

func (a *app) rosterImportCommand() *cobra.Command {
	var w rosterWish
	c := &cobra.Command{
		Use:   "import <file.csv | file.json | ->",
		Short: "Import the complete list of people: who is missing from it has left",
		Long: `A roster is the complete list of people at a moment. A CSV file has a header line:
principal and, if you like, login, name, email, status (active or left; without the
column all are active) and any attr.NAME that the naming rules of connections use. A JSON
file has a list of objects with the same fields and "attributes": {"NAME": "..."}.

Who was active and is missing has left. No case is opened by that. Principals that no
roster ever had stay as they are.

A roster that is empty, cannot be read whole, or in which more than 20 per cent of the
active people are missing is refused: nothing is changed, and the refusal is on record. If
that many did leave, say --accept-shrink "why".`,
		Example: "  sever roster import people.csv --dry-run\n  ./export-people | sever roster import -",
		Args:    cobra.ExactArgs(1),
		RunE:    does(func(ctx context.Context, args []string) error { return a.importRoster(ctx, args[0], w) }),
	}
	c.Flags().BoolVar(&w.dryRun, "dry-run", false, "show what would change, and write nothing")
	c.Flags().IntVar(&w.maxShrink, "max-shrink", 20, "per cent of the active people that may be missing at once")
	c.Flags().StringVar(&w.accept, "accept-shrink", "", "why it is right that more are missing; kept in the trail")
	c.Flags().StringVar(&w.as, "as", "", "who imports (default $SEVER_ACTOR, or who is logged in)")
	return c
}

// refused is a roster that is not believed.
type refused = roster.RefusedError

func (a *app) importRoster(ctx context.Context, path string, w rosterWish) error {
	by, err := a.allowed(w.as, roles.Import)
	if err != nil {
		return err
	}
	if w.maxShrink < 0 || w.maxShrink > 100 {
		return desk.Invalidf("--max-shrink is %d: it is a percentage, from 0 to 100", w.maxShrink)
	}
	if w.accept != "" {
		if err := desk.ValidText("--accept-shrink", w.accept, desk.MaxText); err != nil {
			return err
		}
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	d, err := a.takeRoster(ctx, clients.store, path, w, by)
	if no, ok := errors.AsType[*refused](err); ok {
		return roster.Note(ctx, clients.store, no, w.how(by))
	}
	if err == nil {
		a.showRoster(d)
	}
	return err
}

// takeRoster takes a roster from a file.
func (a *app) takeRoster(ctx context.Context, s *store.Store, path string, w rosterWish, by string) (roster.Diff, error) {
	text, source, err := a.readInput(path)
	if err != nil {
		return roster.Diff{}, roster.Unreadable(filepath.Base(path), err)
	}
	return roster.Take(ctx, s, roster.Text{Body: text, Source: source, Path: path}, w.how(by))
}

func (w rosterWish) how(by string) roster.Wish {
	return roster.Wish{By: by, DryRun: w.dryRun, MaxShrink: w.maxShrink, Accept: w.accept}
}

func (a *app) showRoster(d roster.Diff) {
	if a.json {
		a.out.document(d)
		return
	}
	const most = 20
	for _, part := range []struct {
		mark, word string
		people     []roster.Person
	}{
		{a.out.green("+"), "joined", d.Joined}, {a.out.red("-"), "left", d.Left},
		{a.out.green("+"), "returned", d.Returned}, {a.out.yellow("~"), "changed", d.Changed},
	} {
		for i, p := range part.people {
			if i == most {
				a.out.linef("  … and %d more who %s", len(part.people)-most, part.word)
				break
			}
			line := part.mark + " " + person(p.Name, p.Principal) + " " + part.word
			if len(p.Fields) > 0 {
				line += ": " + strings.Join(p.Fields, ", ")
			}
			a.out.line(line)
		}
	}
	verb := "Imported"
	if d.DryRun {
		verb = "Dry run, nothing was written"
	}
	a.out.line(verb + ": " + d.Words() + ".")
	if len(d.Left) > 0 && !d.DryRun {
		a.out.line("No case was opened for those who left: sever offboard PRINCIPAL --reason hr")
	}
}
