package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"iter"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// auditSettings say by whom checkpoints are signed and where their copies are.
type auditSettings struct {
	Key         config.Secret `env:"SEVER_AUDIT_KEY"`
	PublicKeys  []string      `env:"SEVER_AUDIT_PUBLIC_KEYS"`
	Checkpoints string        `env:"SEVER_CHECKPOINTS"`
}

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
owner of the installation; without one, the pack can only be shown to fit together.

Exit code: 0 nothing was found, 3 otherwise.`,
		Args: cobra.MaximumNArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			switch {
			case pack != "" && (all || len(args) > 0 || file != ""):
				return desk.Invalidf("--pack makes no sense with a case, --all or --checkpoints: a pack has its own")
			case pack != "":
				return a.verifyPack(pack, keys) // whoever has the file may read it
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
	report, err := a.audited(ctx, args, file)
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

// audited verifies a case, or everything.
func (a *app) audited(ctx context.Context, args []string, file string) (audit.Report, error) {
	settings, err := config.Parse[auditSettings](a.vars, "")
	if err != nil {
		return audit.Report{}, desk.Invalidf("%w", err)
	}
	keys, err := publicKeys(settings)
	if err != nil {
		return audit.Report{}, err
	}
	outside, err := copies(file, settings.Checkpoints)
	if err != nil {
		return audit.Report{}, err
	}
	clients, err := a.records(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	defer clients.Close()
	if len(args) == 0 {
		return clients.store.VerifyAudit(ctx, keys, outside)
	}
	c, err := desk.Find(ctx, clients.store, args[0])
	if err != nil {
		return audit.Report{}, err
	}
	return verifyCase(ctx, clients.store, c.ID, keys, outside)
}

// verifyCase verifies the chain of one case, and all checkpoints.
func verifyCase(ctx context.Context, s *store.Store, caseID string, keys []ed25519.PublicKey, outside []audit.Checkpoint) (audit.Report, error) {
	inside, err := s.Checkpoints(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	heads, err := s.Heads(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	book := audit.Book{Chains: []string{caseID}, Expected: []string{caseID}, Heads: []audit.Head{}, Checkpoints: inside, Outside: outside, Keys: keys, Part: true,
		Rows: func(chain string) iter.Seq2[audit.Row, error] { return s.Events(ctx, chain, 0) }}
	for _, h := range heads {
		if h.Chain == caseID {
			book.Heads = append(book.Heads, h)
		}
	}
	return audit.VerifyAll(book), nil
}

// publicKeys are those that may have signed.
func publicKeys(s auditSettings) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for _, text := range s.PublicKeys {
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(b) != ed25519.PublicKeySize {
			return nil, desk.Invalidf("SEVER_AUDIT_PUBLIC_KEYS has an entry that is not the base64 of a %d byte Ed25519 public key", ed25519.PublicKeySize)
		}
		keys = append(keys, b)
	}
	key, err := s.signer()
	if err != nil || key == nil {
		return keys, err
	}
	public, _ := key.Public().(ed25519.PublicKey)
	return append(keys, public), nil
}

// signer is the key that signs checkpoints and packs; nil where none is set.
func (s auditSettings) signer() (ed25519.PrivateKey, error) {
	if s.Key.Empty() {
		return nil, nil
	}
	seed, err := base64.StdEncoding.DecodeString(s.Key.Reveal())
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, desk.Invalidf("SEVER_AUDIT_KEY is not the base64 of a %d byte Ed25519 seed", ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// copies are the checkpoints outside the database. A file that somebody named has to
// be there; the one of the settings may not exist before the first checkpoint.
func copies(named, configured string) ([]audit.Checkpoint, error) {
	path := named
	if path == "" {
		path = configured
	} else if _, err := os.Stat(path); err != nil {
		return nil, desk.Invalidf("--checkpoints: %w", err)
	}
	if path == "" {
		return nil, nil
	}
	list, err := audit.ReadCheckpoints(path)
	if err != nil {
		return nil, desk.Failf(desk.Open, "%w", err).Then("compare the file with a backup: a line of it cannot be read")
	}
	return list, nil
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
