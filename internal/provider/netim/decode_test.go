package netim

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// read is a hosting as fetch makes it.
func read(t *testing.T, body string) *hosting {
	t.Helper()
	m, err := membersOf(json.RawMessage(body))
	require.NoError(t, err)
	h := &hosting{id: "N"}
	h.databases, h.noDatabases = databasesOf(m)
	h.users, h.noUsers = usersOf(m)
	return h
}

func TestShapesOfAnAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		linked []string
		gaps   int
	}{
		"arrays":                    {`{"DATABASES":[{"dbName":"N_a","users":["N_x"]},{"dbName":"N_b","users":[]}],"DATABASE_USERS":["N_x"]}`, []string{"N_a"}, 0},
		"nothing there":             {`{"DATABASES":[],"DATABASE_USERS":["N_x"]}`, nil, 0},
		"an empty object":           {`{"DATABASES":{},"DATABASE_USERS":["N_x"]}`, nil, 0},
		"other members":             {`{"DATABASES":[{"version":"8","dbName":"N_a","users":[{"username":"N_x","since":1}]}],"DATABASE_USERS":[{"username":"N_x","x":{}}]}`, []string{"N_a"}, 0},
		"other cases":               {`{"databases":[{"DBNAME":"N_a","Users":["N_x"]}],"database_users":["N_x"]}`, []string{"N_a"}, 0},
		"no links":                  {`{"DATABASES":[{"dbName":"N_a"}],"DATABASE_USERS":["N_x"]}`, nil, 1},
		"links are null":            {`{"DATABASES":[{"dbName":"N_a","users":null}],"DATABASE_USERS":["N_x"]}`, nil, 1},
		"links of one only":         {`{"DATABASES":[{"dbName":"N_a","users":["N_x"]},{"dbName":"N_b"}],"DATABASE_USERS":["N_x"]}`, []string{"N_a"}, 1},
		"links are a number":        {`{"DATABASES":[{"dbName":"N_a","users":3}],"DATABASE_USERS":["N_x"]}`, nil, 1},
		"links are nameless":        {`{"DATABASES":[{"dbName":"N_a","users":[{"login":"N_x"}]}],"DATABASE_USERS":["N_x"]}`, nil, 1},
		"bare databases":            {`{"DATABASES":["N_a"],"DATABASE_USERS":["N_x"]}`, nil, 1},
		"links in the user":         {`{"DATABASES":["N_a","N_b"],"DATABASE_USERS":[{"username":"N_x","databases":["N_b"]}]}`, []string{"N_b"}, 0},
		"links disagree":            {`{"DATABASES":[{"dbName":"N_a","users":["N_x"]},{"dbName":"N_b","users":[]}],"DATABASE_USERS":[{"username":"N_x","databases":["N_b"]}]}`, []string{"N_a", "N_b"}, 2},
		"keyed":                     {`{"DATABASES":{"N_a":{"users":{"N_x":{"username":"N_x"}}}},"DATABASE_USERS":{"N_x":{"x":1}}}`, []string{"N_a"}, 0},
		"keyed by another name":     {`{"DATABASES":{"N_a":{"dbName":"N_b","users":[]}},"DATABASE_USERS":["N_x"]}`, nil, 1},
		"keyed twice":               {`{"DATABASES":{"N_a":{"users":[]},"N_a":{"users":["N_x"]}},"DATABASE_USERS":["N_x"]}`, nil, 1},
		"keyed by number, nameless": {`{"DATABASES":{"0":{"users":["N_x"]}},"DATABASE_USERS":["N_x"]}`, nil, 1},
		"keyed by number":           {`{"DATABASES":{"0":{"dbName":"N_a","users":["N_x"]}},"DATABASE_USERS":["N_x"]}`, []string{"N_a"}, 0},
		"fewer than counted":        {`{"WEB":{"nbDatabases":2},"DATABASES":[{"dbName":"N_a","users":["N_x"]}],"DATABASE_USERS":["N_x"]}`, nil, 1},
		"counted in a list":         {`{"WEB":[{"nbDatabases":"1"}],"DATABASES":[{"dbName":"N_a","users":["N_x"]}],"DATABASE_USERS":["N_x"]}`, []string{"N_a"}, 0},
		"missing":                   {`{"DATABASE_USERS":["N_x"]}`, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := read(t, c.body)
			require.NoError(t, h.noUsers)
			linked, gaps := h.linksOf("N_x")
			require.Equal(t, c.linked, linked)
			require.Len(t, gaps, c.gaps, "%+v", gaps)
		})
	}
}

func TestRightsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]rights{
		`{"username":"N_x","internalAccess":"RW","externalAccess":"no"}`: {"RW", "NO"},
		`{"username":"N_x","internalAccess":"RW"}`:                       {},
		`{"username":"N_x","internalAccess":1,"externalAccess":"NO"}`:    {},
		`{"username":"N_x","internalAccess":"ALL","externalAccess":""}`:  {},
		`"N_x"`: {},
	} {
		h := read(t, `{"DATABASES":[],"DATABASE_USERS":[`+body+`]}`)
		require.NoError(t, h.noUsers)
		require.Equal(t, want, h.users[0].rights)
	}
}

func TestNamesInTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"N_ada": true, "user N_ada.": true, "N_adam": false, "xN_ada": false, "N_ada_2, N_ada": true, "N_ada-x": false,
		`{"username":"N_ada"}`: true, "": false, "éN_ada": false, "N_adaé": false, "/N_ada/": true,
	} {
		require.Equal(t, want, named(text, "N_ada"), text)
	}
}
