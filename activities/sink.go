package activities

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// SecretSink receives new credentials, each once: of an account that was given back, or
// of one that others share. It is the only place that a secret leaves Sever to.
type SecretSink interface {
	// Ready says why nothing could be delivered now; nil means that it probably can.
	// ErrNoSink means that it never will. It is asked before a credential is made that
	// others depend upon.
	Ready(ctx context.Context) error
	// Deliver hands the secret over and says where it went, in words without it.
	// An error means that nobody has it.
	Deliver(ctx context.Context, caseID string, account access.Ref, secret string) (where string, err error)
}

// ErrNoSink says that this worker was not told where secrets go.
var ErrNoSink = errors.New("no secret sink is configured")

const sinkRemedy = "set SEVER_SECRET_DIR or SEVER_SECRET_COMMAND for the worker, start it again, then retry"

// NoSink is for workers that are not configured to hand secrets over: it refuses every
// one, for nobody would have it.
func NoSink() SecretSink { return noSink{} }

type noSink struct{}

func (noSink) Ready(context.Context) error { return ErrNoSink }

func (noSink) Deliver(context.Context, string, access.Ref, string) (string, error) {
	return "", fmt.Errorf("%w: %s", ErrNoSink, sinkRemedy)
}

// DirSink writes each secret into a file of its own that only its owner can read.
type DirSink string

// Ready makes the folder, and a file in it that is removed at once.
func (d DirSink) Ready(context.Context) error {
	f, err := d.create()
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (d DirSink) create() (*os.File, error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return nil, err
	}
	return os.CreateTemp(string(d), ".new-*") // 0600
}

// Deliver writes the secret to <dir>/<case>.<connection>.<resource>.<account>. A file
// that exists is replaced as a whole: the newest credential is the one that works. No
// part of the name has a dot of its own, so that no two accounts share a file.
func (d DirSink) Deliver(_ context.Context, caseID string, account access.Ref, secret string) (string, error) {
	path := filepath.Join(string(d), strings.Join([]string{fileName(caseID), fileName(account.Connection),
		fileName(account.Resource), fileName(strings.TrimSuffix(account.Name+"@"+account.Host, "@"))}, "."))
	f, err := d.create()
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	if _, err = f.WriteString(secret + "\n"); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", fmt.Errorf("write the credential file %s: %w", path, err)
	}
	return "file " + path, nil
}

// fileName keeps letters, digits and a few signs, and spells everything else out:
// an account may be named "../../etc/passwd".
func fileName(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "%%%X", r)
	}
	return b.String()
}
