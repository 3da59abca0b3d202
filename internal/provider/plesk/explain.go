package plesk

import (
	"strconv"

	"github.com/severhq/sever/internal/access"
)

// Explain is a step as the requests that it sends, without credentials. The id of
// the user is the one that was planned.
func (p *Panel) Explain(step access.Step) []string {
	words := p.api.explain()
	n, _ := strconv.ParseInt(step.Account.ForeignID, 10, 64)
	id := userID(max(n, 0))
	switch step.Action {
	case access.Contain, access.Rotate:
		return []string{words.find(id), words.setPassword(id)}
	case access.Unlink:
		return []string{words.find(id), words.setDefault(step.Database)}
	case access.Delete:
		return []string{words.find(id), words.deleteUser(id), words.find(id)}
	case access.Confirm:
		return []string{words.find(0), words.find(id)}
	}
	return nil
}
