// Package pagetest keeps a documentation page and the program together: what a page takes
// from the program stands in it between two marks, and a test holds it against what the
// program says now.
package pagetest

import (
	"os"
	"strings"
	"testing"
)

// Write is the variable that makes Hold write the part anew instead of comparing it.
const Write = "SEVER_PAGES"

// Hold fails unless the part of the page between <!-- name --> and <!-- end of name --> is
// as wanted. With SEVER_PAGES=write it makes it so.
func Hold(t *testing.T, page, name, want string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, ok := strings.Cut(string(text), begin)
	is, after, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s has no part %q", page, name)
	}
	if is == want {
		return
	}
	if os.Getenv(Write) != "write" {
		t.Errorf("%s says of %q something else than the program; %s=write brings it up to date. It should be:\n%s", page, name, Write, want)
		return
	}
	if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
