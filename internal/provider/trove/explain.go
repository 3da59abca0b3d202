package trove

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Explain is a step as requests to the instance, with what they do not do.
func (c *Cloud) Explain(step access.Step) []string {
	at, err := placeOf(step.Account.Resource)
	who, err2 := segment(step.Account.Name, step.Account.Host)
	if err != nil || err2 != nil {
		return []string{"# the account " + brief(step.Account.String()) + " cannot be addressed here"}
	}
	users := "/instances/" + at.id + "/users"
	one := users + "/" + who
	switch step.Action {
	case access.Contain:
		return []string{
			fmt.Sprintf(`PUT %s {"users": [{"name": %q, "host": %q, "password": "(random, kept by nobody)"}]}`, users, brief(step.Account.Name), brief(step.Account.Host)),
			"# queued; it cannot be read back. Open sessions live on until the database is restarted",
		}
	case access.Rotate:
		return []string{
			fmt.Sprintf(`PUT %s {"users": [{"name": %q, "host": %q, "password": "(random, for whoever shares it)"}]}`, users, brief(step.Account.Name), brief(step.Account.Host)),
			"# queued; it cannot be read back. Open sessions live on until the database is restarted",
		}
	case access.Revoke:
		lines := []string{
			fmt.Sprintf("DELETE %s/databases/%s", one, url.PathEscape(step.Database)),
			fmt.Sprintf("GET %s/databases # has to lack it", one),
		}
		if i, ok := c.recall(at); ok && i.engine == postgresql {
			lines = append(lines, "# takes CONNECT on "+brief(step.Database)+" from PUBLIC too")
		}
		return lines
	case access.Delete:
		return []string{
			"DELETE " + one,
			fmt.Sprintf("GET %s # until it is 404, and %s lacks it on every page. Open sessions live on", one, users),
		}
	case access.Confirm:
		return []string{"GET " + one, "GET " + users + " # every page"}
	}
	return []string{"# " + strings.TrimSpace(string(step.Action)) + " is not done here"}
}
