package evidence

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
)

func TestAPackVerifies(t *testing.T) {
	t.Parallel()
	p := build(t, fixture(t))
	r := verify(p.Zip, public(1))
	require.Empty(t, r.Findings)
	require.Empty(t, r.Notes)
	require.Equal(t, Report{Case: "C-1", MadeAt: p.Manifest.MadeAt, MadeBy: "auditor", Manifest: p.Hash, SignedBy: audit.KeyID(public(1)[0]),
		Files: 13, Rows: 14, Checkpoints: 2, Uncovered: 2, Findings: []Finding{}}, r)

	r = verify(p.Zip, nil)
	require.Empty(t, r.Findings)
	require.Len(t, r.Notes, 1)
	require.Contains(t, r.Notes[0], "keys in the pack itself")
}

func TestTheSameCaseIsTheSameBytes(t *testing.T) {
	t.Parallel()
	require.Equal(t, build(t, fixture(t)), build(t, fixture(t)))
}

// The structure of a pack is for years: what reads one now must read it then.
func TestTheStructureOfAPack(t *testing.T) {
	t.Parallel()
	p := build(t, fixture(t))
	var got strings.Builder
	files := unzip(t, p.Zip)
	for _, name := range sortedNames(files) {
		got.WriteString("== " + name + "\n")
		if strings.HasSuffix(name, ".json") && name != manifestFile && !planFile.MatchString(name) {
			got.Write(files[name])
		}
	}
	golden(t, "structure.txt", got.String())
	golden(t, "report.html", string(files[reportFile]))
}

// golden compares with a file in testdata. SEVER_GOLDEN=1 writes it anew: then change
// reportForm too when it is the report, so that older reports are not taken for changed.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("SEVER_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestACaseWithNothingYet(t *testing.T) {
	t.Parallel()
	in := fixture(t)
	in.Case.Plans, in.Case.Connections, in.Accounts, in.Steps, in.Proofs, in.Tasks = nil, nil, nil, nil, nil, nil
	in.Rows, in.Checkpoints, in.Key, in.Keys = in.Rows[:1], nil, nil, nil
	p := build(t, in)
	require.Empty(t, verify(p.Zip, nil).Findings)
	require.Contains(t, string(unzip(t, p.Zip)[reportFile]), "No signed checkpoint covers this chain.")
}

func TestAccountsOfOneNameAreToldApart(t *testing.T) {
	t.Parallel()
	in := fixture(t)
	twin := in.Accounts[1]
	twin.ID, twin.Resource, twin.Outcome = 10, "fr2", ""
	in.Accounts = append(in.Accounts, twin)
	p := build(t, in)
	require.Empty(t, verify(p.Zip, public(1)).Findings)
	text := string(unzip(t, p.Zip)[reportFile])
	require.Equal(t, 2, strings.Count(text, "<b>plesk/carol"))
	for _, a := range in.Accounts {
		if a.Name == "carol" {
			require.Contains(t, text, access.Namer([]access.Ref{in.Accounts[1].Ref, twin.Ref})(a.Ref))
		}
	}
}

// What a plan leaves alone has its outcome from that plan, before any step was tried.
func TestAnAccountThatThePlanLeavesAlone(t *testing.T) {
	t.Parallel()
	for outcome, disagrees := range map[access.Outcome]bool{access.Blocked: false, access.Protected: true, "": true} {
		in := fixture(t)
		in.Case.Plans[0].Status, in.Case.Plans[0].DecidedBy, in.Case.Plans[0].DecidedAt, in.Case.Plans[0].DecidedWhy = "waiting", "", time.Time{}, ""
		in.Accounts, in.Steps, in.Proofs, in.Tasks, in.Checkpoints, in.Keys = in.Accounts[1:2], nil, nil, nil, nil, nil
		in.Accounts[0].Outcome = outcome
		head := audit.Genesis
		for i, r := range in.Rows[:4] {
			if r.Kind == audit.PlanMade {
				r.Data["outcomes"] = []any{map[string]any{"account": "plesk/carol", "resource": "fr1", "outcome": "blocked"}}
			}
			sealed, err := audit.Seal(head, r.Seq, r.Event)
			require.NoError(t, err)
			in.Rows[i], head = sealed, sealed.Hash
		}
		in.Rows = in.Rows[:4]
		require.Equal(t, disagrees, len(verify(build(t, in).Zip, nil).Findings) > 0, "%q: %v", outcome, verify(build(t, in).Zip, nil).Findings)
	}
}

