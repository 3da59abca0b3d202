package evidence

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/severhq/sever/internal/audit"
)

// Input is everything that a pack is made from.
type Input struct {
	Case     Case
	Accounts []Account
	Steps    []Step
	Proofs   []Proof
	Tasks    []Task
	// Rows is the whole chain of the case, first to last.
	Rows []audit.Row
	// Checkpoints are signed checkpoints, in order; those that name the chain go into
	// the pack.
	Checkpoints []audit.Checkpoint
	// Keys are the public keys that may have signed the checkpoints.
	Keys []ed25519.PublicKey
	// Key signs the pack; nil leaves it unsigned, and the pack says so.
	Key    ed25519.PrivateKey
	MadeAt time.Time
	MadeBy string
	// Secrets finds what must never be in a pack. It returns the text without the
	// secrets it knows. Nil knows none.
	Secrets func(string) string
}

// Pack is a finished pack.
type Pack struct {
	Zip      []byte
	Manifest Manifest
	// Hash is the SHA-256 of manifest.json: whoever has it can tell this pack from
	// every other.
	Hash string
}

// SecretError says that a record whose hash is fixed has a secret in it, so that there
// can be no pack without the secret.
type SecretError struct{ Where string }

func (e *SecretError) Error() string {
	return e.Where + " has a secret in it, and cannot be changed without breaking its hash: no pack was made"
}

// Build makes the pack of a case: the same input gives the same bytes. Secrets that
// Input.Secrets knows, or that have the form of one, are replaced in the records; in
// what is hashed (the chain, the plans) they are a *SecretError.
func Build(in Input) (Pack, error) {
	in.MadeAt = in.MadeAt.UTC().Truncate(time.Second)
	covering := covering(in.Case.ID, in.Checkpoints)
	m := Manifest{Format: format, Version: version, ReportForm: reportForm, Case: in.Case.ID, MadeAt: in.MadeAt, MadeBy: in.MadeBy,
		Chain: audit.Head{Chain: in.Case.ID, Hash: audit.Genesis}, Checkpoints: []int64{}}
	if n := len(in.Rows); n > 0 {
		m.Chain = in.Rows[n-1].Head()
	}
	for _, c := range covering {
		m.Checkpoints = append(m.Checkpoints, c.No)
		m.Covered = max(m.Covered, covers(c, in.Case.ID, m.Chain.Seq))
	}
	if in.Key != nil {
		public, ok := in.Key.Public().(ed25519.PublicKey)
		if !ok || len(in.Key) != ed25519.PrivateKeySize {
			return Pack{}, fmt.Errorf("evidence of case %s: this is no Ed25519 private key", in.Case.ID)
		}
		m.KeyID = audit.KeyID(public)
		others := slices.DeleteFunc(slices.Clone(in.Keys), func(k ed25519.PublicKey) bool { return k.Equal(public) })
		in.Keys = append([]ed25519.PublicKey{public}, others...) // openssl takes the first
	}
	files, err := in.files(covering)
	if err != nil {
		return Pack{}, fmt.Errorf("evidence of case %s: %w", in.Case.ID, err)
	}
	c, problems := parse(files)
	if len(problems) > 0 {
		return Pack{}, fmt.Errorf("evidence of case %s: what was packed cannot be read again: %v", in.Case.ID, problems[0])
	}
	if files[reportFile], err = report(c, m); err != nil {
		return Pack{}, fmt.Errorf("evidence of case %s: %w", in.Case.ID, err)
	}
	return in.seal(m, files)
}

// seal adds the manifest and its signature, and packs all.
func (in Input) seal(m Manifest, files map[string][]byte) (Pack, error) {
	for _, name := range sortedNames(files) {
		m.Files = append(m.Files, File{Name: name, Size: int64(len(files[name])), SHA256: hash(files[name])})
	}
	text, err := document(m)
	if err != nil {
		return Pack{}, err
	}
	files[manifestFile] = text
	if in.Key != nil {
		files[signatureFile] = []byte(sign(in.Key, text))
	}
	packed, err := archive(files, m.MadeAt)
	return Pack{Zip: packed, Manifest: m, Hash: hash(text)}, err
}

// files are all files but the report, the manifest and its signature.
func (in Input) files(checkpoints []audit.Checkpoint) (map[string][]byte, error) {
	files := map[string][]byte{manualFile: []byte(manual)}
	names := map[int64]string{}
	for _, a := range in.Accounts {
		names[a.ID] = a.Ref.String()
	}
	in.Proofs = slices.Clone(in.Proofs)
	for i := range in.Proofs {
		in.Proofs[i].Account = names[in.Proofs[i].AccountID]
	}
	in.Case.Connections, in.Case.Plans = list(in.Case.Connections), list(in.Case.Plans)
	for name, v := range map[string]any{caseFile: in.Case, accountsFile: list(in.Accounts), stepsFile: list(in.Steps),
		proofsFile: list(in.Proofs), tasksFile: list(in.Tasks)} {
		text, err := document(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = []byte(in.scrub(string(text)))
	}
	for _, p := range in.Case.Plans {
		if in.scrub(string(p.Body)) != string(p.Body) {
			return nil, &SecretError{fmt.Sprintf("plan %d", p.No)}
		}
		files["plans/"+strconv.Itoa(p.No)+".json"] = p.Body
	}
	var chain bytes.Buffer
	for _, r := range in.Rows {
		text, err := line(r)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", r.Seq, err)
		}
		if in.scrub(string(text)) != string(text) {
			return nil, &SecretError{fmt.Sprintf("row %d (%s)", r.Seq, r.Key)}
		}
		chain.Write(text)
	}
	files[chainFile] = chain.Bytes()
	var lines bytes.Buffer
	for _, c := range checkpoints {
		text, err := line(c)
		if err != nil {
			return nil, fmt.Errorf("checkpoint %d: %w", c.No, err)
		}
		lines.Write(text)
	}
	files[checkpointsFile] = lines.Bytes()
	keys, err := keyText(in.Keys)
	files[keyFile] = []byte(keys)
	return files, err
}

// covering are the checkpoints that name the chain.
func covering(chain string, all []audit.Checkpoint) []audit.Checkpoint {
	var out []audit.Checkpoint
	for _, c := range all {
		if slices.ContainsFunc(c.Heads, func(h audit.Head) bool { return h.Chain == chain }) {
			out = append(out, c)
		}
	}
	return out
}

// covers is the row of the chain, up to last, that a checkpoint covers.
func covers(c audit.Checkpoint, chain string, last int64) int64 {
	for _, h := range c.Heads {
		if h.Chain == chain && h.Seq <= last {
			return h.Seq
		}
	}
	return 0
}

// document is a value as JSON for people: indented, nothing escaped for browsers.
func document(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// line is a value as one line of JSON.
func line(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(text, '\n'), err
}

func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
