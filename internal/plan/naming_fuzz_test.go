package plan_test

import (
	"testing"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// A rule is given by people, and what it is applied to by a roster. Neither may end the
// program, and a rule never gives an empty name.
func FuzzNamingRules(f *testing.F) {
	for _, seed := range []string{"{{.Login}}", "{{.Hosting}}_{{.Login}}", "{{", "{{.Login", "{{.Login.X}}", "{{range .}}{{end}}", "a,b", "{{.Login}},", "{{lower .Login}}", "{{printf \"%999999999s\" .Login}}", "{{`"} {
		f.Add(seed, "ada")
	}
	f.Fuzz(func(t *testing.T, list, login string) {
		rules, err := plan.ParseRules(list)
		if err != nil {
			return
		}
		index := plan.IndexNames(rules, []plan.Profile{{Principal: access.Principal{ID: "E1", Login: login}, Attributes: map[string]string{"hosting": login}}})
		_ = index
	})
}
