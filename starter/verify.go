package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/dossier"
)

func (a *app) verifyCommand() *cobra.Command {
	var file, pack string
	var keys []string
	var all bool
	c := &cobra.Command{
		Use:   "verify [case | principal]",
		Short: "Check that nobody changed the trail, and say which row if somebody did",
		Long: `Recomputes the hash of every row and its place in the chain, and compares the ends of
all chains with the signed checkpoints, in the database and in the file outside it. It
asks nobody but the database. Without a case it checks everything.

The trail is tamper-evident, not tamper-proof: who owns the database can rewrite what no
checkpoint outside covers yet. The report says how many rows that are.

With --pack it verifies an evidence pack (sever evidence) and asks nobody at all: neither
the database nor settings are needed. Give it the public key as you know it from the
owner of the installation; without one, the pack can only be shown to fit together. Give it
a copy of the checkpoints outside as well, if you have one: an older pack in place of a
newer one is whole in itself.

Exit code: 0 nothing was found, 3 otherwise.`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			switch {
			case pack != "" && (all || len(args) > 0):
				return desk.Invalidf("--pack makes no sense with a case or --all: a pack is of one case")
			case pack != "":
				return a.verifyPack(pack, file, keys) // whoever has the file may read it
			case len(keys) > 0:
				return desk.Invalidf("--key is for --pack").Then("the keys of this installation are in SEVER_AUDIT_PUBLIC_KEYS")
			}
			if err := a.reads(); err != nil {
				return err
			}
			if all && len(args) > 0 {
				return desk.Invalidf("--all and a case together make no sense: choose one")
			}
			return a.verify(ctx, args, file)
		}),
	}
	c.Flags().BoolVar(&all, "all", false, "check everything (also the default)")
	c.Flags().StringVar(&file, "checkpoints", "", "the copy of the checkpoints outside the database (default $SEVER_CHECKPOINTS)")
	c.Flags().StringVar(&pack, "pack", "", "verify this evidence pack instead, offline")
	c.Flags().StringArrayVar(&keys, "key", nil, "with --pack: a public key in base64, or a file that has it; may be repeated")
	return c
}

func (a *app) verify(ctx context.Context, args []string, file string) error {
	settings, err := dossier.SettingsOf(a.vars)
	if err != nil {
		return err
	}
	outside, err := settings.Outside(file)
	if err != nil {
		return err
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	report, err := settings.Verify(ctx, clients.store, outside, args...)
	if err != nil {
		return err
	}
	if a.json {
		a.out.document(report)
	} else {
		a.showReport(report)
	}
	if !report.OK() {
		return exit(exitOpen)
	}
	return nil
}

func (a *app) showReport(r audit.Report) {
	o := a.out
	o.linef("Read %s with %s, and %s.", plural(r.Chains, "chain", "chains"), plural(int(r.Rows), "row", "rows"),
		plural(r.Checkpoints, "checkpoint", "checkpoints"))
	for _, f := range r.Findings {
		o.line(o.red("  found: ") + printable(f.String()))
	}
	for _, n := range r.Notes {
		o.line(o.yellow("  note: ") + printable(n))
	}
	if !r.OK() {
		o.line(o.red(plural(len(r.Findings), "finding", "findings")) + ": the trail is not what was written.")
		return
	}
	o.line(o.green("The trail is whole") + ": every row is as it was written and where it was written.")
	if r.Uncovered > 0 {
		o.line(o.faint(plural(int(r.Uncovered), "row is", "rows are") + " newer than the last signed checkpoint."))
	}
}
