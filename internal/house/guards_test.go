package house

import (
	"path"
	"slices"
)

// guardsTest is the table in which each provider says what it does when it cannot tell
// whether an account may be touched.
const guardsTest = "TestGuardsFailClosed"

func checkGuards(t *tree) []violation {
	var tested []string
	for _, f := range t.files {
		if f.test && f.declares(guardsTest) {
			tested = append(tested, f.dir)
		}
	}
	var out []violation
	for _, f := range t.files {
		if path.Dir(f.dir) == "internal/provider" && !f.test && f.declares("Spec") && !slices.Contains(tested, f.dir) {
			out = append(out, violation{f.path, "has no " + guardsTest,
				"nobody has asked what it does to an account when it cannot tell whose that is, and the answer is found out on a real one"})
		}
	}
	return out
}
