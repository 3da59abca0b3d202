package netim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Explain is a step as curl commands. They need the token of a session in $TOKEN,
// which "curl -X POST -u ID:SECRET -H 'Accept-Language: EN' .../session/" gives.
func (a *Account) Explain(step access.Step) []string {
	ref := step.Account
	if ref.Resource == "" {
		ref.Resource = a.hostingOf(ref.Name)
	}
	if err := a.ours("explain", ref); err != nil {
		return []string{"# nothing is sent: " + strings.ReplaceAll(err.Error(), "\n", " ")}
	}
	var lines []string
	add := func(r request, err error) {
		if err != nil {
			lines = append(lines, "# nothing is sent: "+err.Error())
			return
		}
		lines = append(lines, a.curl(r))
	}
	read := func() { add(readHosting(ref.Resource)) }
	const invented = "<a random password>"
	switch step.Action {
	case access.Contain:
		read()
		if a.cfg.PasswordAction == "" {
			return append(lines, "# nothing is sent: no way to contain is configured")
		}
		if a.cfg.PermissionAction != "" {
			add(setRights(a.cfg.PermissionAction, ref.Resource, ref.Name, none))
			if step.Mode != access.Kill {
				lines = append(lines, "# or, if the hosting does not show rights:")
			}
		}
		add(setPassword(a.cfg.PasswordAction, ref.Resource, ref.Name, invented))
	case access.Rotate:
		read()
		if a.cfg.PasswordAction == "" {
			return append(lines, "# nothing is sent: no way to set a password is configured")
		}
		add(setPassword(a.cfg.PasswordAction, ref.Resource, ref.Name, invented))
	case access.Unlink:
		read()
		add(patchDatabase(unlinkAction, ref.Resource, step.Database, ref.Name))
		read()
	case access.Delete:
		read()
		add(deleteUser(ref.Resource, ref.Name))
		read()
	case access.Confirm:
		read()
		lines = append(lines, "# complete for the configured hostings only: "+strings.Join(a.hostings, ", "))
	default:
		lines = append(lines, fmt.Sprintf("# nothing is sent: there is no way to %s", brief(string(step.Action))))
	}
	return lines
}

// curl is a request for a person's hand.
func (a *Account) curl(r request) string {
	body, _ := json.Marshal(r.body) // of texts, which always works
	return fmt.Sprintf(`curl -X %s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' --data %s %s`,
		r.method, quoted(readable(body)), quoted(a.client.base+r.path))
}

// readable undoes the escapes that only HTML needs.
func readable(b []byte) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
}

// quoted is one word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// rejected reports whether an error is Netim's no.
func rejected(err error) bool {
	return slices.Contains([]provider.Kind{provider.Rejected, provider.Denied}, provider.KindOf(err))
}
