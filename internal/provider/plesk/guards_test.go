package plesk

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Our login of the panel is no database user, and Plesk keeps its administrators to
// itself. What there is to protect are default users, where that is asked for; a user
// of which that cannot be told is protected. That nothing is sent then is a test of
// its own (TestProtectedDefaultUsers).
func TestGuardsFailClosed(t *testing.T) {
	t.Parallel()
	shop := database{ID: 7, Name: "shop", Default: 1}
	const of = "the default user of database shop, which PROTECT_DEFAULT_USERS keeps"
	const untold = "whether it is a default user, which PROTECT_DEFAULT_USERS keeps, cannot be told: Plesk does not list its database"
	for name, c := range map[string]struct {
		keep      bool
		databases []database
		of        user
		want      string
	}{
		"a default user":                          {true, []database{shop}, user{ID: 1, Database: 7}, of},
		"a universal one":                         {true, []database{shop}, user{ID: 1}, of},
		"known to be none":                        {true, []database{shop}, user{ID: 2, Database: 7}, ""},
		"its database is not listed":              {true, nil, user{ID: 2, Database: 7}, untold},
		"its database is not listed, but another": {true, []database{shop}, user{ID: 2, Database: 8}, untold},
		"nobody asked for it":                     {false, []database{shop}, user{ID: 1, Database: 7}, ""},
	} {
		require.Equal(t, c.want, view{keepDefaults: c.keep, databases: c.databases}.protected(c.of), name)
	}
}
