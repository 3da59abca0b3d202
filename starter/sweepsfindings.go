package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
)

// findingWish is what the flags of findings say.
type findingWish struct {
	format    string
	run       int
	kind      string
	isNew, no bool
}

func (a *app) sweepsFindingsCommand() *cobra.Command {
	var w findingWish
	c := &cobra.Command{
		Use:   "findings <name>",
		Short: "Print what a sweep found, compared with the run before",
		Long: `Prints how the findings stood in the last run, or in another one:

  new     this run saw it, and the one before did not
  still   it was there before
  unseen  it was there before, and this run could not look
  gone    it was there before, and this run saw that it is not (--gone)

The kind unknown is about what could not be told, and says why.`,
		Args: cobra.ExactArgs(1),
		RunE: does(a.reading(func(ctx context.Context, args []string) error { return a.findings(ctx, args[0], w) })),
	}
	c.Flags().StringVar(&w.format, "format", "table", "table, csv or json")
	c.Flags().IntVar(&w.run, "run", 0, "the number of the run (default: the last)")
	c.Flags().StringVar(&w.kind, "kind", "", "only these: left, unissued, beyond, unused, orphan, bloat, unknown")
	c.Flags().BoolVar(&w.isNew, "new", false, "only what is new")
	c.Flags().BoolVar(&w.no, "gone", false, "only what is gone")
	return c
}

