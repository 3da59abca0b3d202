package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/sheet"
)

func onlyMain(name string) error {
	if name == "pg-main" {
		return nil
	}
	return desk.Invalidf("there is no connection %q", name)
}

func identity(who, account, host string) access.Identity {
	return access.Identity{Principal: access.PrincipalID(who), Connection: "pg-main", Account: account, Host: host, Evidence: access.Imported, Source: "roster.csv"}
}

func TestIdentityFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in       string
		want     identityFile
		problems []string
	}{
		"the least": {
			in:   "principal,connection,account\nE1,pg-main,ada\n",
			want: identityFile{People: []access.Principal{{ID: "E1"}}, Identities: []access.Identity{identity("E1", "ada", "")}},
		},
		"everything, in another order, from a spreadsheet": {
			in: "\xEF\xBB\xBFAccount,Principal,Connection,Host,Name,Login,Email\r\n\"a,b\",E1,pg-main,10.%,\"Ada \"\"L\"\"\",alove,ada@example.com\r\n",
			want: identityFile{People: []access.Principal{{ID: "E1", Name: `Ada "L"`, Login: "alove", Email: "ada@example.com"}},
				Identities: []access.Identity{identity("E1", "a,b", "10.%")}},
		},
		"a person with two accounts, described once": {
			in:   "principal,connection,account,name\nE1,pg-main,ada,Ada\nE1,pg-main,ada2,\nE1,pg-main,ada,Ada\n",
			want: identityFile{People: []access.Principal{{ID: "E1", Name: "Ada"}}, Identities: []access.Identity{identity("E1", "ada", ""), identity("E1", "ada2", "")}},
		},
		"described later": {
			in:   "principal,connection,account,name\nE1,pg-main,ada,\nE1,pg-main,ada2,Ada\n",
			want: identityFile{People: []access.Principal{{ID: "E1", Name: "Ada"}}, Identities: []access.Identity{identity("E1", "ada", ""), identity("E1", "ada2", "")}},
		},
		"no lines": {in: "principal,connection,account\n"},
		"nothing at all": {
			in: "", problems: []string{"line 1, column 1: the file is empty; it begins with: principal,connection,account"},
		},
		"a header that is none": {
			in: "principal,connection,acount\nE1,pg-main,ada\n", problems: []string{
				`line 1, column 22: there is no column "acount"; there are: principal, connection, account, host, login, name, email`,
				`line 1, column 1: the column "account" is missing from the header`,
			},
		},
		"a column twice": {
			in: "principal,connection,account,account\n", problems: []string{`line 1, column 30: the column "account" is there twice`},
		},
		"every mistake is told": {
			in: "principal,connection,account\nE1,pg-mian,ada\n,pg-main,ada\nE3,pg-main\nE4,pg-main,a\tb\nE5,pg-main,ok\n", problems: []string{
				`line 2, column 4 (connection): there is no connection "pg-mian"`,
				`line 3, column 1 (principal): it is empty`,
				`line 4, column 4: the header has 3 columns and this line has 2`,
				`line 5, column 12 (account): it has a character at byte 2 that cannot be seen: U+0009`,
			},
		},
		"a name over two lines": {
			in: "principal,connection,account\nE1,pg-main,\"a\nb\"\n", problems: []string{`line 2, column 12 (account): it has a character at byte 2 that cannot be seen: U+000A`},
		},
		"a quote that does not end": {
			in: "principal,connection,account\nE1,pg-main,\"ada\n", problems: []string{`line 2, column 17: extraneous or missing " in quoted-field`},
		},
		"a quote in the middle": {
			in: "principal,connection,account\nE1,pg-main,a\"da\n", problems: []string{`line 2, column 13: bare " in non-quoted-field`},
		},
		"a contradiction": {
			in: "principal,connection,account,name\nE1,pg-main,ada,Ada\nE1,pg-main,ada2,Bob\n", problems: []string{
				`line 3, column 17 (name): "Bob" contradicts line 2, where name of E1 is "Ada"`,
			},
		},
		"a principal that is too long": {
			in: "principal,connection,account\n" + strings.Repeat("E", 241) + ",pg-main,ada\n", problems: []string{
				"line 2, column 1 (principal): it is 241 bytes long; at most 240 are allowed",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := readIdentities(document(c.in), "roster.csv", onlyMain)
			var words []string
			for _, p := range problems {
				words = append(words, p.String())
			}
			require.Equal(t, c.problems, words)
			if c.problems == nil {
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestIdentitiesAsJSON(t *testing.T) {
	t.Parallel()
	both := identityFile{People: []access.Principal{{ID: "E1", Name: "Ada", Login: "alove"}}, Identities: []access.Identity{identity("E1", "ada", "%")}}
	for name, c := range map[string]struct {
		in       string
		want     identityFile
		problems []string
	}{
		"a list": {in: `[{"principal": "E1", "connection": "pg-main", "account": "ada", "host": "%", "name": "Ada", "login": "alove"}]`, want: both},
		"people and links": {
			in: "\xEF\xBB\xBF{\"identities\": [{\"account\": \"ada\", \"principal\": \"E1\", \"connection\": \"pg-main\", \"host\": \"%\"}],\n" +
				` "principals": [{"principal": "E1", "name": "Ada", "login": "alove"}]}`,
			want: both,
		},
		"twice the same": {
			in:   `[{"principal": "E1", "connection": "pg-main", "account": "ada"}, {"principal": "E1", "connection": "pg-main", "account": "ada"}]`,
			want: identityFile{People: []access.Principal{{ID: "E1"}}, Identities: []access.Identity{identity("E1", "ada", "")}},
		},
		"nothing in it": {in: "[]"},
		"every mistake is told": {
			in: "[\n  {\"principal\": \"E1\", \"connection\": \"pg-mian\", \"account\": \"ada\"},\n  {\"principal\": 2, \"acount\": \"x\"},\n" +
				"  {\"principal\": \"E3\", \"connection\": \"pg-main\"},\n  7,\n  {\"principal\": \"E4\", \"principal\": \"E5\"}, {\"principal\": \"\", \"connection\": \"pg-main\", \"account\": \"ä\\u0000\"}]",
			problems: []string{
				`line 2, column 37 (connection): there is no connection "pg-mian"`,
				`line 3, column 17 (principal): it is a number, and text in quotes belongs here`,
				`line 3, column 20: there is no field "acount"; there are: principal, connection, account, host, login, name, email`,
				`line 4, column 3: the field "account" is missing`,
				`line 5, column 3: it is a number, and an object belongs here`,
				`line 6, column 23: the field "principal" is there twice`,
				`line 6, column 57 (principal): it is empty`,
				`line 6, column 97 (account): it has a character at byte 3 that cannot be seen: U+0000`,
			},
		},
		"a contradiction": {
			in:       `{"principals": [{"principal": "E1", "name": "Ada"}],` + "\n" + `"identities": [{"principal": "E1", "connection": "pg-main", "account": "ada", "name": "Bob"}]}`,
			problems: []string{`line 2, column 87 (name): "Bob" contradicts line 1, where name of E1 is "Ada"`},
		},
		"another list":        {in: `{"people": []}`, problems: []string{`line 1, column 2: there is no list "people"; there are: principals, identities`}},
		"no list":             {in: `{"identities": {}}`, problems: []string{`line 1, column 16: it is an object, and a list of objects belongs here`}},
		"not JSON":            {in: "[\n{\"principal\" \"E1\"}]", problems: []string{`line 2, column 14: invalid character '"' after object key`}},
		"cut off":             {in: "[\n{\"principal\": \"E1\"", problems: []string{"line 2, column 19: the text ends too early"}},
		"something behind it": {in: "[]\n[]", problems: []string{"line 2, column 1: the value has ended, and something follows"}},
		"not UTF-8":           {in: "[\n \"\xff\"]", problems: []string{"line 2, column 3: it is not UTF-8 text"}},
		"a tower":             {in: strings.Repeat("[", 100), problems: []string{"line 1, column 19: it is nested too deeply"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := readIdentities(document(c.in), "roster.csv.json", onlyMain)
			var words []string
			for _, p := range problems {
				words = append(words, p.String())
			}
			require.Equal(t, c.problems, words)
			if c.problems == nil {
				for i := range c.want.Identities {
					c.want.Identities[i].Source = "roster.csv.json"
				}
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestTheFormatIsSeenFromTheNameOrTheText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source, text string
		want         bool
	}{
		"by name":         {"a.JSON", "principal\n", true},
		"by name, CSV":    {"a.csv", "[", false},
		"by text":         {"standard input", "\xEF\xBB\xBF \n[{}]", true},
		"by text, object": {"export", "{}", true},
		"by text, CSV":    {"standard input", "principal,connection", false},
		"nothing":         {"standard input", "", false},
	} {
		require.Equal(t, c.want, sheet.IsJSON(c.source, document(c.text)), name)
	}
}

func FuzzIdentityFile(f *testing.F) {
	for _, seed := range []string{
		"", "principal,connection,account\nE1,pg-main,ada\n", "\xEF\xBB\xBFprincipal,connection,account,host\r\n\"E\",pg-main,\"a\"\"b\",%\r\n",
		`[{"principal": "E1", "connection": "pg-main", "account": "ada"}]`, `{"principals": [{"principal": "E1"}], "identities": []}`, "[{\"\n", `[[[{}]]]`, "{\"a\":\xff}",
		"principal,connection,account\n\"", "principal,connection,account\nE1,pg-main\n\n,,\n", "account,principal,connection,name\na,b,c,\x00\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, problems := readIdentities(document(in), "standard input", nil)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.What == "" {
				t.Fatalf("a mistake without a place: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		people := map[access.PrincipalID]bool{}
		for _, p := range got.People {
			if people[p.ID] {
				t.Fatalf("%s is described twice", p.ID)
			}
			people[p.ID] = true
		}
		for _, id := range got.Identities {
			if !people[id.Principal] || id.Account == "" || id.Connection == "" || id.Evidence != access.Imported {
				t.Fatalf("half an identity: %+v", id)
			}
			if desk.ValidName("it", id.Account) != nil || desk.ValidText("it", string(id.Principal), desk.MaxPrincipal) != nil {
				t.Fatalf("a name that cannot be one: %+v", id)
			}
		}
	})
}
