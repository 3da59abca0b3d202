package catalog_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/pagetest"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
)

const page = "../../../docs/least-privilege.md"

func TestEveryProviderSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, spec := range catalog.Specs() {
		require.True(t, slices.ContainsFunc(spec.Needs, func(n provider.Need) bool { return n.Reach == provider.ToLook }), "%s: what it takes to look", spec.Name)
		require.True(t, slices.IsSortedFunc(spec.Needs, func(a, b provider.Need) int {
			return cmp.Compare(slices.Index(provider.Reaches, a.Reach), slices.Index(provider.Reaches, b.Reach))
		}), spec.Name)
		for _, n := range spec.Needs {
			require.Contains(t, provider.Reaches, n.Reach, spec.Name)
			require.NotEmpty(t, n.Give, spec.Name)
			require.NotEmpty(t, n.Without, n.Give)
			require.Regexp(t, `^https://`, n.Source, n.Give)
		}
	}
}

// The page and the program say the same.
func TestThePageHasTheNeeds(t *testing.T) {
	for _, spec := range catalog.Specs() {
		var b strings.Builder
		b.WriteString("| to | right | needed for | without it | known from |\n| --- | --- | --- | --- | --- |\n")
		for _, n := range spec.Needs {
			give := n.Give
			if strings.HasPrefix(give, "GRANT") || strings.HasPrefix(give, "ALTER") || strings.HasPrefix(give, "scope") || strings.HasPrefix(give, "role") {
				give = "`" + give + "`"
			}
			if n.Rare {
				give += " (rarely)"
			}
			known := "**unverified**"
			if n.Seen != "" {
				known = "tried on " + n.Seen
			}
			source := "[manual](" + n.Source + ")"
			if _, path, ok := strings.Cut(n.Source, " "); ok {
				source = strings.Replace("[source]("+n.Source+")", " "+path, "", 1) + " `" + path + "`"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s, %s |\n", n.Reach, give, cmp.Or(n.On, "everything"), n.Without, known, source)
		}
		pagetest.Hold(t, page, "rights on "+spec.Name, b.String())
	}
}
