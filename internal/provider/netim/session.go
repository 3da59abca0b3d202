package netim

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/severhq/sever/internal/provider"
)

// open opens a session. Netim wants a language and no body, and gives a token that is
// nothing but a text: nothing is added to it or trimmed.
func (c *client) open(ctx context.Context, op string) error {
	op += ": open a session"
	basic := base64.StdEncoding.EncodeToString([]byte(c.id + ":" + c.secret.Reveal()))
	ans, err := c.send(ctx, request{method: http.MethodPost, path: "/session/"}, "Basic "+basic)
	if err != nil {
		return failed(op, err)
	}
	ans.hide(basic)
	if ans.status == http.StatusUnauthorized || ans.status == http.StatusForbidden {
		return &provider.Error{Kind: provider.Denied, Op: op, Err: ans.words()}
	}
	body, err := ans.read(op)
	if e, ok := errors.AsType[*provider.Error](err); ok && e.Kind == provider.Rejected {
		// No step was refused by this: too many sessions are open, or Netim is at work.
		e.Kind, e.Blockers = provider.Transient, nil
	}
	if err != nil {
		return err
	}
	var opened struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &opened); err != nil || opened.Token == "" || ans.status != http.StatusOK {
		return &provider.Error{Op: op, Err: errors.New("the answer has no access_token")}
	}
	c.token = opened.Token
	return nil
}

// close closes the session. One that is left open takes a place of the account's few
// until Netim closes it for being idle.
func (c *client) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if c.enter(ctx) == nil {
		if c.token != "" {
			_, _ = c.send(ctx, request{method: http.MethodDelete, path: "/session/", body: object{}}, "Bearer "+c.token)
			c.token = ""
		}
		c.leave()
	}
	c.guard.Close()
}
