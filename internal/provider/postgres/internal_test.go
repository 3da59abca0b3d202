package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
)

var awkward = []string{
	"ada", "Ada", "a b", `"`, `""`, `a"b`, `a" to "b`, " ", "to", "role x", "1a", "a1", "ä", "☃", "a'b", `a\b`, "a\nb", "grant of role a to b",
}

// What Look writes into a grant is what Unlink reads from a step, for every name.
func TestPairsAreReadAsWritten(t *testing.T) {
	for _, self := range awkward {
		for _, a := range awkward {
			for _, b := range awkward {
				if a == b {
					continue
				}
				p := pair{Role: a, Member: b}
				got, err := parsePair(p.object(self), self)
				require.NoError(t, err, p.object(self))
				require.Equal(t, p, got, p.object(self))
			}
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"ada": "ada", "_a1": "_a1", "Ada": `"Ada"`, "1a": `"1a"`, `a"b`: `"a""b"`, "ä": `"ä"`} {
		require.Equal(t, want, readable(name))
	}
	for text, want := range map[string]string{"it's": `'it''s'`, `a\b`: `E'a\\b'`, `\'`: `E'\\'''`, "": "''"} {
		require.Equal(t, want, literal(text))
	}
}

func TestSettings(t *testing.T) {
	for value, want := range map[string]string{
		`search_path="$user", public`:    `alter role "ada" set "search_path" to '$user', 'public'`,
		`search_path="a""b,c",d`:         `alter role "ada" set "search_path" to 'a"b,c', 'd'`,
		`search_path=""`:                 `alter role "ada" set "search_path" to ''`,
		`search_path=a;drop table x`:     `alter role "ada" set "search_path" to 'a;drop table x'`,
		`app.tenant=x=y'z`:               `alter role "ada" set "app"."tenant" to 'x=y''z'`,
		`work_mem=8MB`:                   `alter role "ada" set "work_mem" to '8MB'`,
		`session_preload_libraries=a, b`: `alter role "ada" set "session_preload_libraries" to 'a', 'b'`,
	} {
		require.Equal(t, want, setting{}.alter("ada", value))
	}
	require.Equal(t, `alter role "ada" in database "d""b" set "work_mem" to '1'`, setting{Database: `d"b`}.alter("ada", "work_mem=1"))
}

// The verifier of RFC 7677's example: user "pencil", its salt, 4096 iterations.
func TestScram(t *testing.T) {
	salt := []byte{0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81}
	v, err := scram("pencil", salt)
	require.NoError(t, err)
	require.Equal(t, "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=", v)
	one, _, err := newSecret()
	require.NoError(t, err)
	two, _, err := newSecret()
	require.NoError(t, err)
	require.NotEqual(t, one, two)
}

// Nothing that takes away can drop, hand over or change what is somebody else's.
func TestTakingAwayDropsNothing(t *testing.T) {
	harmless := []string{
		"revoke all privileges ", "alter default privileges for role ", "set local role ", "reset role",
		`drop user mapping if exists for "ada" `, `drop policy if exists "hers" `, "alter policy ",
	}
	acl := []ace{{Grantor: "owner", Grantee: "ada", Privilege: "ALL"}, {Grantor: "carol", Grantee: "ada", Privilege: "ALL"}, {Grantor: "ada", Grantee: "bob", Privilege: "ALL"}}
	for kind := range grantWords {
		for _, b := range []bond{owns, inACL, inPolicy, inInit} {
			for _, class := range []string{"pg_class", "pg_default_acl", "pg_user_mapping", "pg_policy", "pg_extension"} {
				o := object{Class: class, Kind: kind, Identity: "x", Bond: b, Owner: "owner", ACL: acl, More: more{On: "r", Name: "hers", Roles: []string{"ada"}}}
				for _, sql := range takeAway("ada", []object{o}, true) {
					require.True(t, startsWith(sql, harmless), sql)
				}
				if o.owned() {
					require.Empty(t, takeAway("ada", []object{o}, true))
				}
			}
		}
	}
	shared := object{Class: "pg_policy", Bond: inPolicy, More: more{Name: "p", Table: "t", Roles: []string{"ada", "bob", "public"}}}
	require.Equal(t, []string{`alter policy "p" on t to "bob", "public"`}, takeAway("ada", []object{shared}, true))
}

func startsWith(text string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}

func TestKindsOfErrors(t *testing.T) {
	p, err := Spec.Open(provider.Settings{Connection: "pg", Prefix: "X_", Vars: config.Vars{"X_URL": "postgres://sever:hunter2@localhost/db"}})
	require.NoError(t, err)
	s := p.(*Server)
	for code, want := range map[string]provider.Kind{
		"28P01": provider.Denied, "28000": provider.Denied,
		"42501": provider.Rejected, "2BP01": provider.Rejected, "55000": provider.Rejected,
		"40P01": provider.Transient, "40001": provider.Transient, "55P03": provider.Transient, "57014": provider.Transient,
		"57P01": provider.Transient, "57P03": provider.Transient, "53300": provider.Transient, "08006": provider.Transient,
		"XX000": provider.Transient, "99999": provider.Transient, "": provider.Transient,
	} {
		cause := &pgconn.PgError{Code: code, Message: "tuple concurrently updated for hunter2"}
		err := s.classified("revoke pg/ada", fmt.Errorf("sent: %w", cause))
		require.Equal(t, want, provider.KindOf(err), code)
		require.ErrorIs(t, err, cause)
		require.NotContains(t, err.Error(), "hunter2")
	}
	require.Equal(t, provider.Transient, provider.KindOf(s.classified("look", errors.New("broken pipe"))))
}

// What a person would paste is quoted as well, and DROP OWNED never stands alone.
func TestExplain(t *testing.T) {
	s := &Server{connection: "pg"}
	ref := access.Ref{Connection: "pg", Resource: "server", Name: `ad"a`, ForeignID: "16500"}
	for _, step := range []access.Step{
		{Action: access.Contain, Mode: access.Kill}, {Action: access.Unlink, Object: `role "x y"`}, {Action: access.Unlink, Object: "nonsense"},
		{Action: access.Revoke, Database: "shop"}, {Action: access.Reassign, Database: "shop", Successor: "bob"},
		{Action: access.Delete}, {Action: access.Confirm},
	} {
		step.Account = ref
		all := strings.Join(s.Explain(step), "\n")
		require.NotEmpty(t, all)
		require.NotContains(t, all, ` ad"a`)
		if strings.Contains(all, "DROP OWNED") {
			require.Regexp(t, `(?s)\\if :owner.*ROLLBACK;.*\\else.*DROP OWNED BY "ad""a" RESTRICT`, all)
		}
	}
	require.Equal(t, []string{`ALTER ROLE "ad""a" NOLOGIN PASSWORD NULL;`,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usesysid = 16500; -- again, until none is left"},
		s.Explain(access.Step{Action: access.Contain, Mode: access.Kill, Account: ref}))
}

func TestHiddenWords(t *testing.T) {
	s := &Server{cfg: Config{URL: config.NewSecret("postgres://sever:steel%2Bstapler%2F1@host/x")}, conns: &conns{dsn: &pgx.ConnConfig{}}}
	s.conns.dsn.Password = "steel+stapler/1"
	for said, want := range map[string]string{
		"as steel+stapler/1 or c3RlZWwrc3RhcGxlci8x":                    "as [secret] or [secret]",
		"cannot reach postgres://sever:steel%2Bstapler%2F1@host/x":      "cannot reach [secret]",
		`near alter role "ada" password 'SCRAM-SHA-256$4096:x$y' valid`: `near alter role "ada" password [secret]' valid`,
		"the verifier SCRAM-SHA-256$4096:c2FsdA==$a=:b= is not good":    "the verifier [secret] is not good",
		"md5 is not md50123456789abcdef0123456789abcdef":                "md5 is not [secret]",
		"the password of ada is not set":                                "the password of ada is not set",
	} {
		require.Equal(t, want, s.hide(said))
	}
}
