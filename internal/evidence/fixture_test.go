package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{seed}, ed25519.SeedSize))
}

func public(seed byte) []ed25519.PublicKey {
	return []ed25519.PublicKey{key(seed).Public().(ed25519.PublicKey)}
}

// planBody is the text of the fixture's plan.
const planBody = `{"case":"C-1","principal":"E1042","reason":"hr","accounts":[],"steps":[]}`

// fixture is a case with an account that is gone, one that is blocked, one that was
// waived, and a connection that never answered. Its chain is covered by two checkpoints,
// all but the last two rows.
func fixture(t testing.TB) Input {
	t.Helper()
	ada := access.Ref{Connection: "pg-main", Resource: "pg-main", Name: "ada", ForeignID: "16423"}
	carol := access.Ref{Connection: "plesk", Resource: "fr1", Name: "carol"}
	svc := access.Ref{Connection: "pg-main", Resource: "pg-main", Name: "svc_billing"}
	planHash := hash([]byte(planBody))
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	in := Input{
		Case: Case{
			ID: "C-1", Principal: "E1042", Reason: access.HR, Requester: "hr-desk", Ticket: "HR-77", Status: access.CaseOpen, Phase: "waiting for people",
			Successors: map[string]string{"pg-main": "grace"}, Policy: []byte(`{"mode": "lock"}`), OpenedAt: at(0), ContainedAt: at(9),
			Connections: []Connection{
				{Name: "pg-main", Kind: "postgres", State: "discovered", Attempts: 1, Listed: 24, Accounts: 2, Grants: 3, DiscoveredAt: at(1)},
				{Name: "netim", Kind: "netim", State: "unknown", Why: "read hosting NW1024: connection refused", Attempts: 4, NextTryAt: at(3600)},
				{Name: "plesk", Kind: "plesk", State: "discovered", Attempts: 1, Listed: 33, Accounts: 1, Grants: 1, DiscoveredAt: at(2)},
			},
			Plans: []Plan{{No: 1, Hash: planHash, Status: "approved", Connections: []string{"pg-main", "plesk"}, NeedsWord: true, Guards: []string{"share of accounts: 3 of 24 is more than 10 %"},
				MadeAt: at(3), DecidedBy: "bob", DecidedAt: at(5), DecidedWhy: "checked with <HR>", Body: []byte(planBody)}},
		},
		Accounts: []Account{
			{ID: 7, Ref: ada, Engine: "postgres", Evidence: access.Imported, Outcome: access.Removed, Why: "proven gone", SeenAt: at(1), ProvenAt: at(12),
				Grants: []access.Grant{{Kind: access.Privilege, Database: "shop", Object: "table sales.orders", Privilege: "SELECT, INSERT", Extent: access.ExtentDatabase, EndedBy: access.Revoke}}},
			{ID: 8, Ref: carol, Engine: "mysql", Evidence: access.ByRule, Exists: true, Outcome: access.Blocked, Why: "Plesk refused: the user belongs to an application", SeenAt: at(2),
				Gaps: []access.Gap{{Object: "database archive", Why: "permission denied", Remedy: "GRANT CONNECT ON DATABASE archive TO sever"}}},
			{ID: 9, Ref: svc, Engine: "postgres", Evidence: access.Confirmed, Exists: true, Outcome: access.Waived, Why: "used by billing until June", SeenAt: at(1), SharedWith: []access.PrincipalID{"E2077"}},
		},
		Steps: []Step{
			{Plan: 1, AccountID: 7, Step: access.Step{Ordinal: 1, Action: access.Contain, Account: ada, Mode: access.Lock}, State: "done", Attempts: 1, Words: "ALTER ROLE", StartedAt: at(6), EndedAt: at(7)},
			{Plan: 1, AccountID: 7, Step: access.Step{Ordinal: 2, Action: access.Delete, Account: ada}, State: "done", Attempts: 2, Words: "DROP ROLE", StartedAt: at(8), EndedAt: at(11)},
		},
		Proofs: []Proof{{AccountID: 7, Look: 1, At: at(12), Gone: true, Asked: "select from pg_roles where rolname = 'ada'", Answered: "no such role, 0 entries of pg_shdepend"}},
		Tasks: []Task{
			{Subject: "plesk/carol", Connection: "plesk", Words: "the user belongs to an application", Next: "sever retry C-1", Owner: "web@example.com", Due: at(-60), OpenedAt: at(10)},
			{Subject: "pg-main", Words: "did not answer", OpenedAt: at(1), ClosedAt: at(2), ClosedBy: "sever", ClosedWhy: "the connection answered"},
		},
		Keys: public(1), Key: key(1), MadeAt: at(120), MadeBy: "auditor",
	}
	step := func(n int, action string) map[string]any {
		return map[string]any{"plan": 1, "step": n, "action": action, "foreign_id": "16423", "resource": "pg-main"}
	}
	for i, e := range []audit.Event{
		{Key: "opened", Kind: audit.CaseOpened, Actor: "hr-desk", Object: "E1042", Data: map[string]any{"reason": "hr", "ticket": "HR-77", "connections": 3}},
		{Key: "discovered/pg-main", Kind: audit.ConnectionDiscovered, Actor: "sever", Object: "pg-main", Words: "24 accounts listed, 2 accounts of the principal"},
		{Key: "unknown/netim/4", Kind: audit.ConnectionUnknown, Actor: "sever", Object: "netim", Attempt: 4, Outcome: "unknown", Words: "read hosting NW1024: connection refused"},
		{Key: "plan", Kind: audit.PlanMade, Actor: "sever", Object: "plan 1", Data: map[string]any{"hash": planHash, "steps": 2, "waits_for_approval": true}},
		{Key: "plan/guard/0", Kind: audit.GuardTripped, Actor: "sever", Object: "plan 1", Words: "share of accounts: 3 of 24 is more than 10 %", Data: map[string]any{"hash": planHash}},
		{Key: "decision/1", Kind: audit.PlanApproved, Actor: "bob", Object: "plan 1", Words: "checked with <HR>", Data: map[string]any{"hash": planHash}},
		{Key: "step/1/1/1/step.intent", Kind: audit.StepIntent, Actor: "sever", Object: "pg-main/ada", Attempt: 1, Data: step(1, "contain")},
		{Key: "step/1/1/1/step.result", Kind: audit.StepResult, Actor: "sever", Object: "pg-main/ada", Attempt: 1, Outcome: "done", Words: "ALTER ROLE: \u202enologin\u2028 & \"co\" 鍵", RequestID: "req-1", Data: step(1, "contain")},
		{Key: "step/1/2/2/step.result", Kind: audit.StepResult, Actor: "sever", Object: "pg-main/ada", Attempt: 2, Outcome: "done", Words: "DROP ROLE", Data: step(2, "delete")},
		{Key: "proof/1/3/1", Kind: audit.AccountProven, Actor: "sever", Object: "pg-main/ada", Outcome: "gone", Words: "no such role, 0 entries of pg_shdepend",
			Data: map[string]any{"asked": "select from pg_roles where rolname = 'ada'", "look": 1, "resource": "pg-main"}},
		{Key: "outcome/7", Kind: audit.AccountOutcome, Actor: "sever", Object: "pg-main/ada", Outcome: "removed", Words: "proven gone", Data: map[string]any{"resource": "pg-main"}},
		{Key: "outcome/8", Kind: audit.AccountOutcome, Actor: "sever", Object: "plesk/carol", Outcome: "blocked", Words: "Plesk refused: the user belongs to an application", Data: map[string]any{"resource": "fr1"}},
		{Key: "outcome/9", Kind: audit.AccountOutcome, Actor: "sever", Object: "pg-main/svc_billing", Outcome: "protected", Words: "matches svc_*", Data: map[string]any{"resource": "pg-main"}},
		{Key: "decision/2", Kind: audit.DecisionWaive, Actor: "carla", Object: "pg-main/svc_billing", Words: "used by billing until June"},
	} {
		e.Chain, e.At = "C-1", at(i)
		in.append(t, e)
	}
	other := audit.Head{Chain: "house", Seq: 4, Hash: hash([]byte("house"))}
	in.checkpoint(t, 3, other)
	in.checkpoint(t, 5, audit.Head{Chain: "C-9", Seq: 1, Hash: hash([]byte("x"))})
	in.Checkpoints[1].Heads = slices.DeleteFunc(in.Checkpoints[1].Heads, func(h audit.Head) bool { return h.Chain == "C-1" })
	in.Checkpoints[1] = resign(t, 1, in.Checkpoints[1]) // of another case alone
	in.checkpoint(t, 12)
	return in
}

