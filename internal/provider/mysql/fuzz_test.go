package mysql

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRecords holds the reader of mysql.global_priv: what it takes is somebody with a way
// to log in and an id that stays, and what is kept of it is read as it was written.
func FuzzRecords(f *testing.F) {
	dead := deadHash(native, identity{"ada", "%"}, "0123456789abcdef")
	for _, record := range []string{
		`{"access":0,"plugin":"mysql_native_password","authentication_string":"` + dead + `","password_last_changed":1700000000}`,
		`{"access":1073741823,"version_id":101119,"plugin":"mysql_native_password","authentication_string":"*0","account_locked":true}`,
		`{"access":0,"auth_or":[{"plugin":"unix_socket"},{},{"plugin":"ed25519","authentication_string":"x"}],"ssl_type":3,"x509_issuer":"y"}`,
		`{"is_role":true,"access":0}`, `{"access":18446744073709551615}`, `{"access":-1}`, `{"access":1e3}`, `{"auth_or":[]}`, `{}`, `null`, `[]`, ``,
		`{"plugin":"mysql_native_password","authentication_string":"*` + strings.Repeat("K", 13) + `a"}`,
	} {
		f.Add("ada", "%", []byte(record))
	}
	s := &Server{}
	f.Fuzz(func(t *testing.T, name, host string, record []byte) {
		a, err := recorded(identity{name, host}, record)
		if err != nil || checkName("account", name) != nil || checkName("host", host) != nil {
			return
		}
		require.Equal(t, identity{name, host}, a.identity, "the record does not say whose it is")
		require.NotEmpty(t, a.methods())
		a.id = s.fingerprint(a)
		require.Equal(t, a.id, s.fingerprint(a))
		if _, dead := a.dead(); dead {
			require.True(t, a.contained())
			require.Len(t, a.methods(), 1)
		}
		if a.Locked || a.Role {
			require.True(t, a.contained())
		}
		snap := newSnapshot(a, nil, nil)
		for i, m := range a.methods() {
			require.True(t, snap.Methods[i].Text == "" || without[m.Plugin], "no hash is kept")
		}
		again, err := readSnapshot(snap.bytes())
		require.NoError(t, err)
		require.True(t, bytes.Equal(snap.bytes(), again.bytes()))
	})
}

// FuzzShowGrants holds the reader of the server's own words: what an account has is read
// whole, and nothing is read that was said of another.
func FuzzShowGrants(f *testing.F) {
	for _, line := range []string{
		"GRANT SELECT, SHOW VIEW ON *.* TO `ada`@`%` IDENTIFIED BY PASSWORD '*x' WITH GRANT OPTION", "GRANT USAGE ON *.* TO `ada`@`%`",
		"GRANT `readers` TO `ada`@`%`", "GRANT SELECT ON `shop`.* TO `ada`@`%`", "GRANT ALL PRIVILEGES ON *.* TO `ada`@`%`",
		"GRANT `x ON *.* TO ``ada``@``%`` ON *.* TO `ada`@`%`", "REVOKE SELECT ON `mysql`.* FROM `ada`@`%`", "GRANT  ON *.* TO `ada`@`%`", "GRANT", "",
	} {
		f.Add(line, "ada", "%", "FILE")
	}
	f.Fuzz(func(t *testing.T, line, name, host, privilege string) {
		who := identity{name, host}
		for _, p := range granted(line, who) {
			require.NotContains(t, p, "`")
			require.Contains(t, line, " ON *.* TO "+who.sql())
		}
		var s sight
		s.read(line)
		list, _, everywhere := strings.Cut(line, " ON *.* TO ")
		everywhere = everywhere && strings.HasPrefix(list, "GRANT ") && !strings.Contains(list, "`")
		require.Equal(t, everywhere || strings.HasPrefix(line, "REVOKE "), len(s.privileges) > 0 || len(s.except) > 0)
		if p := strings.ToUpper(strings.TrimSpace(privilege)); p != "" && p != "USAGE" && !strings.ContainsAny(p, "`,") && !strings.Contains(p, " ON ") && !strings.HasSuffix(p, " ON") {
			said := "GRANT SELECT, " + p + " ON *.* TO " + who.sql() + " WITH GRANT OPTION"
			require.Equal(t, []string{"SELECT", p}, granted(said, who))
			var own sight
			own.read(said)
			require.True(t, own.has(p) && own.grants)
			own.read("REVOKE " + p + " ON `mysql`.* FROM " + who.sql())
			require.False(t, own.has(p), "not everywhere")
		}
	})
}

// FuzzSets holds what is read from columns: sets of privileges, patterns and versions.
func FuzzSets(f *testing.F) {
	for _, s := range []string{"Select,Insert,Grant", "", ",", " ,x", "Create View,Show view", `shop\_2024%`, `\`, `\\%`, "10.11.19-MariaDB-0+deb12u1", "5.5.5-10.4.1-MariaDB", "8.4.0", "99999999999999999999.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		privileges, grantable := set(stored)
		require.NotContains(t, privileges, "")
		require.NotContains(t, privileges, "GRANT OPTION")
		if !grantable && len(privileges) == 0 {
			require.Empty(t, strings.Trim(strings.ReplaceAll(strings.ReplaceAll(stored, "_priv", ""), "_", " "), ", \t\r\n\v\f\u0085\u00a0"), "something was said, and nothing was read")
		}
		name, _ := wild(stored)
		require.LessOrEqual(t, len(name), len(stored))
		if !slices.ContainsFunc([]string{`\`, "%"}, func(c string) bool { return strings.Contains(stored, c) }) {
			require.Equal(t, stored, name)
		}
		if r, ok := released(stored); ok {
			require.True(t, r.since(r.major, r.minor))
		}
	})
}
