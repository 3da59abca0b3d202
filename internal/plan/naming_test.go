package plan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

func TestParseRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want []string
		says string
	}{
		"none":                      {in: " , "},
		"two":                       {in: "{{.Login}}, {{.Hosting}}_{{.Login}}", want: []string{"{{.Login}}", "{{.Hosting}}_{{.Login}}"}},
		"a comma within":            {in: `{{printf "%s,x" .Login}},{{.ID}}`, want: []string{`{{printf "%s,x" .Login}}`, "{{.ID}}"}},
		"functions":                 {in: "{{lower .Login}}@%", want: []string{"{{lower .Login}}@%"}},
		"a brace that does not end": {in: "{{.Login", says: `the rule "{{.Login": rule:1: unclosed action`},
		"no field":                  {in: "admin", says: `the rule "admin": it has no field, and would give everybody the same name`},
		"a condition":               {in: "{{if .Login}}x{{end}}", says: "no conditions, variables or templates"},
		"a variable":                {in: "{{$x := .Login}}{{$x}}", says: "no conditions, variables or templates"},
		"another template":          {in: `{{define "x"}}{{end}}{{.Login}}`, says: "no conditions, variables or templates"},
		"the whole person":          {in: "{{.}}", says: "no conditions, variables or templates"},
		"a field of a field":        {in: "{{.Login.X}}", says: ".Login.X: an attribute is one word"},
		"no such function":          {in: "{{env .Login}}", says: `function "env" not defined`},
		"twice":                     {in: "{{.Login}},{{.Login}}", says: `the rule "{{.Login}}" is there twice`},
		"all mistakes":              {in: "a,b", says: "the rule \"a\": it has no field, and would give everybody the same name\nthe rule \"b\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := plan.ParseRules(c.in)
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			var texts []string
			for _, r := range got {
				texts = append(texts, r.String())
			}
			require.Equal(t, c.want, texts)
		})
	}
}

// rules are the rules of a test, which are right.
func rules(t *testing.T, list string) []plan.Rule {
	t.Helper()
	out, err := plan.ParseRules(list)
	require.NoError(t, err)
	return out
}

func TestRulesGenerateExactNames(t *testing.T) {
	t.Parallel()
	ada := plan.Profile{Principal: access.Principal{ID: "E1", Login: "Ada", Name: "Ada L"}, Attributes: map[string]string{"Hosting": "NW1", "Team": "", "Bell": "a\ab"}}
	for rule, want := range map[string]struct {
		name    string
		missing []string
		says    string
	}{
		"{{.Login}}":                            {name: "Ada"},
		"{{.Hosting}}_{{lower .Login}}@%":       {name: "NW1_ada@%"},
		"{{.ID}}-{{upper .Hosting}}":            {name: "E1-NW1"},
		`{{printf "%.2s" .Login}}{{.ID}}`:       {name: "AdE1"},
		"{{.Email}}":                            {missing: []string{"Email"}},
		"{{.Team}}_{{.Login}}_{{.Desk}}":        {missing: []string{"Team", "Desk"}},
		"{{.Bell}}":                             {says: "which is no name of an account"},
		" {{slice .Login 9}}":                   {says: "out of range"},
		`{{printf "%999s" .Login}}`:             {says: "longer than 256 bytes"},
		"{{.Login}}" + strings.Repeat("x", 256): {says: "longer than 256 bytes"},
	} {
		r := rules(t, rule)[0]
		name, missing, err := r.Name(ada)
		if want.says != "" {
			require.ErrorContains(t, err, want.says, rule)
			continue
		}
		require.NoError(t, err, rule)
		require.Equal(t, want.name, name, rule)
		require.Equal(t, want.missing, missing, rule)
	}
}

func TestIndexNames(t *testing.T) {
	t.Parallel()
	person := func(id, login, hosting string) plan.Profile {
		return plan.Profile{Principal: access.Principal{ID: access.PrincipalID(id), Login: login}, Attributes: map[string]string{"Hosting": hosting}}
	}
	require.Equal(t, plan.NameIndex{
		"ada": {"E1", "E2"}, "NW1_ada": {"E1"}, "bob": {"E3"}, "NW2_bob": {"E3"},
	}, plan.IndexNames(rules(t, "{{.Login}},{{.Hosting}}_{{.Login}}"), []plan.Profile{person("E1", "ada", "NW1"), person("E2", "ada", ""), person("E3", "bob", "NW2"), person("E4", "", "NW2")}))
}