func (a *app) findings(ctx context.Context, name string, w findingWish) error {
	switch {
	case !slices.Contains([]string{"table", "csv", "json"}, w.format):
		return desk.Invalidf("--format %q is none", w.format).Then("choose table, csv or json")
	case w.isNew && w.no:
		return desk.Invalidf("--new and --gone exclude each other")
	case w.kind != "" && !slices.Contains(sweep.Whats, sweep.What(w.kind)):
		return desk.Invalidf("--kind %q is none", w.kind).Then("choose one of left, unissued, beyond, unused, orphan, bloat, unknown")
	case w.run < 0:
		return desk.Invalidf("--run is %d: runs are numbered from 1", w.run)
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	s, err := sweepNamed(ctx, clients.store, name)
	if err != nil {
		return err
	}
	run, err := runToShow(ctx, clients.store, s, w.run)
	if err != nil {
		return err
	}
	f := store.FindingFilter{Sweep: s.ID, Run: run.No, What: sweep.What(w.kind)}
	switch {
	case w.isNew:
		f.State = sweep.New
	case w.no:
		f.State = sweep.Gone
	}
	switch {
	case a.json || w.format == "json":
		return a.findingsJSON(ctx, clients.store, s, f)
	case w.format == "csv":
		return a.findingsCSV(ctx, clients.store, f)
	}
	return a.findingsTable(ctx, clients.store, s, f)
}

func runToShow(ctx context.Context, s *store.Store, of store.Sweep, no int) (store.SweepRun, error) {
	if no == 0 {
		run, err := s.LastSweepRun(ctx, of.ID)
		if errors.Is(err, store.ErrNotFound) {
			return run, desk.Failf(desk.Missing, "the sweep %s has not run yet", of.Name).Then("run it: sever sweeps run %s", of.Name)
		}
		return run, err
	}
	run, err := s.SweepRun(ctx, of.ID, no)
	if errors.Is(err, store.ErrNotFound) {
		return run, desk.Failf(desk.Missing, "the sweep %s has no run %d", of.Name, no).Then("see the last one: sever sweeps list")
	}
	return run, err
}

// findingPart is a finding in JSON and CSV.
type findingPart struct {
	State      sweep.State        `json:"state"`
	Kind       sweep.What         `json:"kind"`
	Connection string             `json:"connection"`
	Resource   string             `json:"resource,omitempty"`
	Account    string             `json:"account,omitempty"`
	Host       string             `json:"host,omitempty"`
	ForeignID  string             `json:"foreign_id,omitempty"`
	Principal  access.PrincipalID `json:"principal,omitempty"`
	Object     string             `json:"object,omitempty"`
	Words      string             `json:"words"`
	Evidence   map[string]string  `json:"evidence,omitempty"`
	FirstRun   int                `json:"first_run"`
	LastRun    int                `json:"last_run"`
	GoneRun    int                `json:"gone_run,omitempty"`
	FirstAt    time.Time          `json:"first_at"`
	LastAt     time.Time          `json:"last_at"`
}

func partOfFinding(f store.Finding, run int) findingPart {
	return findingPart{f.At(run), f.What, f.Connection, f.Resource, f.Name, f.Host, f.ForeignID, f.Principal, f.Object, f.Words, f.Evidence,
		f.First, f.Last, f.Gone, f.FirstAt.UTC(), f.LastAt.UTC()}
}

// eachFinding reads findings in pages: there may be a million.
func eachFinding(ctx context.Context, s *store.Store, f store.FindingFilter, do func(findingPart) error) error {
	const page = 1000
	left := f.Limit
	for {
		f.Limit = page
		if left > 0 {
			f.Limit = min(left, page)
		}
		some, err := s.Findings(ctx, f)
		if err != nil {
			return err
		}
		for _, one := range some {
			if err := do(partOfFinding(one, f.Run)); err != nil {
				return err
			}
		}
		if left > 0 {
			if left -= len(some); left == 0 {
				return nil
			}
		}
		if len(some) < f.Limit {
			return nil
		}
		f.After = some[len(some)-1].ID
	}
}

// findingsJSON prints one document, piece by piece.
func (a *app) findingsJSON(ctx context.Context, s *store.Store, of store.Sweep, f store.FindingFilter) error {
	run, err := s.SweepRun(ctx, of.ID, f.Run)
	if err != nil {
		return err
	}
	head, err := json.Marshal(struct {
		Sweep string   `json:"sweep"`
		Rule  string   `json:"rule"`
		Run   sweepRun `json:"run"`
	}{of.Name, of.Rule.String(), runOf(run)})
	if err != nil {
		return err
	}
	// The document goes on where the head ended, before its last brace.
	if _, err := fmt.Fprintf(a.out.w, "%s,\n  \"findings\": [", head[:len(head)-1]); err != nil {
		return err
	}
	between := "\n    "
	err = eachFinding(ctx, s, f, func(p findingPart) error {
		text, err := json.Marshal(p)
		if err == nil {
			_, err = fmt.Fprintf(a.out.w, "%s%s", between, text)
		}
		between = ",\n    "
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.out.w, "\n  ]\n}\n")
	return err
}

var findingColumns = []string{"state", "kind", "connection", "resource", "account", "host", "foreign_id", "principal", "object", "words", "evidence",
	"first_run", "last_run", "gone_run", "first_at", "last_at"}

// findingsCSV prints a header and a line for each. What a spreadsheet would take for a
// formula begins with a quote: names on foreign systems are anybody's text.
func (a *app) findingsCSV(ctx context.Context, s *store.Store, f store.FindingFilter) error {
	w := csv.NewWriter(a.out.w)
	if err := w.Write(findingColumns); err != nil {
		return err
	}
	err := eachFinding(ctx, s, f, func(p findingPart) error {
		evidence, err := json.Marshal(p.Evidence)
		if err != nil {
			return err
		}
		line := []string{string(p.State), string(p.Kind), p.Connection, p.Resource, p.Account, p.Host, p.ForeignID, string(p.Principal), p.Object, p.Words,
			string(evidence), fmt.Sprint(p.FirstRun), fmt.Sprint(p.LastRun), fmt.Sprint(p.GoneRun), p.FirstAt.Format(time.RFC3339), p.LastAt.Format(time.RFC3339)}
		for i := range line {
			line[i] = noFormula(line[i])
		}
		return w.Write(line)
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

func noFormula(cell string) string {
	if cell != "" && slices.Contains([]byte("=+-@\t\r"), cell[0]) {
		return "'" + cell
	}
	return cell
}

func (a *app) findingsTable(ctx context.Context, s *store.Store, of store.Sweep, f store.FindingFilter) error {
	rows := [][]string{}
	err := eachFinding(ctx, s, f, func(p findingPart) error {
		ref := access.Ref{Connection: p.Connection, Name: p.Account, Host: p.Host}
		name := ref.String()
		if p.Account == "" {
			name = p.Connection
		}
		state := string(p.State)
		if p.State == sweep.New {
			state = a.out.bold(state)
		}
		rows = append(rows, []string{state, string(p.Kind), printable(name), printable(string(p.Principal)), oneLine(p.Words)})
		return nil
	})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		a.out.linef("Run %d of %s has no such findings.", f.Run, of.Name)
		return nil
	}
	a.out.table([]string{"state", "kind", "account", "principal", "what"}, rows)
	return nil
}
