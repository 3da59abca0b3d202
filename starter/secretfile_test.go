package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
)

func TestSecretFile(t *testing.T) {
	t.Parallel()
	key := store.SharedSecret{Principal: "E1", Name: "deploy key", Owner: "ops", How: "https://wiki/rotate"}
	for name, c := range map[string]struct {
		in       string
		want     []store.SharedSecret
		problems []string
	}{
		"CSV":                   {in: "Principal,secret,owner,how\nE1,deploy key,ops,https://wiki/rotate\n", want: []store.SharedSecret{key}},
		"JSON":                  {in: `[{"principal": "E1", "secret": "deploy key", "owner": "ops", "how": "https://wiki/rotate"}]`, want: []store.SharedSecret{key}},
		"a named list":          {in: `{"secrets": [{"principal": "E1", "secret": "x", "owner": "ops"}]}`, want: []store.SharedSecret{{Principal: "E1", Name: "x", Owner: "ops"}}},
		"without how":           {in: "principal,secret,owner\nE1,x,ops\n", want: []store.SharedSecret{{Principal: "E1", Name: "x", Owner: "ops"}}},
		"nobody rotates it":     {in: "principal,secret,owner\nE1,x,\n", problems: []string{"line 2, column 6 (owner): it is empty"}},
		"there twice":           {in: "principal,secret,owner\nE1,x,a\nE2,x,a\nE1,x,b\n", problems: []string{`line 4, column 4 (secret): "x" of E1 is there twice, first in line 2`}},
		"a value":               {in: "principal,secret,owner,value\nE1,x,a,hunter2\n", problems: []string{`line 1, column 24: there is no column "value"; there are: principal, secret, owner, how`}},
		"a value in JSON":       {in: "[{\"principal\": \"E1\", \"secret\": \"x\", \"owner\": \"a\",\n \"value\": \"hunter2\"}]", problems: []string{`line 2, column 2: there is no field "value"; there are: principal, secret, owner, how`}},
		"JSON without an owner": {in: `[{"principal": "E1", "secret": "x"}]`, problems: []string{`line 1, column 2: the field "owner" is missing`}},
		"JSON of another":       {in: `{"principals": []}`, problems: []string{`line 1, column 2: there is no list "principals"; there are: secrets`}},
		"JSON of nothing":       {in: `{}`, problems: []string{`line 1, column 1: the list "secrets" is missing`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := readSecrets(document(c.in), "standard input")
			var said []string
			for _, p := range problems {
				said = append(said, p.String())
			}
			require.Equal(t, c.problems, said)
			if len(problems) == 0 {
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestSecretsImport(t *testing.T) {
	t.Parallel()
	w := newBooks(t)
	count := func(d importedSecrets) [3]int { return [3]int{len(d.Added), len(d.Changed), d.Unchanged} }
	in := func(text string, args ...string) importedSecrets {
		t.Helper()
		path := t.TempDir() + "/secrets.csv"
		require.NoError(t, os.WriteFile(path, []byte("principal,secret,owner,how\n"+text), 0o600))
		return must[importedSecrets](t, w, nil, exitOK, append([]string{"secrets", "import", path}, args...)...)
	}
	list := func(args ...string) (names []string) {
		t.Helper()
		for _, s := range must[paper.SecretList](t, w, nil, exitOK, append([]string{"secrets", "list"}, args...)...).Secrets {
			names = append(names, string(s.Principal)+" "+s.Secret+" "+s.Owner+" "+s.How)
		}
		return names
	}
	first := "E1,deploy key,ops,wiki\nE1,root,lab,\nE2,deploy key,ops,wiki\n"
	require.Equal(t, [3]int{3, 0, 0}, count(in(first, "--dry-run")))
	require.Empty(t, list(), "a dry run writes nothing")
	require.Equal(t, [3]int{3, 0, 0}, count(in(first)))
	require.Equal(t, [3]int{0, 0, 3}, count(in(first)), "again is the same")
	changed := in("E1,deploy key,platform,wiki\n")
	require.Equal(t, [3]int{0, 1, 0}, count(changed))
	require.Equal(t, []paper.Secret{{Principal: access.PrincipalID("E1"), Secret: "deploy key", Owner: "platform", How: "wiki"}}, changed.Changed)
	require.Equal(t, []string{"E1 deploy key platform wiki", "E1 root lab ", "E2 deploy key ops wiki"}, list())
	require.Equal(t, []string{"E2 deploy key ops wiki"}, list("--principal", "E2"))

	bad := w.with(t, config.Vars{}, "principal,secret,owner\nE1,,ops\n", "secrets", "import", "-")
	require.Equal(t, exitBadInput, bad.code)
	require.Contains(t, bad.err, "line 2, column 4 (secret): it is empty")
	require.Len(t, list(), 3)
	tale := w.sever(t, "", "audit", "show", "house", "--json")
	require.Contains(t, tale.out, "secrets.imported")
}
