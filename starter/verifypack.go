package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"strings"
	"time"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/dossier"
	"github.com/severhq/sever/internal/evidence"
)

// verifyPack verifies an evidence pack with nothing but the file and, if given, public
// keys and checkpoints. Without --key those of the settings count, if there are any.
func (a *app) verifyPack(path, checkpoints string, named []string) error {
	keys, err := a.packKeys(named)
	if err != nil {
		return err
	}
	var outside []audit.Checkpoint
	if checkpoints != "" {
		if outside, err = (dossier.Settings{}).Outside(checkpoints); err != nil {
			return err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return desk.Invalidf("--pack: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return desk.Invalidf("--pack: %w", err)
	}
	if !info.Mode().IsRegular() {
		return desk.Invalidf("--pack: %s is no file", path)
	}
	report := evidence.Verify(f, info.Size(), keys, outside...)
	if a.json {
		a.out.document(report)
	} else {
		a.showPackReport(report)
	}
	if !report.OK() {
		return exit(exitOpen)
	}
	return nil
}

// packKeys are the keys that somebody named, each as base64 or as a file that has it.
func (a *app) packKeys(named []string) ([]ed25519.PublicKey, error) {
	if len(named) == 0 {
		settings, err := dossier.SettingsOf(a.vars)
		if err != nil {
			return nil, desk.Invalidf("%w", err)
		}
		return settings.Keys()
	}
	var keys []ed25519.PublicKey
	for _, text := range named {
		if b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err == nil && len(b) == ed25519.PublicKeySize {
			keys = append(keys, b)
			continue
		}
		b, err := os.ReadFile(text)
		if err != nil {
			return nil, desk.Invalidf("--key is neither the base64 of a %d byte Ed25519 public key nor a file that can be read: %w", ed25519.PublicKeySize, err)
		}
		some, err := evidence.ParseKeys(b)
		if err != nil {
			return nil, desk.Invalidf("--key %s: %w", text, err)
		}
		keys = append(keys, some...)
	}
	return keys, nil
}

func (a *app) showPackReport(r evidence.Report) {
	o := a.out
	o.linef("Read the pack of case %s, made by %s, %s: %s, %s, %s.", o.bold(oneLine(r.Case)), oneLine(r.MadeBy), r.MadeAt.UTC().Format(time.RFC3339),
		plural(r.Files, "file", "files"), plural(int(r.Rows), "row", "rows"), plural(r.Checkpoints, "checkpoint", "checkpoints"))
	for _, f := range r.Findings {
		o.line(o.red("  found: ") + oneLine(f.String()))
	}
	for _, n := range r.Notes {
		o.line(o.yellow("  note: ") + oneLine(n))
	}
	if !r.OK() {
		o.line(o.red(plural(len(r.Findings), "finding", "findings")) + ": the pack is not what was packed.")
		return
	}
	signed := "not signed"
	if r.SignedBy != "" {
		signed = "signed by key " + r.SignedBy
	}
	o.line(o.green("The pack is whole") + " and " + signed + ": every file, every row, every plan and the report fit together.")
	if r.Uncovered > 0 {
		o.line(o.faint(plural(int(r.Uncovered), "row is", "rows are") + " newer than the last signed checkpoint."))
	}
}
