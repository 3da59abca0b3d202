package mysql

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

func TestWhoseSessionItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host, from string
		others     []string
		want       bool
	}{
		{"%", "10.0.0.1:4711", nil, true},
		{"%", "10.0.0.1:4711", []string{"10.0.0.%"}, false},
		{"%", "10.0.1.1:4711", []string{"10.0.0.%"}, true},
		{"10.0.0.%", "10.0.0.1:4711", []string{"%"}, true},
		{"10.0.0.%", "10.0.0.1:4711", []string{"10.0.0.1", "%"}, false},
		{"10.0.0.1", "10.0.0.1:4711", []string{"%"}, true},
		{"10.0.0.2", "10.0.0.1:4711", []string{"%"}, false},
		{"localhost", "localhost", []string{"%"}, true},
		{"localhost", "10.0.0.1:1", []string{"%"}, false},
		{"%", "localhost", []string{"localhost"}, false},
		{"%.corp.example", "pc1.Corp.Example:99", []string{"%"}, true},
		{"10.0.0.0/255.255.255.0", "10.0.0.9:1", []string{"%"}, true},
		{"10.0.0.0/255.255.255.0", "10.0.1.9:1", []string{"%"}, false},
		{"10.0.0.0/24", "10.0.0.9:1", nil, true},
		{"::1", "::1:4711", nil, true},
		{"fe80::%", "fe80::1:4711", nil, true},
		// In doubt it counts: by name, a client may have any address, and the other way round.
		{"10.0.0.%", "pc1.corp.example:99", []string{"%"}, true},
		{"pc1.corp.example", "10.0.0.1:99", []string{"%"}, true},
		{"%", "pc1.corp.example:99", []string{"10.0.0.%"}, true},
		// The account of the session is gone already.
		{"%", "10.0.0.1:4711", []string{}, true},
	} {
		var others []account
		for _, o := range c.others {
			others = append(others, account{identity: identity{"ada", o}})
		}
		require.Equal(t, c.want, counts(c.host, c.from, others), "%+v", c)
	}
}

func TestDatabaseOfAPattern(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		`shop`: `shop`, `my\_shop`: `my_shop`, `my_shop`: `my_shop`, `shop\_%`: `shop\_%`, `%`: `%`, `100\%`: `100%`, `a\\b`: `a\b`, `a\b`: `a\b`,
	} {
		require.Equal(t, want, right{Kind: onDatabase, Database: pattern}.database(), pattern)
	}
}

func TestDeadCredentials(t *testing.T) {
	t.Parallel()
	who := identity{"ada", "%"}
	a := account{identity: who, method: method{Plugin: native, Text: deadHash(native, who, "0123456789abcdef")}}
	id, dead := a.dead()
	require.True(t, dead)
	require.Equal(t, "0123456789abcdef", id)
	require.Len(t, a.Text, 41)
	a.User = "eve"
	_, dead = a.dead()
	require.False(t, dead, "a hash that was copied to another account is not dead there")

	secret, hash := newSecret(native, "abcd456789abcdef")
	require.GreaterOrEqual(t, len(secret), 26)
	require.True(t, strings.HasPrefix(hash, "*ABCD"))
	require.True(t, account{method: method{Plugin: native, Text: hash}}.marked("abcd456789abcdef"))
}

