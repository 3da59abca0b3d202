package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/evidence"
)

// packs makes the pack of every case that the other tests left behind, in whatever state
// it is, and verifies each with nothing but the file and the public key.
func packs(t *testing.T, w *world) {
	type one struct {
		Case string `json:"case"`
	}
	known := must[struct {
		Cases []one `json:"cases"`
	}](t, w, nil, exitOK, "cases")
	require.Greater(t, len(known.Cases), 5)
	dir := t.TempDir()
	for _, c := range known.Cases {
		path := filepath.Join(dir, c.Case+".zip")
		doc := must[packDocument](t, w, nil, exitOK, "evidence", c.Case, "--out", path)
		require.Zero(t, doc.Uncovered, "the trail is signed before it is read")
		report := must[evidence.Report](t, &world{vars: config.Vars{}}, nil, exitOK, "audit", "verify", "--pack", path, "--key", w.publicKey(t))
		require.Empty(t, report.Findings, c.Case)
		require.Equal(t, c.Case, report.Case)
		require.Equal(t, doc.Manifest, report.Manifest)
		require.NotEmpty(t, report.SignedBy)
	}
}

func (w *world) publicKey(t *testing.T) string {
	t.Helper()
	seed, err := base64.StdEncoding.DecodeString(w.vars["SEVER_AUDIT_KEY"])
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
}

func onePack(t *testing.T, w *world) {
	dir := t.TempDir()
	path, key := filepath.Join(dir, "ada.zip"), w.publicKey(t)
	a := w.sever(t, "", "evidence", adaID, "--out", path, "--as", "auditor")
	require.Equal(t, exitOK, a.code, a.err)
	require.Contains(t, a.out, "sever audit verify --pack "+path+" --key "+key)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, secret := range []string{w.vars["SEVER_AUDIT_KEY"], w.vars["SEVER_DATABASE_URL"]} {
		require.NotContains(t, string(first), secret)
	}

	p := must[picture](t, w, nil, exitOK, "status", adaID)
	var read []audit.Row
	for _, r := range must[paper.Trail](t, w, nil, exitOK, "audit", "show", p.Case).Rows {
		if r.Kind == audit.EvidenceRead {
			read = append(read, r)
		}
	}
	require.NotEmpty(t, read)
	last := read[len(read)-1]
	require.Equal(t, "auditor", last.Actor)
	require.Equal(t, last.Data["manifest"], must[evidence.Report](t, w, nil, exitOK, "audit", "verify", "--pack", path).Manifest)

	a = w.sever(t, "", "evidence", adaID, "--out", path)
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "--force")
	require.Equal(t, exitOK, w.sever(t, "", "evidence", adaID, "--out", path, "--force").code)
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotEqual(t, first, second, "it has the row of the first reading")
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, names, 1, "nothing is left beside it")

	unsigned := filepath.Join(dir, "unsigned.zip")
	a = w.with(t, config.Vars{"SEVER_AUDIT_KEY": ""}, "", "evidence", p.Case, "--out", unsigned)
	require.Equal(t, exitOK, a.code, a.err)
	require.Contains(t, a.out, "not signed")
	require.Equal(t, exitOpen, w.sever(t, "", "audit", "verify", "--pack", unsigned, "--key", key).code)

	require.Equal(t, exitBadInput, w.sever(t, "", "evidence", "nobody").code)
	require.NotEqual(t, exitOK, w.sever(t, "", "evidence", adaID, "--out", filepath.Join(dir, "no", "folder.zip")).code)
}

// offline runs the program without any settings.
func offline(t *testing.T, args ...string) answer {
	t.Helper()
	return sever(context.Background(), config.Vars{"SEVER_HOME": t.TempDir()}, "", args...)
}

func TestVerifyingAPackNeedsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	private := ed25519.NewKeyFromSeed(seed)
	public := base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	row, err := audit.Seal(audit.Genesis, 1, audit.Event{Chain: "C-1", Key: "opened", At: now, Kind: audit.CaseOpened, Actor: "hr", Object: "E1"})
	require.NoError(t, err)
	pack, err := evidence.Build(evidence.Input{Case: evidence.Case{ID: "C-1", Principal: "E1", Requester: "hr", Status: "open", OpenedAt: now},
		Rows: []audit.Row{row}, Key: private, MadeAt: now, MadeBy: "\x1b[31mmallory"})
	require.NoError(t, err)
	whole, broken, keyFile := filepath.Join(dir, "whole.zip"), filepath.Join(dir, "broken.zip"), filepath.Join(dir, "key")
	require.NoError(t, os.WriteFile(whole, pack.Zip, 0o600))
	require.NoError(t, os.WriteFile(broken, pack.Zip[:len(pack.Zip)-40], 0o600))
	require.NoError(t, os.WriteFile(keyFile, []byte(public+"\n"), 0o600))

	a := offline(t, "audit", "verify", "--pack", whole, "--key", public)
	require.Equal(t, exitOK, a.code, a.err)
	require.Contains(t, a.out, "The pack is whole and signed by key")
	require.NotContains(t, a.out, "\x1b")
	require.Equal(t, exitOK, offline(t, "audit", "verify", "--pack", whole, "--key", keyFile).code)
	a = offline(t, "audit", "verify", "--pack", whole)
	require.Equal(t, exitOK, a.code, a.err)
	require.Contains(t, a.out, "no public key was given")

	later, err := audit.Sign(private, 1, now, []audit.Head{{Chain: "C-1", Seq: 3, Hash: row.Hash}}, audit.Genesis)
	require.NoError(t, err)
	line, err := json.Marshal(later)
	require.NoError(t, err)
	checkpoints := filepath.Join(dir, "checkpoints.jsonl")
	require.NoError(t, os.WriteFile(checkpoints, append(line, '\n'), 0o600))
	a = offline(t, "audit", "verify", "--pack", whole, "--key", public, "--checkpoints", checkpoints)
	require.Equal(t, exitOK, a.code, a.err)
	require.Contains(t, a.out, "the trail went on: checkpoint 1 outside, of 2026-05-01T12:00:00Z, has 2 rows of this case")

	for name, c := range map[string]struct {
		code int
		args []string
	}{
		"a pack that is cut off": {exitOpen, []string{"--pack", broken, "--key", public}},
		"another key":            {exitOpen, []string{"--pack", whole, "--key", base64.StdEncoding.EncodeToString(seed)}},
		"no pack":                {exitBadInput, []string{"--pack", whole + "x"}},
		"a folder":               {exitBadInput, []string{"--pack", dir}},
		"no key":                 {exitBadInput, []string{"--pack", whole, "--key", "x"}},
		"a key that is none":     {exitBadInput, []string{"--pack", whole, "--key", whole}},
		"a pack and a case":      {exitBadInput, []string{"C-1", "--pack", whole}},
		"no checkpoints":         {exitBadInput, []string{"--pack", whole, "--key", public, "--checkpoints", whole + "x"}},
		"a pack and everything":  {exitBadInput, []string{"--all", "--pack", whole}},
		"a key without a pack":   {exitBadInput, []string{"--key", public}},
	} {
		require.Equal(t, c.code, offline(t, append([]string{"audit", "verify"}, c.args...)...).code, name)
	}
}
