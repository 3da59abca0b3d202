package digitalocean

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Explain is a step as commands for a shell that has a token in DIGITALOCEAN_TOKEN.
func (t *Team) Explain(step access.Step) []string {
	at, name := step.Account.Resource, step.Account.Name
	users := func(more ...string) []string { return append([]string{at, "users"}, more...) }
	switch step.Action {
	case access.Contain:
		return []string{
			t.curl("POST", users(name, "reset_auth"), struct{}{}) + " >/dev/null # the answer holds the new password",
			"# open sessions live on: end them by SQL, through a connection to the server itself",
		}
	case access.Rotate:
		return []string{
			t.curl("POST", users(name, "reset_auth"), struct{}{}) + " # the answer holds the new password",
			"# open sessions live on",
		}
	case access.Unlink:
		if pool, ok := strings.CutPrefix(step.Object, poolObject("")); ok {
			return t.explainPool(at, pool, step)
		}
		return []string{
			t.curl("GET", users(), nil),
			fmt.Sprintf("# then PUT /v2/databases/%s/users/%s with all of its rules but %s on %s; never with none", at, shown(name), shown(step.Object), shown(step.Database)),
		}
	case access.Revoke:
		if step.Database != "" {
			return []string{"# the API cannot take database " + shown(step.Database) + " from a user; revoke by SQL, through a connection to the server itself"}
		}
		return []string{t.curl("PUT", users(name), map[string]any{"settings": settings{Replication: new(false)}})}
	case access.Delete:
		return []string{
			t.curl("DELETE", users(name), nil),
			"# PostgreSQL refuses while the user owns objects: REASSIGN OWNED, then DROP OWNED, in every database, by SQL",
		}
	case access.Confirm:
		return []string{t.curl("GET", []string{at}, nil), t.curl("GET", users(), nil), t.curl("GET", []string{at, "pools"}, nil) + " # PostgreSQL only"}
	}
	return nil
}

func (t *Team) explainPool(at, name string, step access.Step) []string {
	if t.cfg.Pools == poolsDelete {
		return []string{t.curl("DELETE", []string{at, "pools", name}, nil)}
	}
	user := "without a user"
	if heir, named := strings.CutPrefix(t.cfg.Pools, poolsUser); named {
		user = "with the user " + shown(heir)
	}
	return []string{
		t.curl("GET", []string{at, "pools"}, nil),
		fmt.Sprintf("# then PUT /v2/databases/%s/pools/%s with the mode, size and db of the pool (%s), %s", at, shown(name), shown(step.Database), user),
	}
}

// curl is one request. A name that cannot be addressed gives a comment instead.
func (t *Team) curl(method string, path []string, body any) string {
	p, err := pathOf(path)
	if err != nil {
		return "# " + printable(err.Error())
	}
	var b strings.Builder
	fmt.Fprintf(&b, `curl -fsS -X %s -H "Authorization: Bearer $DIGITALOCEAN_TOKEN"`, method)
	if body != nil {
		raw, _ := json.Marshal(body) // of literals above
		fmt.Fprintf(&b, ` -H 'Content-Type: application/json' -d %s`, quoted(string(raw)))
	}
	return b.String() + " " + quoted(strings.TrimSuffix(t.cfg.URL, "/")+p)
}

// quoted is a word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// shown is a name inside a comment, on one line.
func shown(s string) string { return fmt.Sprintf("%q", printable(s)) }
