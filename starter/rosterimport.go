package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

func (a *app) rosterCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "roster",
		Short: "Who is there, and who has left: import and list",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.rosterImportCommand(), a.rosterListCommand())
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
type refused struct {
	source, sum, why string
	failure          *desk.Error
}

func (r *refused) Error() string { return r.failure.Error() }

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
		return a.noteRefusal(ctx, clients.store, no, w, by)
	}
	if err == nil {
		a.showRoster(d)
	}
	return err
}

// takeRoster reads, compares and records, or says why not.
func (a *app) takeRoster(ctx context.Context, s *store.Store, path string, w rosterWish, by string) (rosterDiff, error) {
	text, source, err := a.readInput(path)
	if err != nil {
		return rosterDiff{}, &refused{filepath.Base(path), "", "it cannot be read: " + err.Error(), desk.Invalidf("%w", err)}
	}
	entries, problems := readRoster(text, source)
	if len(problems) > 0 {
		why := fmt.Sprintf("%s in it, the first: %s", plural(len(problems), "mistake", "mistakes"), problems[0])
		return rosterDiff{}, &refused{source, text.sum(), why, badFile(path, problems)}
	}
	d := rosterDiff{}
	return d, s.Do(ctx, func(tx *store.Tx) error {
		if err := tx.LockRosters(ctx); err != nil {
			return err
		}
		last, err := tx.LastRoster(ctx)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		have, err := tx.People(ctx)
		if err != nil {
			return err
		}
		d = compareRoster(have, entries)
		d.DryRun = w.dryRun
		why := tooSmall(have, entries, last, w.maxShrink, time.Now())
		if why != "" && (w.accept == "" || d.Active == 0) {
			f := desk.Invalidf("%s is refused, nothing was changed: %s", path, why)
			if d.Active > 0 {
				f = f.Then("see who is missing: sever roster import %s --dry-run --max-shrink 100", path).
					Then(`if they did leave: sever roster import %s --accept-shrink "why"`, path)
			}
			return &refused{source, text.sum(), why, f}
		}
		if w.dryRun {
			return nil
		}
		if _, err := tx.AcceptRoster(ctx, store.Roster{Source: source, SHA256: text.sum(), By: by}, entries); err != nil {
			return err
		}
		e := audit.Event{Chain: audit.House, Key: "roster/" + text.sum() + "/" + desk.Random(12), At: time.Now(), Kind: audit.RosterImported, Actor: by, Object: source,
			Words: rosterWords(d), Data: map[string]any{"sha256": text.sum(), "active": d.Active, "joined": len(d.Joined), "left": ids(d.Left),
				"returned": ids(d.Returned), "changed": len(d.Changed), "unchanged": d.Unchanged}}
		if why != "" {
			e.Data["shrank"], e.Data["accepted_because"] = why, w.accept
		}
		return tx.Append(ctx, e)
	})
}

// noteRefusal leaves a row about a roster that was not believed. A dry run leaves none.
func (a *app) noteRefusal(ctx context.Context, s *store.Store, no *refused, w rosterWish, by string) error {
	if w.dryRun {
		return no.failure
	}
	err := s.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "roster/refused/" + desk.Random(20), At: time.Now(), Kind: audit.RosterRefused, Actor: by,
			Object: no.source, Outcome: "refused", Words: no.why, Data: map[string]any{"sha256": no.sum}})
	})
	if err != nil {
		no.failure.Err = fmt.Errorf("%w\n  (and it could not be written into the trail: %w)", no.failure.Err, err)
	}
	return no.failure
}

func ids(people []rosterPerson) []string {
	out := make([]string, len(people))
	for i, p := range people {
		out[i] = string(p.Principal)
	}
	return out
}

func rosterWords(d rosterDiff) string {
	return fmt.Sprintf("%d active: %d joined, %d left, %d returned, %d changed, %d unchanged",
		d.Active, len(d.Joined), len(d.Left), len(d.Returned), len(d.Changed), d.Unchanged)
}

func (a *app) showRoster(d rosterDiff) {
	if a.json {
		a.out.document(d)
		return
	}
	const most = 20
	for _, part := range []struct {
		mark, word string
		people     []rosterPerson
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
	a.out.line(verb + ": " + rosterWords(d) + ".")
	if len(d.Left) > 0 && !d.DryRun {
		a.out.line("No case was opened for those who left: sever offboard PRINCIPAL --reason hr")
	}
}
