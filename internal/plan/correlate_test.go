package plan_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// claim is an identity at the connection pg, as "E1 ada@host imported".
func claim(who access.PrincipalID, name, host string, e access.Evidence) access.Identity {
	return access.Identity{Principal: who, Connection: "pg", Account: name, Host: host, Evidence: e}
}

// at is an account of the connection pg; its id may be left out.
func at(name, host string, id ...string) access.Ref {
	r := access.Ref{Connection: "pg", Resource: "main", Name: name, Host: host}
	if len(id) > 0 {
		r.ForeignID = id[0]
	}
	return r
}

// found is what came out, short enough to read in a test.
func found(c plan.Correlated) (out []string) {
	for _, t := range c.Targets {
		words := fmt.Sprintf("%s %s", t.Ref, t.Evidence)
		if t.ForeignID != "" {
			words += " #" + t.ForeignID
		}
		if len(t.SharedWith) > 0 {
			words += fmt.Sprint(" shared ", t.SharedWith)
		}
		if t.Doubt != nil {
			words += " or " + string(t.Doubt.Kind)
		}
		out = append(out, words)
	}
	for _, q := range c.Questions {
		words := fmt.Sprintf("? %s: %s", q.Kind, q.Subject())
		if q.Account.ForeignID != "" {
			words += " #" + q.Account.ForeignID
		}
		out = append(out, words)
	}
	return out
}

