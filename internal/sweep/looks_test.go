package sweep_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sweep"
)

func grant(db, privilege string) access.Grant {
	return access.Grant{Kind: access.Privilege, Database: db, Privilege: privilege, Extent: access.ExtentDatabase}
}

func looked(change func(*sweep.Looked)) sweep.Looked {
	a := account("ada")
	l := sweep.Looked{Ref: a.Ref, Owners: []access.PrincipalID{"E1"}, Seen: access.Sighting{Exists: true, Account: a}}
	change(&l)
	return l
}

func TestUnused(t *testing.T) {
	t.Parallel()
	ago := func(days int) time.Time { return noon.AddDate(0, 0, -days) }
	for name, c := range map[string]struct {
		look func(*sweep.Looked)
		want []found
	}{
		"in use now":        {look: func(l *sweep.Looked) { l.Seen.Sessions = 1 }},
		"used lately":       {look: func(l *sweep.Looked) { l.Use = access.Use{Last: ago(44), Source: "the log"} }},
		"used long ago":     {func(l *sweep.Looked) { l.Use = access.Use{Last: ago(46), Since: ago(100), Source: "the log"} }, []found{{sweep.NotUsed, "E1", "the account was last used on 2026-03-16, says the log"}}},
		"never used":        {func(l *sweep.Looked) { l.Use = access.Use{Since: ago(45), Source: "the log"} }, []found{{sweep.NotUsed, "E1", "the account was not used in the last 45 days, says the log"}}},
		"watched too short": {func(l *sweep.Looked) { l.Use = access.Use{Since: ago(44), Source: "the log"} }, []found{{sweep.CannotBeTold, "E1", "whether the account was used in the last 45 days is unknown: the log has kept record only since 2026-03-18"}}},
		"used long ago, as far as is known": {func(l *sweep.Looked) { l.Use = access.Use{Last: ago(60), Why: "logins are not written down"} },
			[]found{{sweep.CannotBeTold, "E1", "whether the account was used in the last 45 days is unknown: logins are not written down"}}},
		"no record":         {func(*sweep.Looked) {}, []found{{sweep.CannotBeTold, "E1", "whether the account was used in the last 45 days is unknown: the system keeps no record of when an account was last used"}}},
		"sessions not told": {func(l *sweep.Looked) { l.Seen.Sessions = -1 }, []found{{sweep.CannotBeTold, "E1", "whether the account was used in the last 45 days is unknown: the system keeps no record of when an account was last used"}}},
		"gone meanwhile":    {look: func(l *sweep.Looked) { l.Seen = access.Sighting{} }},
		"not to be asked":   {func(l *sweep.Looked) { l.Seen, l.Refused = access.Sighting{}, "no such name" }, []found{{sweep.CannotBeTold, "E1", "the account cannot be looked at: no such name"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sweep.Scene{Rule: sweep.Rule{Kind: sweep.Unused, Days: 45}, Connection: "pg", Now: noon}
			require.Equal(t, c.want, short(s.JudgeLooks([]sweep.Looked{looked(c.look)})))
		})
	}
}

func TestBeyond(t *testing.T) {
	t.Parallel()
	may := func(database string, privileges ...string) sweep.Entitlement {
		return sweep.Entitlement{Connection: "pg", Principal: "E1", Database: database, Privileges: privileges}
	}
	with := func(grants ...access.Grant) func(*sweep.Looked) {
		return func(l *sweep.Looked) { l.Seen.Account.Grants = grants }
	}
	for name, c := range map[string]struct {
		allowed []sweep.Entitlement
		look    func(*sweep.Looked)
		want    []found
	}{
		"allowed":                  {allowed: []sweep.Entitlement{may("shop", "select", "INSERT")}, look: with(grant("shop", "SELECT, INSERT"))},
		"by two lines":             {allowed: []sweep.Entitlement{may("shop", "SELECT"), may("shop", "INSERT")}, look: with(grant("shop", "SELECT, INSERT"))},
		"by account":               {allowed: []sweep.Entitlement{{Connection: "*", Account: "ada", Database: "*", Privileges: []string{"*"}}}, look: with(grant("shop", "DROP"))},
		"one too many":             {[]sweep.Entitlement{may("shop", "SELECT")}, with(grant("shop", "SELECT, DELETE")), []found{{sweep.Beyond, "E1", "DELETE in shop is more than may.csv allows"}}},
		"another database":         {[]sweep.Entitlement{may("shop", "SELECT")}, with(grant("shop2", "SELECT")), []found{{sweep.Beyond, "E1", "SELECT in shop2 is more than may.csv allows"}}},
		"another connection":       {[]sweep.Entitlement{{Connection: "my", Principal: "E1", Database: "*", Privileges: []string{"*"}}}, with(grant("shop", "SELECT")), []found{{sweep.Beyond, "E1", "SELECT in shop is more than may.csv allows"}}},
		"another principal":        {[]sweep.Entitlement{{Connection: "pg", Principal: "E2", Database: "*", Privileges: []string{"*"}}}, with(grant("shop", "SELECT")), []found{{sweep.Beyond, "E1", "SELECT in shop is more than may.csv allows"}}},
		"ALL is ALL PRIVILEGES":    {allowed: []sweep.Entitlement{may("shop", "all")}, look: with(grant("shop", "ALL PRIVILEGES"))},
		"everything is not listed": {[]sweep.Entitlement{may("shop", "SELECT")}, with(grant("shop", "ALL")), []found{{sweep.Beyond, "E1", "ALL PRIVILEGES in shop is more than may.csv allows"}}},
		"the whole resource": {[]sweep.Entitlement{may("shop", "*")}, with(access.Grant{Kind: access.Privilege, Privilege: "CREATEROLE", Extent: access.ExtentClusterWide}),
			[]found{{sweep.Beyond, "E1", "CREATEROLE on the whole resource is more than may.csv allows"}}},
		"a membership": {[]sweep.Entitlement{may("*", "SELECT")}, with(access.Grant{Kind: access.Membership, Object: "role admin", Extent: access.ExtentClusterWide}),
			[]found{{sweep.Beyond, "E1", "MEMBERSHIP on role admin on the whole resource is more than may.csv allows"}}},
		"a membership that is allowed": {allowed: []sweep.Entitlement{may("*", "membership")}, look: with(access.Grant{Kind: access.Membership, Object: "role admin", Extent: access.ExtentClusterWide})},
		"nobody knows how far": {[]sweep.Entitlement{may("shop", "SELECT")}, with(access.Grant{Kind: access.Link, Database: "shop", Extent: access.ExtentUnknown}),
			[]found{{sweep.CannotBeTold, "E1", "how far LINK in shop reaches could not be read: whether may.csv allows it is unknown"}}},
		"what could not be read": {[]sweep.Entitlement{may("*", "*")}, func(l *sweep.Looked) { l.Seen.Gaps = []access.Gap{{Object: "database x", Why: "permission denied"}} },
			[]found{{sweep.CannotBeTold, "E1", "not everything that the account may do could be read: database x: permission denied"}}},
		"protected": {look: func(l *sweep.Looked) {
			l.Seen.Account.Protected, l.Seen.Account.Grants = "built-in", []access.Grant{grant("shop", "SELECT")}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sweep.Scene{Rule: sweep.Rule{Kind: sweep.Entitlements, Source: "may.csv", Allowed: c.allowed}, Connection: "pg", Now: noon}
			require.Equal(t, c.want, short(s.JudgeLooks([]sweep.Looked{looked(c.look)})))
		})
	}
}

func TestBloat(t *testing.T) {
	t.Parallel()
	s := sweep.Scene{Rule: sweep.Rule{Kind: sweep.ACL, Most: 2}, Connection: "pg"}
	grants := []access.Grant{grant("a", "SELECT"), grant("b", "SELECT"), grant("c", "SELECT")}
	judge := func(n int) []found {
		return short(s.JudgeLooks([]sweep.Looked{looked(func(l *sweep.Looked) { l.Seen.Account.Grants = grants[:n] })}))
	}
	require.Empty(t, judge(2))
	require.Equal(t, []found{{sweep.TooMany, "E1", "the account has 3 grants, more than 2: what it may do is hard to oversee"}}, judge(3))
}