func TestWithoutAKeyThePackSaysSo(t *testing.T) {
	t.Parallel()
	in := fixture(t)
	in.Key = nil
	p := build(t, in)
	require.NotContains(t, unzip(t, p.Zip), signatureFile)
	r := verify(p.Zip, nil)
	require.Empty(t, r.Findings)
	require.Contains(t, strings.Join(r.Notes, "\n"), "the pack is not signed")
	require.Equal(t, []string{"manifest.sig missing"}, short(verify(p.Zip, public(1)).Findings), "who gives a key wants a signature")
}

func TestAnotherKey(t *testing.T) {
	t.Parallel()
	p := build(t, fixture(t))
	require.Equal(t, []string{"manifest.sig changed", "checkpoints.jsonl 1 changed", "checkpoints.jsonl 3 changed"}, short(verify(p.Zip, public(2)).Findings))
	require.Empty(t, verify(p.Zip, append(public(2), public(1)...)).Findings, "one of several")
}

func TestSecretsAreKeptOut(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-hunter2"
	forms := map[string]string{
		"one that is configured":          secret,
		"a private key":                   "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----",
		"a hash of PostgreSQL":            "SCRAM-SHA-256$4096:bm90IGEgc2VjcmV0$c3RvcmVkIGtleSBzdG9yZWQ=:c2VydmVyIGtleSBzZXJ2ZXI=",
		"an old hash of PostgreSQL":       "md5" + strings.Repeat("0a", 16),
		"a hash of MySQL":                 "*" + strings.Repeat("0A", 20),
		"a token of DigitalOcean":         "dop_v1_" + strings.Repeat("0f", 32),
		"a password in an address":        "postgres://sever:swordfish@db.example.com/shop",
		"a hash of MySQL in another form": "$A$005$" + strings.Repeat("x", 43),
	}
	known := func(text string) string { return strings.ReplaceAll(text, secret, placeholder) }
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := fixture(t)
			in.Secrets = known
			in.Accounts[1].Why, in.Tasks[0].Words, in.Steps[0].Words, in.Case.Connections[1].Why = form, "it said "+form, form, form
			in.Accounts[1].Attributes = map[string]string{"comment": form}
			p := build(t, in)
			leak := form
			if _, after, found := strings.Cut(form, "sever:"); found {
				leak, _, _ = strings.Cut(after, "@")
			}
			asJSON, err := json.Marshal(leak)
			require.NoError(t, err)
			for file, text := range unzip(t, p.Zip) {
				require.NotContains(t, string(text), leak, file)
				require.NotContains(t, string(text), strings.Trim(string(asJSON), `"`), file)
			}
			require.Empty(t, verify(p.Zip, public(1)).Findings)

			in = fixture(t)
			in.Secrets = known
			in.append(t, audit.Event{Chain: "C-1", Key: "leak", At: noon, Kind: "x", Words: "said " + form})
			_, err = Build(in)
			var refused *SecretError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "row 15 (leak)", refused.Where)
			require.NotContains(t, err.Error(), leak)

			in = fixture(t)
			in.Secrets = known
			body, err := json.Marshal(map[string]string{"why": form})
			require.NoError(t, err)
			in.Case.Plans[0].Body = body
			_, err = Build(in)
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "plan 1", refused.Where)
		})
	}
}

func TestWhatReordersTextIsNotInTheReport(t *testing.T) {
	t.Parallel()
	text := string(unzip(t, build(t, fixture(t)).Zip)[reportFile])
	require.NotContains(t, text, "\u202e")
	require.Contains(t, text, "checked with &lt;HR&gt;")
	for _, outside := range []string{"<script", "src=", "@import", "url(", "http://", "https://", "<link"} {
		require.NotContains(t, text, outside)
	}
}