func TestCorrelate(t *testing.T) {
	t.Parallel()
	person := plan.Profile{Principal: access.Principal{ID: "E1", Login: "ada"}, Attributes: map[string]string{"Hosting": "NW1"}}
	seen := func(r access.Ref) plan.KnownAccount {
		return plan.KnownAccount{Ref: r, Evidence: access.Imported, Seen: true}
	}
	for name, c := range map[string]struct {
		claims   []access.Identity
		rules    string
		others   plan.NameIndex
		ties     []access.Ref
		rejected []plan.Rejection
		listed   []access.Ref
		known    []plan.KnownAccount
		hosts    bool
		want     []string
	}{
		// Links.
		"exact, letter for letter": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported), claim("E2", "adam", "", access.Imported)},
			listed: []access.Ref{at("ada", "", "1"), at("adam", "", "2"), at("ad", "", "3")},
			want:   []string{"pg/ada imported #1"},
		},
		"the strongest evidence": {
			claims: []access.Identity{claim("E1", "ada", "", access.ByRule), claim("E1", "ada", "", access.Confirmed), claim("E1", "ada", "", access.Imported)},
			listed: []access.Ref{at("ada", "")}, want: []string{"pg/ada confirmed"},
		},
		"on every resource": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)},
			listed: []access.Ref{at("ada", "", "1"), {Connection: "pg", Resource: "other", Name: "ada", ForeignID: "2"}},
			want:   []string{"pg/ada imported #1", "pg/ada imported #2"},
		},
		"linked to two": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported), claim("E2", "ada", "", access.Imported), claim("E3", "ada", "", access.Confirmed)},
			listed: []access.Ref{at("ada", "")}, want: []string{"pg/ada imported shared [E2 E3]"},
		},
		"at another connection": {
			claims: []access.Identity{{Principal: "E1", Connection: "my", Account: "ada", Evidence: access.Imported}, {Principal: "E1", Connection: "pg", Evidence: access.Imported}},
			listed: []access.Ref{at("ada", "")},
		},
		"not listed": {claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, want: []string{"pg/ada imported"}},
		"found before": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, known: []plan.KnownAccount{seen(at("ada", "", "1"))},
			want: []string{"pg/ada imported #1"},
		},

		// Letters.
		"other letters": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, listed: []access.Ref{at("Ada", "", "1"), at("ADA", "", "2"), at("adam", "", "3")},
			want: []string{"pg/ada imported", "? other letters: pg/ADA #2", "? other letters: pg/Ada #1"},
		},
		"other letters beside the exact ones": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, listed: []access.Ref{at("ada", ""), at("Ada", "")}, want: []string{"pg/ada imported"},
		},
		"other letters of somebody else": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported), claim("E2", "Ada", "", access.Imported)}, listed: []access.Ref{at("Ada", "", "1")},
			want: []string{"pg/ada imported"},
		},
		"other letters, when the account is ended": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, listed: []access.Ref{at("Ada", "", "2")}, known: []plan.KnownAccount{seen(at("ada", "", "1"))},
			want: []string{"pg/ada imported #1"},
		},
		"other letters, rejected": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, listed: []access.Ref{at("Ada", "", "1")},
			rejected: []plan.Rejection{{Principal: "E1", Account: at("Ada", "", "1")}}, want: []string{"pg/ada imported"},
		},
		"other letters, rejected, and made again": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, listed: []access.Ref{at("Ada", "", "2")},
			rejected: []plan.Rejection{{Principal: "E1", Account: at("Ada", "", "1")}, {Principal: "E2", Account: at("Ada", "", "2")}},
			want:     []string{"pg/ada imported", "? other letters: pg/Ada #2"},
		},
		"other letters, confirmed": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported), claim("E1", "Ada", "", access.Confirmed)}, listed: []access.Ref{at("Ada", "", "1")},
			want: []string{"pg/Ada confirmed #1", "pg/ada imported"},
		},

		// Hosts.
		"name and host": {
			claims: []access.Identity{claim("E1", "ada", "%", access.Imported)}, listed: []access.Ref{at("ada", "%"), at("ada", "10.%")},
			want: []string{"pg/ada@% imported", "? other host: pg/ada@10.%"},
		},
		"name and host, and another host of somebody else": {
			claims: []access.Identity{claim("E1", "ada", "%", access.Imported), claim("E2", "ada", "10.%", access.Imported)},
			listed: []access.Ref{at("ada", "%"), at("ada", "10.%")}, want: []string{"pg/ada@% imported"},
		},
		"no host": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, listed: []access.Ref{at("ada", "%"), at("ada", "10.%")},
			want: []string{"? no host: pg/ada@%", "? no host: pg/ada@10.%"},
		},
		"no host, and another link with one": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported), claim("E1", "ada", "%", access.Imported)}, listed: []access.Ref{at("ada", "%"), at("ada", "10.%")},
			want: []string{"pg/ada@% imported", "? no host: pg/ada@10.%"},
		},
		"every host": {
			claims: []access.Identity{claim("E1", "ada", "*", access.Imported), claim("E2", "ada", "%", access.Imported)}, listed: []access.Ref{at("ada", "%"), at("ada", "10.%")},
			want: []string{"pg/ada@% imported shared [E2]", "pg/ada@10.% imported"},
		},
		"every host, of somebody else": {
			claims: []access.Identity{claim("E1", "ada", "%", access.Imported), claim("E2", "ada", "*", access.Imported)}, listed: []access.Ref{at("ada", "%")},
			want: []string{"pg/ada@% imported shared [E2]"},
		},
		"every host, and none there": {claims: []access.Identity{claim("E1", "ada", "*", access.Imported)}, hosts: true, want: []string{"pg/ada imported"}},
		"other letters with a host": {
			claims: []access.Identity{claim("E1", "ada", "%", access.Imported)}, listed: []access.Ref{at("Ada", "%"), at("Ada", "10.%")},
			want: []string{"pg/ada@% imported", "? other letters: pg/Ada@%"},
		},

		// Rules.
		"by rule": {
			rules: "{{.Login}},{{.Hosting}}_{{.Login}}", others: plan.NameIndex{"ada": {"E1"}, "NW1_ada": {"E1"}}, listed: []access.Ref{at("NW1_ada", "", "1")},
			want: []string{"pg/NW1_ada by-rule #1", "pg/ada by-rule"},
		},
		"by rule with a host": {
			rules: "{{.Login}}@10.%", hosts: true, listed: []access.Ref{at("ada", "10.%"), at("ada", "%")},
			want: []string{"pg/ada@10.% by-rule", "? other host: pg/ada@%"},
		},
		"by rule, an address where there are no hosts": {rules: "{{.Login}}@example.com", listed: []access.Ref{at("ada@example.com", "")}, want: []string{"pg/ada@example.com by-rule"}},
		"by rule and imported":                         {rules: "{{.Login}}", claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, listed: []access.Ref{at("ada", "")}, want: []string{"pg/ada imported"}},
		"by rule for two": {
			rules: "{{.Login}}", others: plan.NameIndex{"ada": {"E1", "E2"}}, listed: []access.Ref{at("ada", "", "1")}, want: []string{"? contested: pg/ada #1"},
		},
		"by rule for two, with a host": {
			rules: "{{.Login}}@%", others: plan.NameIndex{"ada@*": {"E3"}, "ada@%": {"E1", "E2"}}, listed: []access.Ref{at("ada", "%")}, want: []string{"? contested: pg/ada@%"},
		},
		"by rule for two, and the other was rejected": {
			rules: "{{.Login}}", others: plan.NameIndex{"ada": {"E1", "E2"}}, listed: []access.Ref{at("ada", "", "1")},
			rejected: []plan.Rejection{{Principal: "E2", Account: at("ada", "", "1")}}, want: []string{"pg/ada by-rule #1"},
		},
		"by rule for two, and she was rejected": {
			rules: "{{.Login}}", others: plan.NameIndex{"ada": {"E1", "E2"}}, listed: []access.Ref{at("ada", "", "1")},
			rejected: []plan.Rejection{{Principal: "E1", Account: at("ada", "", "1")}},
		},
		"by rule for two, not listed": {
			rules: "{{.Login}}", others: plan.NameIndex{"ada": {"E1", "E2"}}, want: []string{"pg/ada by-rule or contested"},
		},
		"by rule, and somebody else is linked": {
			rules: "{{.Login}}", claims: []access.Identity{claim("E2", "ada", "", access.Imported)}, listed: []access.Ref{at("ada", "")}, want: []string{"? contested: pg/ada"},
		},
		"linked, and somebody else has it by rule": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, others: plan.NameIndex{"ada": {"E2"}}, listed: []access.Ref{at("ada", "")}, want: []string{"? contested: pg/ada"},
		},
		"confirmed, and somebody else has it by rule": {
			claims: []access.Identity{claim("E1", "ada", "", access.Confirmed)}, others: plan.NameIndex{"ada": {"E2"}}, listed: []access.Ref{at("ada", "")}, want: []string{"pg/ada confirmed"},
		},
		"confirmed for two": {
			claims: []access.Identity{claim("E1", "ada", "", access.Confirmed), claim("E2", "ada", "", access.Confirmed)}, rules: "{{.Login}}", others: plan.NameIndex{"ada": {"E1", "E2"}},
			listed: []access.Ref{at("ada", "")}, want: []string{"pg/ada confirmed shared [E2]"},
		},
		"a rule that needs more": {
			rules: "{{.Team}}_{{.Login}},{{.Login}}", listed: []access.Ref{at("ada", "")}, want: []string{"pg/ada by-rule", "? attribute missing: pg: {{.Team}}_{{.Login}}"},
		},
		"a rule that needs more, and does not matter": {
			rules: "{{.Team}}_{{.Login}}", rejected: []plan.Rejection{{Principal: "E1", Account: access.Ref{Connection: "pg"}, Rule: "{{.Team}}_{{.Login}}"}},
		},
		"a rule that fails": {rules: "{{slice .Login 9}}", want: []string{"? attribute missing: pg: {{slice .Login 9}}"}},

		// Ids.
		"the same account": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, ties: []access.Ref{at("ada", "", "1")}, listed: []access.Ref{at("ada", "", "1")}, want: []string{"pg/ada imported #1"},
		},
		"an account made again": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, ties: []access.Ref{at("ada", "", "1")}, listed: []access.Ref{at("ada", "", "2")},
			want: []string{"pg/ada imported #1", "? made again: pg/ada #2"},
		},
		"an account made again, rejected": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, ties: []access.Ref{at("ada", "", "1")}, listed: []access.Ref{at("ada", "", "2")},
			rejected: []plan.Rejection{{Principal: "E1", Account: at("ada", "", "2")}}, want: []string{"pg/ada imported #1"},
		},
		"an account made again while the case runs": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, ties: []access.Ref{at("ada", "", "1")}, listed: []access.Ref{at("ada", "", "2")},
			known: []plan.KnownAccount{seen(at("ada", "", "1"))}, want: []string{"pg/ada imported #2", "pg/ada imported #1"},
		},
		"an account made again before the case began": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, ties: []access.Ref{at("ada", "", "1")}, listed: []access.Ref{at("ada", "", "2")},
			known: []plan.KnownAccount{{Ref: at("ada", "", "1"), Evidence: access.Imported}}, want: []string{"pg/ada imported #1", "? made again: pg/ada #2"},
		},
		"a system without ids": {
			claims: []access.Identity{claim("E1", "ada", "", access.Imported)}, ties: []access.Ref{at("ada", "", "1")}, listed: []access.Ref{at("ada", "")}, want: []string{"pg/ada imported"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := plan.Links{Who: "E1", Connection: "pg", Claims: c.claims, Rules: rules(t, c.rules), Profile: person, Others: c.others,
				Ties: c.ties, Rejected: c.rejected, Known: c.known, Hosts: c.hosts}
			for _, r := range c.listed {
				l.Listed = append(l.Listed, access.Account{Ref: r})
			}
			require.Equal(t, c.want, found(plan.Correlate(l)))
		})
	}
}

