package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/dossier"
	"github.com/severhq/sever/internal/evidence"
	"github.com/severhq/sever/internal/roles"
)

// packWish is what the flags of evidence say.
type packWish struct {
	out   string
	force bool
	as    string
}

func (a *app) evidenceCommand() *cobra.Command {
	var w packWish
	c := &cobra.Command{
		Use:   "evidence <case | principal>",
		Short: "Write everything about a case into one archive for an auditor",
		Long: `Writes one .zip: the records as JSON, the exact plans, the audit trail of the case with the
signed checkpoints that cover it, a report to read and print, and how to verify all of it
without this installation.

Where SEVER_AUDIT_KEY is set, the trail is signed once more before it is read, and the
pack is signed too. The trail notes who made the pack, with its hash, before the file is
written. Nobody else can read the file.

Exit code: 0 written, 3 also written, and what it was made from is not whole.`,
		Example: "  sever evidence E1042 --out ada.zip\n  sever audit verify --pack ada.zip --key PUBLICKEY",
		Args:    cobra.ExactArgs(1),
		RunE:    does(func(ctx context.Context, args []string) error { return a.evidence(ctx, args[0], w) }),
	}
	c.Flags().StringVar(&w.out, "out", "", "the file (default evidence-CASE.zip here)")
	c.Flags().BoolVar(&w.force, "force", false, "replace the file if it is there")
	c.Flags().StringVar(&w.as, "as", "", "who makes the pack (default $SEVER_ACTOR, or who is logged in)")
	return c
}

// packDocument is the JSON of evidence.
type packDocument struct {
	Case      string `json:"case"`
	File      string `json:"file"`
	Manifest  string `json:"manifest"` // the SHA-256 of its manifest, as the trail has it
	Files     int    `json:"files"`
	Rows      int64  `json:"rows"`
	Uncovered int64  `json:"uncovered"`
	KeyID     string `json:"key_id,omitempty"` // empty: it is not signed
}

func (a *app) evidence(ctx context.Context, what string, w packWish) error {
	by, err := a.allowed(w.as, roles.Read)
	if err != nil {
		return err
	}
	settings, err := dossier.SettingsOf(a.vars)
	if err != nil {
		return err
	}
	secrets, err := config.SecretsOf(a.vars)
	if err != nil {
		return desk.Invalidf("%w", err)
	}
	clients, err := a.records(ctx)
	if err != nil {
		return err
	}
	defer clients.Close()
	c, err := desk.Find(ctx, clients.store, what)
	if err != nil {
		return err
	}
	path := w.out
	if path == "" {
		path = "evidence-" + c.ID + ".zip"
	}
	if _, err := os.Lstat(path); err == nil && !w.force {
		return desk.Invalidf("%s is there already", path).Then("choose another file with --out, or replace it with --force")
	}
	pack, err := settings.Pack(ctx, clients.store, c.ID, by, secrets)
	if err != nil {
		return err
	}
	if err := writePack(path, pack.Zip, w.force); err != nil {
		return err
	}
	key, err := settings.Signer()
	if err != nil {
		return err
	}
	a.showPack(path, pack, key)
	return a.recheck(pack, settings)
}

// recheck verifies the pack that was just written: where the records were tampered with
// before, whoever hands it over should know first.
func (a *app) recheck(p evidence.Pack, settings dossier.Settings) error {
	report, err := settings.Recheck(p)
	if err != nil || report.OK() {
		return err
	}
	for _, f := range report.Findings {
		a.stderr.line(a.stderr.red("  found: ") + oneLine(f.String()))
	}
	return desk.Failf(desk.Open, "the pack of case %s is written, and what it was made from is not whole: %s", p.Manifest.Case,
		plural(len(report.Findings), "finding", "findings")).Then("compare the records with a backup: sever audit verify %s", p.Manifest.Case)
}

// writePack puts the pack where nobody else can read it, whole or not at all.
func writePack(path string, text []byte, force bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".evidence-*") // mode 0600
	if err != nil {
		return desk.Failf(desk.Internal, "write the pack: %w", err).Then("choose a folder that can be written with --out")
	}
	defer func() { err = errors.Join(err, ignoreGone(os.Remove(f.Name()))) }()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the pack: %w", err)
	}
	if force {
		return os.Rename(f.Name(), path)
	}
	if err := os.Link(f.Name(), path); err != nil { // unlike a rename, it replaces nothing
		return desk.Failf(desk.Invalid, "write the pack: %w", err).Then("choose another file with --out, or replace it with --force")
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (a *app) showPack(path string, p evidence.Pack, key ed25519.PrivateKey) {
	m := p.Manifest
	if a.json {
		a.out.document(packDocument{m.Case, path, p.Hash, len(m.Files), m.Chain.Seq, m.Chain.Seq - m.Covered, m.KeyID})
		return
	}
	a.out.linef("Wrote %s: case %s, %s, rows 1 to %d of its trail.", a.out.bold(printable(path)), m.Case, plural(len(m.Files), "file", "files"), m.Chain.Seq)
	if uncovered := m.Chain.Seq - m.Covered; uncovered > 0 {
		a.out.line(a.out.yellow(plural(int(uncovered), "row is", "rows are") + " newer than the last signed checkpoint."))
	}
	if key == nil {
		a.out.line(a.out.yellow("It is not signed: SEVER_AUDIT_KEY is not set here."))
		a.out.line("Check it anywhere: sever audit verify --pack " + printable(path))
		return
	}
	public, _ := key.Public().(ed25519.PublicKey)
	a.out.linef("It is signed by key %s. Check it anywhere, with no database:", m.KeyID)
	a.out.linef("  sever audit verify --pack %s --key %s", printable(path), base64.StdEncoding.EncodeToString(public))
}