func (in *Input) append(t testing.TB, e audit.Event) {
	t.Helper()
	prev := audit.Genesis
	if n := len(in.Rows); n > 0 {
		prev = in.Rows[n-1].Hash
	}
	r, err := audit.Seal(prev, int64(len(in.Rows)+1), e)
	require.NoError(t, err)
	in.Rows = append(in.Rows, r)
}

// checkpoint signs row n of the chain, and other heads.
func (in *Input) checkpoint(t testing.TB, n int, others ...audit.Head) {
	t.Helper()
	prev := audit.Genesis
	if k := len(in.Checkpoints); k > 0 {
		prev = in.Checkpoints[k-1].Hash
	}
	c, err := audit.Sign(key(1), int64(len(in.Checkpoints)+1), noon.Add(time.Duration(n)*time.Second), append(others, in.Rows[n-1].Head()), prev)
	require.NoError(t, err)
	in.Checkpoints = append(in.Checkpoints, c)
}

func resign(t testing.TB, seed byte, c audit.Checkpoint) audit.Checkpoint {
	t.Helper()
	out, err := audit.Sign(key(seed), c.No, c.At, c.Heads, c.Prev)
	require.NoError(t, err)
	return out
}

func build(t testing.TB, in Input) Pack {
	t.Helper()
	p, err := Build(in)
	require.NoError(t, err)
	return p
}

func verify(packed []byte, keys []ed25519.PublicKey) Report {
	return Verify(bytes.NewReader(packed), int64(len(packed)), keys)
}

// unzip are the files of an archive by name.
func unzip(t testing.TB, packed []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		out[f.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
	return out
}

// rezip packs files without compressing them: tests make hundreds.
func rezip(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range sortedNames(files) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		require.NoError(t, err)
		_, err = f.Write(files[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// short is a finding as tests compare it.
func short(findings []Finding) []string {
	out := []string{}
	for _, f := range findings {
		s := f.File
		if f.Row != 0 {
			s += fmt.Sprint(" ", f.Row)
		}
		out = append(out, s+" "+string(f.What))
	}
	return out
}

func clone(files map[string][]byte) map[string][]byte { return maps.Clone(files) }
