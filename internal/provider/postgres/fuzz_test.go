package postgres

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// What a step says about a membership is read back from the records. It is read as it was
// written, or not at all.
func FuzzPairs(f *testing.F) {
	for _, a := range awkward {
		f.Add("grant of role "+a+" to "+a, a)
		f.Add("member "+a, a)
		f.Add("role "+readable(a), a)
	}
	f.Add("role \"\x00\"", "0")
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

func roleCalled(name string) (r role) {
	r.Name = name
	return r
}

// Access control lists come as the server explodes them. What an entry gives the role is a
// grant of it, what others have by its grant option ends with it, and each entry that was
// taken is given back by a statement or said to be missing.
func FuzzACL(f *testing.F) {
	for _, acl := range []string{
		`[{"grantor":"postgres","grantee":"ada","privilege":"SELECT","grantable":true},{"grantor":"ada","grantee":"bob","privilege":"SELECT"},{"grantor":"bob","grantee":"","privilege":"SELECT"}]`,
		`[{"grantor":"bob","grantee":"ada","privilege":"INSERT","grantable":true},{"grantor":"ada","grantee":"bob","privilege":"INSERT","grantable":true}]`,
		`[{"grantor":"ada","grantee":"ada","privilege":"x\" to eve; --"}]`, `[{}]`, `[null]`, `[]`, `null`, `{}`,
		`[{"grantor":"eve","privilege":"SELECT"}]`, // by somebody who could not: no server has it
	} {
		f.Add([]byte(acl), "ada", "postgres")
	}
	f.Fuzz(func(t *testing.T, acl []byte, role, owner string) {
		o := object{Class: "pg_class", Kind: "table", Identity: "public.t", Bond: inACL, Owner: owner, Known: true}
		if json.Unmarshal(acl, &o.ACL) != nil || len(o.ACL) > 50 || role == "" || role == owner {
			return
		}
		if slices.ContainsFunc(o.ACL, func(e ace) bool { return e.Privilege == "" || e.Grantor == "" }) {
			return // the server has neither
		}
		var held []string
		for _, g := range o.grants(role) {
			if g.Kind == access.Privilege {
				held = append(held, g.Privilege)
			}
			require.NotEmpty(t, g.Privilege)
		}
		mine := slices.ContainsFunc(o.ACL, func(e ace) bool { return e.Grantee == role })
		require.Equal(t, mine, len(held) == 1, "%q", held)
		if o.explained(role) {
			require.NotEmpty(t, o.grants(role), "nothing that names the role is nothing")
		}
		issued := o.issued(role)
		for _, e := range issued {
			require.NotEqual(t, role, e.Grantee)
			require.Contains(t, o.ACL, e)
		}

		r := &restoration{was: snapshot{Role: roleCalled(role)}}
		known := map[string]bool{"": true}
		for _, e := range o.ACL {
			known[e.Grantor], known[e.Grantee] = true, true
		}
		bare := o
		bare.ACL = nil
		want := map[ace]bool{}
		for _, e := range o.ACL {
			if r.involves(o, e) {
				want[e] = true
			}
		}
		statements := r.regrantACL(o, bare, known)
		require.GreaterOrEqual(t, len(statements)+len(r.out.Missing), len(want))
		require.LessOrEqual(t, len(statements)+len(r.out.Missing), len(o.ACL))
	})
}
