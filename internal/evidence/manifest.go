package evidence

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/severhq/sever/internal/audit"
)

// The files of a pack, beside those of the plans.
const (
	manifestFile    = "manifest.json"
	signatureFile   = "manifest.sig"
	caseFile        = "case.json"
	accountsFile    = "accounts.json"
	stepsFile       = "steps.json"
	proofsFile      = "proofs.json"
	tasksFile       = "tasks.json"
	chainFile       = "chain.jsonl"
	checkpointsFile = "checkpoints.jsonl"
	keyFile         = "public-key.txt"
	reportFile      = "report.html"
	manualFile      = "VERIFY.md"
)

// required are the files that every pack has. The signature is not among them: whoever
// makes a pack may have no key.
var required = []string{accountsFile, caseFile, chainFile, checkpointsFile, proofsFile, keyFile, reportFile, stepsFile, tasksFile, manualFile}

var planFile = regexp.MustCompile(`^plans/[1-9][0-9]{0,5}\.json$`)

// known reports whether a pack may have a file of this name.
func known(name string) bool {
	return name == manifestFile || name == signatureFile || slices.Contains(required, name) || planFile.MatchString(name)
}

const (
	format  = "sever evidence pack"
	version = 1
	// reportForm changes whenever the same records give another report, so that a
	// report of another form is not taken for one that was changed.
	reportForm = 1
)

// Manifest is manifest.json: what the pack is, and the hash of every file in it but
// itself and its signature.
type Manifest struct {
	Format     string    `json:"format"`
	Version    int       `json:"version"`
	ReportForm int       `json:"report_form"`
	Case       string    `json:"case"`
	MadeAt     time.Time `json:"made_at"`
	MadeBy     string    `json:"made_by"`
	// Chain is the last row of the case's chain when the pack was made.
	Chain audit.Head `json:"chain"`
	// Covered is the last row that a signed checkpoint covers; zero if none does.
	Covered     int64   `json:"covered"`
	Checkpoints []int64 `json:"checkpoints"`      // the numbers of those in the pack
	KeyID       string  `json:"key_id,omitempty"` // of the key that signed; empty: nobody did
	Files       []File  `json:"files"`            // sorted by name
}

// File is one file of a pack.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Why a manifest does not verify.
var (
	errUnsigned     = errors.New("the pack is not signed: who made it could have written anything into the records beside the chain")
	errBadSignature = errors.New("the signature does not fit the manifest: something was changed after it was signed")
)

// sign is the text of manifest.sig.
func sign(key ed25519.PrivateKey, manifest []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(key, signed(manifest))) + "\n"
}

// signed is what the signature covers. It begins with other words than what is signed
// of a checkpoint, so that neither can stand for the other.
func signed(manifest []byte) []byte { return []byte("sever evidence " + hash(manifest)) }

// checkSignature reports whether the owner of one of the keys signed the manifest.
func checkSignature(keys []ed25519.PublicKey, id string, manifest, signature []byte) error {
	for _, key := range keys {
		if audit.KeyID(key) != id {
			continue
		}
		b, err := base64.StdEncoding.Strict().DecodeString(string(trimLine(signature)))
		if err != nil || !ed25519.Verify(key, signed(manifest), b) {
			return errBadSignature
		}
		return nil
	}
	return fmt.Errorf("the pack is signed by key %q, which is none of the given ones", id)
}

func trimLine(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		return b[:n-1]
	}
	return b
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
