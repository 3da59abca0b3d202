package audit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/severhq/sever/internal/audit"
)

// The file of checkpoints lies outside the database, where others may write. What cannot
// be read is an error; what can be read has a last line that is its last checkpoint.
func FuzzCheckpointFile(f *testing.F) {
	for _, seed := range []string{"", "\n", "{}\n", `{"no":1}` + "\n", `{"no":1}{"no":2}` + "\n", "{\"no\":1}\n{\"no\":2", "null\n", "[]\n", "{\"no\":1e99}\n", "\x00\n"} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "checkpoints")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := audit.ReadCheckpoints(path)
		last, lastErr := audit.LastCheckpoint(path)
		if err == nil && lastErr != nil {
			t.Fatalf("all can be read, the last one cannot: %v", lastErr)
		}
		if err == nil && len(all) > 0 && all[len(all)-1].No != last {
			t.Fatalf("the last one is %d, and is said to be %d", all[len(all)-1].No, last)
		}
		for _, c := range all {
			_, _ = c.Canonical()
		}
	})
}
