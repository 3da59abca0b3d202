package sweep_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/sweep"
)

var (
	noon   = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	people = map[access.PrincipalID]sweep.Person{
		"E-left":  {Standing: sweep.HasLeft, LeftAt: noon.AddDate(0, 0, -3), Case: "C-1"},
		"E-there": {Standing: sweep.Active},
		"E-who":   {},
	}
)

func account(name string, change ...func(*access.Account)) access.Account {
	a := access.Account{Ref: access.Ref{Connection: "pg", Resource: "main", Name: name, ForeignID: "7"}}
	for _, c := range change {
		c(&a)
	}
	return a
}

func link(who access.PrincipalID, name, host string) access.Identity {
	return access.Identity{Principal: who, Connection: "pg", Account: name, Host: host, Evidence: access.Imported, Source: "people.csv"}
}

// found is a finding without its evidence.
type found struct {
	What  sweep.What
	Who   access.PrincipalID
	Words string
}

func short(all []sweep.Finding) (out []found) {
	for _, f := range all {
		out = append(out, found{f.What, f.Principal, f.Words})
	}
	return out
}

func TestJudge(t *testing.T) {
	t.Parallel()
	locked := func(a *access.Account) { a.Contained = true }
	for name, c := range map[string]struct {
		rule    sweep.Kind
		account access.Account
		scene   sweep.Scene
		known   sweep.Known
		want    []found
	}{
		"left: hers by a link": {rule: sweep.Left, account: account("ada"), known: sweep.Known{Links: []access.Identity{link("E-left", "ada", "")}},
			want: []found{{sweep.OfLeaver, "E-left", "E-left left, and the account is still there, and open"}}},
		"left: locked is not gone": {rule: sweep.Left, account: account("ada", locked), known: sweep.Known{Links: []access.Identity{link("E-left", "ada", "")}},
			want: []found{{sweep.OfLeaver, "E-left", "E-left left, and the account is still there, locked"}}},
		"left: hers by a rule": {rule: sweep.Left, account: account("ada"), scene: sweep.Scene{Names: plan.NameIndex{"ada": {"E-left"}}},
			want: []found{{sweep.OfLeaver, "E-left", "E-left left, and the account is still there, and open"}}},
		"left: shared with somebody who is there": {rule: sweep.Left, account: account("ada"),
			known: sweep.Known{Links: []access.Identity{link("E-left", "ada", ""), link("E-there", "ada", "")}},
			want:  []found{{sweep.OfLeaver, "E-left", "E-left left, and the account is still there, and open; it is claimed by E-there as well"}}},
		"left: of somebody who is there":     {rule: sweep.Left, account: account("ada"), known: sweep.Known{Links: []access.Identity{link("E-there", "ada", "")}}},
		"left: nobody's is for another rule": {rule: sweep.Left, account: account("ada")},
		"left: no roster speaks": {rule: sweep.Left, account: account("ada"), known: sweep.Known{Links: []access.Identity{link("E-who", "ada", "")}},
			want: []found{{sweep.CannotBeTold, "E-who", "no roster has spoken of E-who: whether the account should be there is unknown"}}},
		"left: not of these letters": {rule: sweep.Left, account: account("Ada"), known: sweep.Known{Links: []access.Identity{link("E-left", "ada", "")}}},
		"left: a person said no": {rule: sweep.Left, account: account("ada"), known: sweep.Known{Links: []access.Identity{link("E-left", "ada", "")},
			Rejected: []plan.Rejection{{Principal: "E-left", Account: account("ada").Ref}}}},
		"left: made again since": {rule: sweep.Left, account: account("ada"), known: sweep.Known{Links: []access.Identity{link("E-left", "ada", "")},
			Ties: []sweep.Tie{{Principal: "E-left", Ref: access.Ref{Connection: "pg", Resource: "main", Name: "ada", ForeignID: "6"}}}},
			want: []found{{sweep.CannotBeTold, "E-left", "the account that E-left had (id 6) is gone, and there is another of its name: whose it is a person has to say"}}},
		"left: ids that change say nothing": {rule: sweep.Left, account: account("ada"), scene: sweep.Scene{LooseIDs: true},
			known: sweep.Known{Links: []access.Identity{link("E-left", "ada", "")},
				Ties: []sweep.Tie{{Principal: "E-left", Ref: access.Ref{Connection: "pg", Resource: "main", Name: "ada", ForeignID: "6"}}}},
			want: []found{{sweep.OfLeaver, "E-left", "E-left left, and the account is still there, and open"}}},

		"unissued: nobody's": {rule: sweep.Unissued, account: account("ghost"),
			want: []found{{sweep.OfNobody, "", "no link and no naming rule gives the account to anybody; it is open"}}},
		"unissued: of a leaver is somebody's": {rule: sweep.Unissued, account: account("ada"), known: sweep.Known{Links: []access.Identity{link("E-left", "ada", "")}}},
		"unissued: by a rule":                 {rule: sweep.Unissued, account: account("ada"), scene: sweep.Scene{Names: plan.NameIndex{"ada": {"E-there"}}}},
		"unissued: built in":                  {rule: sweep.Unissued, account: account("postgres", func(a *access.Account) { a.Protected = "built-in" })},
		"unissued: protected by the house":    {rule: sweep.Unissued, account: account("app_shop"), scene: sweep.Scene{Protected: []string{"app_*"}}},
		"unissued: at another host": {rule: sweep.Unissued, account: account("ada", func(a *access.Account) { a.Host = "10.0.0.1" }),
			known: sweep.Known{Links: []access.Identity{link("E-there", "ada", "%")}},
			want:  []found{{sweep.OfNobody, "", "no link and no naming rule gives the account to anybody; it is open"}}},
		"unissued: at every host": {rule: sweep.Unissued, account: account("ada", func(a *access.Account) { a.Host = "10.0.0.1" }),
			known: sweep.Known{Links: []access.Identity{link("E-there", "ada", "*")}}},
		"unissued: a link without a host": {rule: sweep.Unissued, account: account("ada", func(a *access.Account) { a.Host = "%" }),
			known: sweep.Known{Links: []access.Identity{link("E-there", "ada", "")}},
			want:  []found{{sweep.CannotBeTold, "E-there", "a link of E-there says ada and names no host: whether it means ada@% is for a person to say"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.scene.Rule, c.scene.Connection, c.scene.Now = sweep.Rule{Kind: c.rule}, "pg", noon
			c.known.People = people
			require.Equal(t, c.want, short(c.scene.Judge([]access.Account{c.account}, c.known)))
		})
	}
}

func TestEvidenceOfALeaver(t *testing.T) {
	t.Parallel()
	s := sweep.Scene{Rule: sweep.Rule{Kind: sweep.Left}, Connection: "pg", Protected: []string{"ada"}}
	a := account("ada", func(a *access.Account) { a.Contained = true })
	got := s.Judge([]access.Account{a}, sweep.Known{Links: []access.Identity{link("E-left", "ada", ""), link("E-there", "ada", "")}, People: people})
	require.Len(t, got, 1)
	require.Equal(t, map[string]string{"left_at": "2026-04-28T12:00:00Z", "link": "imported", "case": "C-1", "shared_with": "E-there",
		"contained": "yes: nobody can log in with it now", "protected": "protected by configuration: ada"}, got[0].Evidence)
}

func TestOrphaned(t *testing.T) {
	t.Parallel()
	s, m := sweep.Scene{Rule: sweep.Rule{Kind: sweep.Orphans}, Connection: "my"}, sweep.NewMet()
	m.Add(access.Ref{Name: "ada", Host: "%"})
	m.Add(access.Ref{Name: "bob"})
	for name, c := range map[string]struct {
		link access.Identity
		want []found
	}{
		"there":                  {link: link("E1", "ada", "%")},
		"there without a host":   {link: link("E1", "bob", "")},
		"at every host":          {link: link("E1", "ada", "*")},
		"at every host, or none": {link: link("E1", "bob", "*")},
		"nowhere":                {link("E1", "eve", ""), []found{{sweep.Orphan, "E1", "my lists no account eve, to which a link of E1 leads"}}},
		"nowhere at any host":    {link("E1", "eve", "*"), []found{{sweep.Orphan, "E1", "my lists no account eve@*, to which a link of E1 leads"}}},
		"at another host":        {link("E1", "ada", "10.0.0.1"), []found{{sweep.Orphan, "E1", "my lists no account ada@10.0.0.1, to which a link of E1 leads"}}},
		"without its host": {link("E1", "ada", ""), []found{{sweep.CannotBeTold, "E1",
			"the link of E1 to ada names no host, and the accounts of that name have one: which is meant is for a person to say"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, short(s.Orphaned([]access.Identity{c.link}, m)))
		})
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	one := func(loose bool, change func(*access.Account)) string {
		s := sweep.Scene{Rule: sweep.Rule{Kind: sweep.Unissued}, Connection: "pg", LooseIDs: loose}
		return s.Judge([]access.Account{account("ghost", change)}, sweep.Known{})[0].Key()
	}
	same := func(*access.Account) {}
	another := func(a *access.Account) { a.ForeignID = "8" }
	require.Equal(t, one(false, same), one(false, func(a *access.Account) { a.Contained = true }), "the words change, the finding does not")
	require.NotEqual(t, one(false, same), one(false, another), "an account that was made again is another one")
	require.Equal(t, one(true, same), one(true, another), "where ids are loose it is not")
	require.NotEqual(t, one(false, same), one(false, func(a *access.Account) { a.Resource = "other" }))
}
