package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const ada = `{"userName": "ada", "active": true, "name": {"givenName": "Ada"},
	"emails": [{"type": "work", "value": "ada@example.com", "primary": true}, {"type": "home", "value": "a@home.org"}]}`

func TestPatches(t *testing.T) {
	t.Parallel()
	work, home := `{"type": "work", "value": "ada@example.com", "primary": true}`, `{"type": "home", "value": "a@home.org"}`
	for name, c := range map[string]struct {
		operations string
		changes    string // attributes that are otherwise afterwards; null: that are gone
	}{
		"false":                            {`{"op": "replace", "path": "active", "value": false}`, `{"active": false}`},
		"false as text":                    {`{"op": "Replace", "path": "active", "value": "False"}`, `{"active": false}`},
		"false without a path":             {`{"op": "replace", "value": {"active": "false"}}`, `{"active": false}`},
		"false in a list":                  {`{"op": "Replace", "path": "active", "value": [{"$ref": null, "value": "False"}]}`, `{"active": false}`},
		"false by its whole name":          {`{"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": false}`, `{"active": false}`},
		"false by its whole name, no path": {`{"op": "replace", "value": {"urn:ietf:params:scim:schemas:core:2.0:User:Active": false}}`, `{"active": false}`},
		"false, with an id":                {`{"op": "replace", "value": {"id": "7", "active": false}}`, `{"active": false}`},
		"the last one counts":              {`{"op": "replace", "path": "active", "value": false}, {"op": "add", "path": "ACTIVE", "value": true}`, `{}`},
		"false, with what we do not keep":  {`{"op": "replace", "value": {"phoneNumbers[type eq \"work\"].value": "1", "password": "x", "active": false}}`, `{"active": false}`},
		"part of a name":                   {`{"op": "replace", "path": "name.familyName", "value": "L"}`, `{"name": {"givenName": "Ada", "familyName": "L"}}`},
		"a name":                           {`{"op": "replace", "path": "name", "value": {"FamilyName": "L"}}`, `{"name": {"givenName": "Ada", "familyName": "L"}}`},
		"the last part of a name":          {`{"op": "remove", "path": "name.givenName"}`, `{"name": null}`},
		"an empty text is nothing":         {`{"op": "replace", "path": "name.givenName", "value": ""}`, `{"name": null}`},
		"what is not there":                {`{"op": "remove", "path": "title"}`, `{}`},
		"all of a list":                    {`{"op": "replace", "path": "emails", "value": [{"value": "x"}]}`, `{"emails": [{"value": "x"}]}`},
		"all of a list, with one":          {`{"op": "replace", "path": "emails", "value": {"value": "x"}}`, `{"emails": [{"value": "x"}]}`},
		"one more":                         {`{"op": "add", "path": "emails", "value": [{"value": "x"}, ` + home + `]}`, `{"emails": [` + work + `, ` + home + `, {"value": "x"}]}`},
		"another primary one":              {`{"op": "add", "path": "emails", "value": {"value": "x", "primary": true}}`, `{"emails": [{"type": "work", "value": "ada@example.com", "primary": false}, ` + home + `, {"value": "x", "primary": true}]}`},
		"part of one of a list":            {`{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "x"}`, `{"emails": [{"type": "work", "value": "x", "primary": true}, ` + home + `]}`},
		"part of all of a list":            {`{"op": "replace", "path": "emails.type", "value": "old"}`, `{"emails": [{"type": "old", "value": "ada@example.com", "primary": true}, {"type": "old", "value": "a@home.org"}]}`},
		"one of a list":                    {`{"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "x"}}`, `{"emails": [` + work + `, {"type": "home", "value": "x"}]}`},
		"one that was not there":           {`{"op": "Replace", "path": "emails[type eq \"other\" and primary eq false].value", "value": "x"}`, `{"emails": [` + work + `, ` + home + `, {"type": "other", "primary": false, "value": "x"}]}`},
		"one of a list less":               {`{"op": "remove", "path": "emails[type eq \"home\"]"}`, `{"emails": [` + work + `]}`},
		"part of one less":                 {`{"op": "remove", "path": "emails[type eq \"work\"].primary"}`, `{"emails": [{"type": "work", "value": "ada@example.com"}, ` + home + `]}`},
		"no list any more":                 {`{"op": "remove", "path": "emails"}`, `{"emails": null}`},
		"a part of an extension":           {`{"op": "add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "IT"}`, `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "IT"}}`},
		"an extension":                     {`{"op": "add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user", "value": {"department": "IT", "manager": "7"}}`, `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "IT", "manager": {"value": "7"}}}`},
		"an extension, and not any more":   {`{"op": "add", "path": "manager", "value": [{"value": "7"}]}, {"op": "remove", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"}`, `{}`},
		"somebody else's extension":        {`{"op": "add", "path": "urn:example:2.0:User:level", "value": 3}, {"op": "add", "value": {"urn:example:2.0:User": {"level": 3}}}`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before document
			require.NoError(t, json.Unmarshal([]byte(ada), &before))
			was := before.clone()
			operations, err := readPatch(fmt.Appendf(nil, patchOp, c.operations))
			require.NoError(t, err)
			after, err := before.patched(operations)
			require.NoError(t, err)
			require.Equal(t, was, before, "the one before stays as it is")
			var changes map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.changes), &changes))
			for name, v := range changes {
				if v == nil {
					delete(was, name)
				} else {
					was[name] = v
				}
			}
			require.Equal(t, was, after)
		})
	}
}

func TestPatchesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for operations, want := range map[string][2]string{
		``: {invalidSyntax, "nothing is asked for"},
		`{"op": "replace", "path": "activ", "value": false}`:                    {invalidPath, "there is no attribute activ"},
		`{"op": "replace", "value": {"activ": false}}`:                          {invalidPath, "there is no attribute activ"},
		`{"op": "replace", "path": "name.first", "value": "x"}`:                 {invalidPath, `name has no part "first"`},
		`{"op": "replace", "path": "emails[typ eq \"x\"].value", "value": "x"}`: {invalidPath, `emails has no part "typ"`},
		`{"op": "replace", "path": "emails[type eq \"x\"].valu", "value": "x"}`: {invalidPath, `emails has no part "valu"`},
		`{"op": "replace", "path": "userName[x eq \"x\"]", "value": "x"}`:       {invalidPath, "takes no filter"},
		`{"op": "replace", "path": "[", "value": "x"}`:                          {invalidPath, "cannot be read"},
		`{"op": "replace", "path": "active", "value": "gone"}`:                  {invalidValue, `active is "gone"`},
		`{"op": "replace", "path": "active", "value": 0}`:                       {invalidValue, "active is a number"},
		`{"op": "replace", "path": "active"}`:                                   {mutability, "active cannot be taken away"},
		`{"op": "remove", "path": "userName"}`:                                  {mutability, "userName cannot be taken away"},
		`{"op": "replace", "path": "meta.created", "value": "x"}`:               {mutability, "meta is not for a directory to change"},
		`{"op": "remove"}`:                                           {"noTarget", "a remove needs a path"},
		`{"op": "replace", "value": false}`:                          {invalidValue, "has an object as its value"},
		`{"op": "move", "path": "active"}`:                           {invalidSyntax, `there is no operation "move"`},
		`{"op": "replace", "path": "userName", "value": ["a", "b"]}`: {invalidValue, "userName is a list"},
		`{"op": "replace", "path": "name", "value": 5}`:              {invalidValue, "name is a number"},
		`{"op": "replace", "path": "title", "value": "a\u0007b"}`:    {invalidValue, "a character that cannot be seen"},
		`{"op": "add", "path": "urn:severhq:params:scim:schemas:extension:1.0:User:effectiveAt", "value": "tomorrow"}`: {invalidValue, "write a time with its zone"},
		`{"op": "add", "path": "urn:severhq:params:scim:schemas:extension:1.0:User", "value": 3}`:                      {invalidValue, "an object belongs there"},
		strings.TrimSuffix(strings.Repeat(`{"op": "remove", "path": "title"},`, maxOperations+1), ","):                 {tooMany, "at most 100 are allowed"},
	} {
		var before document
		require.NoError(t, json.Unmarshal([]byte(ada), &before))
		all, err := readPatch(fmt.Appendf(nil, patchOp, operations))
		if err == nil {
			_, err = before.patched(all)
		}
		require.ErrorContains(t, err, want[1], operations)
		require.Equal(t, want[0], refusalOf(err).kind, operations)
	}
	_, err := readPatch([]byte(`{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "Operations": []}`))
	require.ErrorContains(t, err, "schemas does not list "+patchURN)
}
