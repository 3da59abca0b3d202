package wiring_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// stage is one system with people on it, and somebody who looks at it from outside.
type stage struct {
	conn catalog.Connection
	hers []login
	his  login // Bob's
	// look is all that the system's own catalog says, a fact a line, sorted. Ids that
	// the system gives by itself are no facts.
	look func() []string
	// opens tries to log in.
	opens   func(login, string) bool
	blocked obstacle
	// loses is what a cancel half-way does not give back.
	loses []loss
	// keeps reports whether an account has its own password after such a cancel.
	keeps func(login) bool
	// lost reports whether an account does not come back at all; nil is none.
	lost func(login) bool
	// golden takes the names of one run out of the text of its story; nil where no such
	// text is kept.
	golden *strings.Replacer
	// hold makes the system stop in the middle of a removal: waits reports whether a
	// request of Sever's stands there, and release lets it go on.
	hold func() (waits func() bool, release func())
}

// login is one account as the people of a story know it.
type login struct{ place, name, host, password string }

func (l login) String() string { return l.place + " " + l.name }

// obstacle is why one of her accounts cannot be removed at first.
type obstacle struct {
	login   login
	outcome access.Outcome
	open    bool   // it could not even be contained
	why     string // in the words of the account
	// successor receives what she owns. Where it is empty, clear is what a person does.
	successor string
	clear     func(*severtest.World)
	newWord   bool   // what is planned then was not approved yet
	price     string // lines of the catalog that the person who cleared it changed, as a regular expression
}

// loss is a difference that the plan announced.
type loss struct {
	announced string // words of the plan
	line      string // of the catalog, as a regular expression
}

// stages are all systems that can give something back.
var stages = []struct {
	name  string
	build func(*testing.T) *stage
}{
	{"memory", memoryStage},
	{"postgres", postgresStage},
	{"mariadb", mariadbStage},
	{"digitalocean", digitaloceanStage},
	{"plesk", pleskStage},
	{"trove", troveStage},
	{"netim", netimStage},
}

// difference is every line that is only in one of the two.
func difference(before, after []string) []string {
	var out []string
	for _, line := range missingFrom(after, before) {
		out = append(out, "- "+line)
	}
	for _, line := range missingFrom(before, after) {
		out = append(out, "+ "+line)
	}
	return out
}

// missingFrom are the lines that a catalog lacks.
func missingFrom(catalog, lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(catalog, line) })
}

func keys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

func namesOf(logins []login) []string {
	var out []string
	for _, l := range logins {
		out = append(out, l.name)
	}
	return out
}

func readPlan(t *testing.T, saved store.Plan) plan.Plan {
	t.Helper()
	var p plan.Plan
	require.NoError(t, json.Unmarshal(saved.Body, &p))
	require.Equal(t, saved.Hash, p.Hash())
	return p
}

// facts are the fields of something, one a line.
func facts(what string, fields map[string]any) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, fmt.Sprintf("%s: %s %v", what, name, fields[name]))
	}
	return out
}
