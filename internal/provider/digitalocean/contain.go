package digitalocean

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/severhq/sever/internal/access"
)

// Contain replaces the password by one that nobody learns. There is no lock, so both
// modes are this, and nothing shows afterwards that it was done: a repeated call does
// it again, which is harmless. Sessions that are open live on.
func (t *Team) Contain(ctx context.Context, ref access.Ref, _ access.Mode) (access.Receipt, error) {
	op := op(access.Contain, ref)
	at, err := t.find(ctx, op, ref)
	if err != nil {
		return access.Receipt{}, err
	}
	if at.gone != "" {
		return already(at.gone)
	}
	requestID, _, err := t.resetAuth(ctx, op, ref)
	if err != nil {
		return access.Receipt{}, err
	}
	words := "the password was replaced, and nobody has the new one; sessions that are open are not ended by this API"
	if at.cluster.Engine == kafka {
		words += "; whether a client certificate still works is not documented"
	}
	return access.Receipt{Words: words, RequestID: requestID}, nil
}

// resetAuth gives the user a new password. The caller drops it, or hands it over.
func (t *Team) resetAuth(ctx context.Context, op string, ref access.Ref) (requestID, password string, err error) {
	said, err := t.send(ctx, call{op: op, scope: scopeUpdate, method: http.MethodPost,
		path: []string{ref.Resource, "users", ref.Name, "reset_auth"}, body: struct{}{}})
	if err != nil {
		return "", "", err
	}
	var out struct {
		User *struct {
			Name     string `json:"name"`
			Password string `json:"password"`
		} `json:"user"`
	}
	switch err := json.Unmarshal(said.body, &out); {
	case err != nil || out.User == nil:
		return "", "", unreadable(op, "it has no user")
	case out.User.Name != ref.Name:
		return "", "", unreadable(op, fmt.Sprintf("asked about %q, and told about %q", printable(ref.Name), printable(out.User.Name)))
	}
	return said.requestID, out.User.Password, nil
}
