package trove

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table of the reference: every one of these was tried on a running Trove.
func TestSegments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, host, want string }{
		{"alice", "%", "alice%2540%2525"},
		{"bob", "192.168.1.12", "bob%2540192%252E168%252E1%252E12"},
		{"foo.json", "%", "foo%252Ejson%2540%2525"},
		{"a@b", "%", "a%2540b%2540%2525"},
		{"pct%41", "10.0.0.%", "pct%252541%254010%252E0%252E0%252E%2525"},
		{"sp ace", "::1", "sp%2520ace%2540%253A%253A1"},
		{"ada", "10.0.0.0/255.255.255.0", "ada%254010%252E0%252E0%252E0%252F255%252E255%252E255%252E0"},
		{"é", "%", "%25C3%25A9%2540%2525"},
		{"-_", "%", "-_%2540%2525"},
	} {
		got, err := segment(c.name, c.host)
		require.NoError(t, err, "%s@%s", c.name, c.host)
		require.Equal(t, c.want, got)
		require.NoError(t, canonical("/v1.0/p/instances/i/users/"+got))
	}
}

func TestNamesThatAreNoAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, host string }{
		{"", "%"},
		{"ada", ""},
		{"a/b", "%"},
		{`a\b`, "%"},
		{"../dbs/defaultdb", "%"},
		{"a\nb", "%"},
		{"a\x00", "%"},
		{"a\xff", "%"},
		{strings.Repeat("x", 64<<10), "%"},
		{"ada", "h@h"},
		{"ada", "../x"},
		{"ada", "a/b"},
		{"ada", "10.0.0.0/.."},
		{"ada", "10.0.0.0/255.255.255.0/databases"},
		{"ada", "\r\n"},
	} {
		_, err := segment(c.name, c.host)
		require.Error(t, err, "%q@%q", c.name[:min(len(c.name), 40)], c.host)
	}
	for _, database := range []string{"", "a.b", "a/b", `a\b`, "..", ".", "a\tb", strings.Repeat("x", 64<<10)} {
		_, err := databaseSegment(database)
		require.Error(t, err, "%.40q", database)
	}
	for database, want := range map[string]string{"shop": "shop", "a b": "a%20b", "a#b": "a%23b", "a?b": "a%3Fb", "a@b": "a@b", "a%41": "a%2541"} {
		got, err := databaseSegment(database)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// What is escaped less than twice does not pass, whoever wrote it.
func TestCanonical(t *testing.T) {
	t.Parallel()
	for path, passes := range map[string]bool{
		"/v1.0/p/instances":                                   true,
		"/v1.0/p/instances/i":                                 true,
		"/v1.0/p/instances/i/users":                           true,
		"/v1.0/p/instances/i/users/ada%2540%2525":             true,
		"/v1.0/p/instances/i/users/ada%2540%2525/databases/x": true,
		"/v1.0/p/instances/i/users/ada":                       true, // refused by nobody here; segment always adds a host
		"/v1.0/p/instances/i/users/ada%40%25":                 false,
		"/v1.0/p/instances/i/users/ada@%25":                   false,
		"/v1.0/p/instances/i/users/a%2Fdatabases%2Fshop":      false,
		"/v1.0/p/instances/i/users/..":                        false,
		"/v1.0/p/instances/i/users/":                          false,
		"/v1.0/p/instances/i/users/ada.json":                  false,
		"/v1.0/p/instances/i/users/ada%252fx":                 false,
	} {
		require.Equal(t, passes, canonical(path) == nil, path)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	at, err := placeOf("ORD/5f1a-77")
	require.NoError(t, err)
	require.Equal(t, place{"ORD", "5f1a-77"}, at)
	require.Equal(t, "ORD/5f1a-77", at.String())
	for _, bad := range []string{"", "ORD", "/x", "ORD/", "ORD/a/b", "ORD/..", "ORD/a.b", "ORD/a?b", "ORD/" + strings.Repeat("a", 65)} {
		_, err := placeOf(bad)
		require.Error(t, err, bad)
	}
}

func TestBodiesThatMayBeSent(t *testing.T) {
	t.Parallel()
	for body, passes := range map[string]bool{
		`{"users":[{"name":"a","host":"%","password":"x"}]}`:                                        true,
		`{"users":[{"name":"a","host":"","password":"x"}]}`:                                         false,
		`{"users":[{"name":"a","password":"x"}]}`:                                                   false,
		`{"users":[{"name":"a","host":"%","password":"x"},{"name":"b","host":"%","password":"x"}]}`: false,
		`{"users":[{"name":"a","host":"%","password":"x","databases":"shop"}]}`:                     false,
		`{"users":[]}`: false,
		`[]`:           false,
		``:             false,
	} {
		require.Equal(t, passes, oneUser([]byte(body)) == nil, body)
	}
	for body, passes := range map[string]bool{
		`{"databases":[{"name":"a"}]}`:              true,
		`{"databases":[{"name":""}]}`:               false,
		`{"databases":[]}`:                          false,
		`{"databases":[{"name":"a"},{"name":"b"}]}`: false,
		`x`: false,
	} {
		require.Equal(t, passes, oneDatabase([]byte(body)) == nil, body)
	}
}
