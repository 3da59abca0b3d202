package mysql

import (
	"encoding/json"
	"fmt"
	"strings"
)

// snapshot is what Restore needs to know. It holds no hash of a password: of a way to
// log in with one it says only that there was one.
type snapshot struct {
	Version  int      `json:"version"` // of this form
	Account  identity `json:"account"`
	ID       string   `json:"id"`
	Locked   bool     `json:"locked,omitempty"`
	Methods  []method `json:"methods,omitempty"` // in the order in which they are tried
	Lifetime *int64   `json:"lifetime,omitempty"`
	Limits   limits   `json:"limits"`
	Rights   []right  `json:"rights,omitempty"`
	Objects  []object `json:"objects,omitempty"`
}

const snapshotVersion = 1

// without are plugins whose authentication_string is no secret: whom the machine or
// another system vouches for. Of any other it is taken for the hash of a password.
var without = map[string]bool{
	"unix_socket": true, "pam": true, "gssapi": true, "named_pipe": true,
	"auth_socket": true, "authentication_pam": true, "authentication_ldap_simple": true, "authentication_ldap_sasl": true,
	"authentication_kerberos": true, "authentication_windows": true,
}

func newSnapshot(a account, rights []right, defined []object) snapshot {
	s := snapshot{Version: snapshotVersion, Account: a.identity, ID: a.id, Locked: a.Locked, Lifetime: a.Lifetime,
		Limits: a.limits, Rights: rights, Objects: defined}
	for _, m := range a.methods() {
		if !without[m.Plugin] {
			m.Text = ""
		}
		s.Methods = append(s.Methods, m)
	}
	return s
}

func (s snapshot) bytes() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic("mysql: snapshot: " + err.Error()) // strings, numbers and booleans
	}
	return b
}

func readSnapshot(b []byte) (snapshot, error) {
	var s snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("snapshot: %w", err)
	}
	if s.Version != snapshotVersion {
		return s, fmt.Errorf("snapshot: version %d is not one that I know", s.Version)
	}
	return s, nil
}

// sql is the limits as CREATE USER has them, or nothing.
func (l limits) clauses() string {
	var parts, with []string
	switch l.TLS {
	case 1:
		parts = append(parts, "require ssl")
	case 2:
		parts = append(parts, "require x509")
	case 3:
		var of []string
		for _, one := range []struct{ word, value string }{{"cipher", l.Cipher}, {"issuer", l.Issuer}, {"subject", l.Subject}} {
			if one.value != "" {
				of = append(of, one.word+" "+literal(one.value))
			}
		}
		parts = append(parts, "require "+strings.Join(of, " and "))
	}
	for _, one := range []struct {
		word  string
		value int64
	}{{"max_queries_per_hour", l.Questions}, {"max_updates_per_hour", l.Updates}, {"max_connections_per_hour", l.Logins}, {"max_user_connections", l.Sessions}} {
		if one.value != 0 {
			with = append(with, fmt.Sprintf("%s %d", one.word, one.value))
		}
	}
	if l.Seconds != 0 {
		with = append(with, fmt.Sprintf("max_statement_time %v", l.Seconds))
	}
	if len(with) > 0 {
		parts = append(parts, "with "+strings.Join(with, " "))
	}
	return strings.Join(parts, " ")
}
