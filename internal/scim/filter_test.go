package scim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/store"
)

func somebody(t *testing.T) user {
	t.Helper()
	d, err := read([]byte(`{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "Ada", "externalId": "X1", "active": true, "title": "DBA \"senior\"",
		"name": {"familyName": "Lovelace"}, "emails": [{"type": "work", "value": "Ada@Example.com", "primary": true}, {"type": "home", "value": "a@home.org"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "IT", "manager": {"value": "7"}},
		"urn:severhq:params:scim:schemas:extension:1.0:User": {"effectiveAt": "2026-05-01T17:00:00+02:00"}}`))
	require.NoError(t, err)
	return user{store.SCIMUser{ID: "u1", Principal: "E1", CreatedAt: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)}, d}
}

func TestFiltersLetThrough(t *testing.T) {
	t.Parallel()
	u := somebody(t)
	for filter, want := range map[string]bool{
		``:                                    true,
		`userName eq "ada"`:                   true,
		`USERNAME EQ "ADA"`:                   true,
		`userName ne "ada"`:                   false,
		`userName sw "a" and not (title pr)`:  false,
		`userName co "d" or userName eq "x"`:  true,
		`userName ew "a" and userName gt "A"`: true,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada"`: true,
		`externalId eq "X1"`:                        true,
		`externalId eq "x1"`:                        false,
		`id eq "u1"`:                                true,
		`id eq "U1"`:                                false,
		`active eq true`:                            true,
		`active eq "True"`:                          true,
		`active eq "perhaps"`:                       false,
		`active ne true`:                            false,
		`not (active eq true)`:                      false,
		`title eq "dba \"senior\""`:                 true,
		`title eq "dba \u0022senior\""`:             true,
		`displayName pr`:                            false,
		`displayName eq null`:                       true,
		`displayName ne "x"`:                        true,
		`title eq null`:                             false,
		`name.familyName eq "lovelace"`:             true,
		`name.givenName pr`:                         false,
		`emails pr`:                                 true,
		`emails eq "a@home.org"`:                    true,
		`emails.type eq "home"`:                     true,
		`emails[type eq "work"]`:                    true,
		`emails[type eq "other"]`:                   false,
		`emails[type eq "home" and value sw "ada"]`: false,
		`emails[type eq "work"].value eq "ada@example.com"`:                               true,
		`emails[type eq "home"].value eq "ada@example.com"`:                               false,
		`emails[type eq "work" and primary eq true].value eq "ada@example.com"`:           true,
		`(emails[type eq "home"].value sw "a@" and active eq true) or id eq "x"`:          true,
		`emails[value eq "]."].value pr or emails[type eq "work"].primary eq true`:        true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "it"`:   true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "7"`: true,
		`department eq "it"`: true,
		`urn:severhq:params:scim:schemas:extension:1.0:User:effectiveAt eq "2026-05-01T15:00:00Z"`: true,
		`urn:severhq:params:scim:schemas:extension:1.0:User:effectiveAt lt "2026-05-01T16:30:00Z"`: true,
		`urn:severhq:params:scim:schemas:extension:1.0:User:effectiveAt lt "yesterday"`:            false,
		`meta.lastModified ge "2026-04-02T00:00:00Z" and meta.created lt "2026-04-01T00:00:01Z"`:   true,
		`meta.resourceType eq "User"`:             true,
		`phoneNumbers pr`:                         false,
		`urn:example:thing:1.0:User:level eq "3"`: false,
	} {
		e, err := parseFilter(filter)
		require.NoError(t, err, filter)
		require.Equal(t, want, matches(e, u), filter)
	}
}

func TestFiltersThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for filter, why := range map[string]string{
		`userNam eq "x"`:                               "there is no attribute userNam",
		`emails.valu eq "x"`:                           `emails has no part "valu"`,
		`emails[valu eq "x"]`:                          `emails has no part "valu"`,
		`emails[type eq "x"].valu eq "y"`:              `emails has no part "valu"`,
		`name[familyName eq "x"]`:                      "name has one value, and takes no filter",
		`userName`:                                     "cannot be read",
		`userName eq 'x'`:                              "cannot be read",
		`emails[type eq "x"].`:                         "cannot be read",
		`emails[type eq "x"].value`:                    "cannot be read",
		strings.Repeat("(", 900) + `userName pr`:       "cannot be read",
		`userName eq "` + strings.Repeat("x", maxPath): "at most 2000 are allowed",
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:dep eq "x"`: "there is no attribute dep in urn:ietf",
	} {
		_, err := parseFilter(filter)
		require.ErrorContains(t, err, why, filter)
		require.Equal(t, invalidFilter, refusalOf(err).kind)
	}
}

// What the records look up is never less than what the filter lets through.
func TestFiltersAreLookedUp(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for filter, want := range map[string]struct {
		store.SCIMFilter
		all bool
	}{
		``:                                        {all: true},
		`userName eq "ada"`:                       {store.SCIMFilter{UserName: "ada"}, true},
		`userName eq ""`:                          {},
		`userName sw "ada"`:                       {},
		`id eq "u1" and active eq false`:          {store.SCIMFilter{ID: "u1", Active: &no}, true},
		`active eq true and active eq false`:      {store.SCIMFilter{Active: &yes}, false},
		`id eq "a" and id eq "b"`:                 {store.SCIMFilter{ID: "a"}, false},
		`id eq "a" or id eq "b"`:                  {},
		`not (id eq "a")`:                         {},
		`externalId eq "x" and title eq "y"`:      {store.SCIMFilter{ExternalID: "x"}, false},
		`emails.value eq "x"`:                     {store.SCIMFilter{Email: "x"}, false},
		`emails.type eq "x"`:                      {},
		`emails[type eq "work"].value eq "x"`:     {store.SCIMFilter{Email: "x"}, false},
		`emails[type eq "a" or value eq "x"]`:     {},
		`emails[not (value eq "x")]`:              {},
		`emails[value eq "x"] and active eq true`: {store.SCIMFilter{Email: "x", Active: &yes}, false},
		`urn:example:1.0:User:userName eq "x"`:    {},
	} {
		e, err := parse(filter)
		if filter == "" {
			e, err = parseFilter("")
		}
		require.NoError(t, err, filter)
		got, all := narrow(e)
		require.Equal(t, want.SCIMFilter, got, filter)
		require.Equal(t, want.all, all, filter)
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`userName eq "x"`, `emails[type eq "work"].value eq "x"`, `not (a pr) or b.c le 5`, `emails["].`, `x[y]."`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseFilter(text)
		if err != nil || e == nil {
			return
		}
		u := somebody(t)
		_ = matches(e, u)
		narrowed, all := narrow(e)
		if fmt.Sprint(narrowed) == fmt.Sprint(store.SCIMFilter{}) && all {
			t.Fatalf("%q is looked up as if everybody were meant", text)
		}
	})
}
