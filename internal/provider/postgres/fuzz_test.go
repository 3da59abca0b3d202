package postgres

import (
	"strings"
	"testing"
)

// What a step says about a membership is read back from the records. It is read as it was
// written, or not at all.
func FuzzPairs(f *testing.F) {
	for _, a := range awkward {
		f.Add("grant of role "+a+" to "+a, a)
		f.Add("member "+a, a)
		f.Add("role "+readable(a), a)
	}
	f.Fuzz(func(t *testing.T, object, self string) {
		p, err := parsePair(object, self)
		if err != nil {
			return
		}
		again, err := parsePair(p.object(self), self)
		if err != nil {
			t.Fatalf("%+v is written as %q, which cannot be read: %v", p, p.object(self), err)
		}
		if again != p {
			t.Fatalf("%+v comes back as %+v", p, again)
		}
	})
}

// A snapshot was written by us, and lies where others may write.
func FuzzSnapshots(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
	f.Add(snapshot{Version: snapshotVersion}.bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := readSnapshot(text)
		if err == nil && s.Version != snapshotVersion {
			t.Fatalf("version %d was taken", s.Version)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "snapshot: ") {
			t.Fatalf("it does not say what cannot be read: %v", err)
		}
	})
}
