package hostile_test

import (
	"maps"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
)

// hostileNames mean something else where somebody forgot to quote them, or quoted them
// for another language.
func hostileNames(word string) []string {
	out := []string{
		`o'neil "hi"`, "`back\\tick\\'", "100%_", "ädä-日本", "x; drop role y --", "/* $1 ${x} {{.}} ?", "tab\tand\nnewline", "../c/a.b", "CamelCase", "a@b <c>",
	}
	for i := range out {
		out[i] += word
	}
	return out
}

func names(g *stage) {
	g.Policy.BatchSize, g.Policy.RetryEvery = 5, time.Hour
	var held []person
	for _, name := range g.names(g.word) {
		held = append(held, g.everywhere(name, "hers"))
	}
	g.hire(held...)
	strangers := g.strangers(g.word)
	var unknown, others []person
	for _, name := range slices.Sorted(maps.Keys(strangers)) {
		unknown = append(unknown, g.everywhere(name, "hers"))
		if other := strangers[name]; other != "" {
			others = append(others, g.everywhere(other, "theirs"))
		}
	}
	g.bystanders(others...)
	for _, p := range append(slices.Clone(held), unknown...) {
		g.Owns(g.who, g.ref(p))
	}
	caseID := g.begin()
	g.stops()
	g.check(caseID, g.her, gone)
	for _, p := range held {
		g.check(caseID, p, gone)
	}
	for _, p := range unknown {
		g.check(caseID, p, truth{outcome: access.Unknown, task: "account " + p.name})
	}
}