func TestFingerprintsNeedOurKey(t *testing.T) {
	t.Parallel()
	a := account{identity: identity{"ada", "%"}, method: method{Plugin: native, Text: "*0000000000000000000000000000000000000000"}, Changed: 1}
	one, two := &Server{key: [32]byte{1}}, &Server{key: [32]byte{2}}
	require.Len(t, one.fingerprint(a), idDigits)
	require.NotEqual(t, one.fingerprint(a), two.fingerprint(a))
	later := a
	later.Changed = 2
	require.NotEqual(t, one.fingerprint(a), one.fingerprint(later))
	locked := a
	locked.Locked, locked.Access = true, 7
	require.Equal(t, one.fingerprint(a), one.fingerprint(locked))
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for url, why := range map[string]string{
		"mysql://sever:hunter2@": "names no host", "mysql://host": "names no user", "postgres://sever:hunter2@host": "is not a URL",
		"mysql://sever:hunter2@host/db": "is not a URL", "mysql://sever:hunter2@host?tls=false": "is not a URL", "mysql://sever:hun%ter2@host": "is not a URL",
	} {
		_, err := Spec.Open(provider.Settings{Connection: "m", Prefix: "M_", Vars: config.Vars{"M_URL": url}})
		require.ErrorContains(t, err, why, url)
		require.ErrorContains(t, err, "M_URL", url)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := Spec.Open(provider.Settings{Connection: "m", Prefix: "M_", Vars: config.Vars{"M_URL": "mysql://a:b@c", "M_TLS": "maybe"}})
	require.ErrorContains(t, err, "verify, skip-verify, preferred or off")
}

func TestKnownServers(t *testing.T) {
	t.Parallel()
	s := &Server{prefix: "SEVER_CONN_MY_"}
	for _, version := range []string{"10.11.19-MariaDB-0+deb12u1", "5.5.5-10.4.2-MariaDB", "11.4.2-MariaDB-log"} {
		_, err := s.known(version)
		require.NoError(t, err, version)
	}
	_, err := s.known("8.0.36")
	require.ErrorContains(t, err, "SEVER_CONN_MY_MYSQL8=unverified accepts that")
	accepts := &Server{prefix: s.prefix, cfg: Config{MySQL8: unverified}}
	for _, version := range []string{"8.0.36", "8.4.3-3", "9.1.0-log"} {
		r, err := accepts.known(version)
		require.NoError(t, err, version)
		require.False(t, r.mariadb)
	}
	_, err = accepts.known("5.7.44-log")
	require.ErrorIs(t, err, errUnknownServer)
	for version, remedy := range map[string]string{
		"10.3.39-MariaDB": "SET PASSWORD FOR", "5.5.5-10.1.48-MariaDB": "SET PASSWORD FOR",
		"8.0.36": "10.4", "9.1.0": "10.4", "5.7.44-log": "10.4", "": "10.4", "MariaDB": "10.4",
	} {
		_, err := s.known(version)
		require.ErrorIs(t, err, errUnknownServer, version)
		require.Contains(t, s.instead(err), remedy, version)
	}
}

func TestWhatOurLoginMayDo(t *testing.T) {
	t.Parallel()
	var s sight
	for _, line := range []string{
		"GRANT SELECT, SHOW VIEW ON *.* TO `sever`@`%` IDENTIFIED BY PASSWORD '*AB'", "GRANT CONNECTION_ADMIN,ROLE_ADMIN ON *.* TO `sever`@`%`",
		"GRANT TRIGGER ON `shop`.* TO `sever`@`%`", "GRANT `reporting` TO `sever`@`%`", "REVOKE SELECT, EVENT ON `hr`.* FROM `sever`@`%`",
	} {
		s.read(line)
	}
	require.Equal(t, []string{"SHOW VIEW", "CONNECTION_ADMIN", "ROLE_ADMIN"}, slices.DeleteFunc(slices.Clone(s.privileges), func(p string) bool { return !s.has(p) }))
	require.Equal(t, []string{"SELECT", "TRIGGER"}, s.missing("SELECT", "SHOW VIEW", "TRIGGER"))
	for version, want := range map[string]bool{"10.4.12-MariaDB": true, "10.10.2-MariaDB": true, "10.11.6-MariaDB": false} {
		r, ok := released(version)
		require.True(t, ok)
		require.Equal(t, want, slices.Contains(mariaDB{r}.super(), "CONNECTION ADMIN"), version)
	}
}

func TestHiddenWords(t *testing.T) {
	t.Parallel()
	s := &Server{cfg: Config{URL: config.NewSecret("mysql://sever:hunter2@host")}, password: "hunter2"}
	require.Equal(t, "near 'identified via x using [secret]", s.hide("near 'identified via x using '*ABC' account lock'"))
	require.Equal(t, "[secret]!", s.hide("hunter2!"))
	require.Equal(t, "İİİİ identified via x using [secret]", s.hide("İİİİ identified via x using '*ABC' account lock"), "a letter that grows when it is made small")
	require.Equal(t, "hash [secret] of it", s.hide("hash *0123456789ABCDEF0123456789abcdef01234567 of it"))
	s = &Server{password: "steel+stapler/1"}
	require.Equal(t, "user=[secret] path=[secret]", s.hide("user=steel%2Bstapler%2F1 path=c3RlZWwrc3RhcGxlci8x"))
}

// FuzzQuote holds that no name ends its own quotes.
func FuzzQuote(f *testing.F) {
	for _, name := range []string{"", "`", "``", "a`; drop user root; --", "'", `\`, "\x00", "ö", strings.Repeat("`", 99)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		inner := strings.TrimSuffix(strings.TrimPrefix(quote(name), "`"), "`")
		require.Equal(t, name, strings.ReplaceAll(inner, "``", "`"))
		require.NotContains(t, strings.ReplaceAll(inner, "``", ""), "`")
		inner = strings.TrimSuffix(strings.TrimPrefix(literal(name), "'"), "'")
		require.NotContains(t, strings.ReplaceAll(inner, "''", ""), "'")
	})
}
