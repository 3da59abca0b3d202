// Package house checks what the compiler does not: who may import whom, how long a
// file may be, and the few words and calls that have no place here. It has tests
// only. Each rule says which accident it prevents; who needs an exception adds it to
// the rule, with the reason beside it.
package house

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A violation is one break of one rule.
type violation struct {
	at   string // "internal/plan/make.go:12"
	what string // "imports net/http"
	why  string // the accident
}

func (v violation) String() string { return fmt.Sprintf("%s: %s: %s", v.at, v.what, v.why) }

// check applies every rule to the tree.
func check(t *tree) []violation {
	var all []violation
	for _, rule := range []func(*tree) []violation{
		checkImports, checkTemporalMeetsProviders, checkCatalog, checkGuards,
		checkLength, checkPackageComments, checkPackageNames, checkMarks, checkCalls,
	} {
		all = append(all, rule(t)...)
	}
	slices.SortFunc(all, func(a, b violation) int { return strings.Compare(a.String(), b.String()) })
	return all
}

func TestHouse(t *testing.T) {
	our, err := load(os.DirFS("../.."))
	require.NoError(t, err)
	require.NotEmpty(t, our.files)
	for _, v := range check(our) {
		t.Error(v)
	}
}

// An exception for something that is gone would let the next thing of that name in.
func TestRulesNameWhatExists(t *testing.T) {
	our, err := load(os.DirFS("../.."))
	require.NoError(t, err)
	for _, rule := range importRules {
		for _, pattern := range slices.Concat(rule.in, rule.except, rule.only) {
			exists := func(f *file) bool { return match(pattern, f.dir) }
			require.True(t, pattern == own || slices.ContainsFunc(our.files, exists), "no package matches %q, named by the rule %q", pattern, rule.why)
		}
	}
}