func TestQuestionsSayWhatIsInDoubt(t *testing.T) {
	t.Parallel()
	person := plan.Profile{Principal: access.Principal{ID: "E1", Login: "ada"}}
	got := plan.Correlate(plan.Links{Who: "E1", Connection: "pg", Profile: person, Rules: rules(t, "{{.Login}}@%,{{.Hosting}}_{{.Login}}"), Hosts: true,
		Claims: []access.Identity{claim("E1", "bob", "", access.Imported), claim("E2", "ada", "%", access.Confirmed), claim("E1", "eve", "%", access.Imported)},
		Others: plan.NameIndex{"ada@%": {"E1", "E3"}}, Ties: []access.Ref{at("eve", "%", "1")},
		Listed: []access.Account{{Ref: at("ada", "%")}, {Ref: at("bob", "%")}, {Ref: at("BOB", "%")}, {Ref: at("eve", "%", "2")}}})
	var words []string
	for _, q := range got.Questions {
		words = append(words, q.Words)
	}
	require.Equal(t, []string{
		"the rule {{.Hosting}}_{{.Login}} needs Hosting, and the roster has none for her",
		"the link says bob, and there is BOB@%: is it hers?",
		"the rule {{.Login}}@% gives ada@%, and E2 is linked to it (confirmed), E3 has the name by a rule: is it hers?",
		"the link to bob names no host, and there is bob@%: is it hers?",
		"an account of this name was made after the link was recorded; is it hers?",
	}, words)
}

func TestAnAccountInQuestionGetsNoStep(t *testing.T) {
	t.Parallel()
	ada, eve := account("ada", onTable), account("eve", onTable)
	f := facts(t, access.HR, ada, eve)
	before := plan.Make(f)
	require.NotContains(t, string(before.Canonical()), "questions", "the hash of a plan without questions is what it was")
	f.Questions = []plan.Question{
		{ID: 9, Kind: plan.NoAttribute, Account: access.Ref{Connection: "pg"}, Rule: "{{.Team}}", Words: "needs Team"},
		{ID: 7, Kind: plan.Contested, Account: ada.Ref, Words: "is it hers?"},
	}
	p := plan.Make(f)
	require.NotEqual(t, before.Hash(), p.Hash())
	require.Equal(t, []int64{7, 9}, []int64{p.Questions[0].ID, p.Questions[1].ID})
	for _, s := range p.Steps {
		require.Equal(t, "eve", s.Account.Name)
	}
	require.False(t, p.Accounts[0].Act)
	require.Equal(t, access.Blocked, p.Accounts[0].Outcome)
	require.Equal(t, "question 7 waits for an answer: is it hers?", p.Accounts[0].Why)
}
