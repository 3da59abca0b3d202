package activities

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// DirSink writes each secret into a file of its own that only its owner can read.
type DirSink string

// Deliver writes the secret to <dir>/<case>.<connection>.<resource>.<account>. A file
// that exists is replaced as a whole: the newest credential is the one that works. No
// part of the name has a dot of its own, so that no two accounts share a file.
func (d DirSink) Deliver(_ context.Context, caseID string, account access.Ref, secret string) (string, error) {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(string(d), strings.Join([]string{fileName(caseID), fileName(account.Connection),
		fileName(account.Resource), fileName(strings.TrimSuffix(account.Name+"@"+account.Host, "@"))}, "."))
	f, err := os.CreateTemp(string(d), ".new-*") // 0600
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
