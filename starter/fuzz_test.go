package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/severhq/sever/internal/sweep"
)

func FuzzSecretFile(f *testing.F) {
	for _, seed := range []string{"", "principal,secret\n", "principal,secret,owner\nE1,x,o\n", `{"secrets":[{"principal":"E1","secret":"x"}]}`, `[{}]`, `{"secrets":`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		_, problems := readSecrets(document(in), "standard input")
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.What == "" {
				t.Fatalf("a mistake without a place: %+v", p)
			}
		}
	})
}

func FuzzEntitlementFile(f *testing.F) {
	for _, seed := range []string{"", "connection,database,privileges,account\n", "connection,database,privileges,account\npg,*,*,a\n",
		`[{"connection":"pg","database":"*","privileges":"ALL PRIVILEGES","principal":"E1"}]`, `{"entitlements":[{}]}`, `{"entitlements":`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		allowed, problems := readEntitlements(document(in), "standard input", nil)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.What == "" {
				t.Fatalf("a mistake without a place: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		if err := (sweep.Rule{Kind: sweep.Entitlements, Source: "x", Allowed: allowed}).Check(); err != nil {
			t.Fatalf("what was read without a mistake is no rule: %v", err)
		}
	})
}

// The settings are a file that people edit. No name has a space in it, whatever they wrote.
func FuzzEnvFile(f *testing.F) {
	for _, seed := range []string{"", "A=b\n", "# x\nA=b=c\n", "A b=c\n", "=\n", "A=\"b\"\n", "\x00"} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "sever.env")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		vars, err := readEnvFile(path)
		if err != nil {
			return
		}
		for name := range vars {
			for _, r := range name {
				if r == ' ' || r == '\t' || r == '=' {
					t.Fatalf("a variable is called %q", name)
				}
			}
		}
	})
}
