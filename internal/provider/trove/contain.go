package trove

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/severhq/sever/internal/access"
)

// Contain gives the account a password that nobody knows, whatever the mode: there is
// no lock here. The order is queued and cannot be read back, so it is never more than
// accepted, and a repetition orders again. Open sessions live on; ending them takes a
// restart of the database, which is never done here.
func (c *Cloud) Contain(ctx context.Context, ref access.Ref, _ access.Mode) (access.Receipt, error) {
	op := opOf(string(access.Contain), ref, "")
	f, receipt, err := c.found(ctx, op, ref)
	if f == nil {
		return receipt, err
	}
	a, err := f.password(ctx, op, http.MethodPut, secret())
	switch {
	case err != nil:
		return access.Receipt{}, err
	case a.status == http.StatusNotFound:
		return c.vanished(ctx, op, ref, a)
	case !a.ok():
		return access.Receipt{}, f.refused(op, a)
	}
	return access.Receipt{Pending: true, Unseen: true, Words: "a new password that nobody knows was accepted; the system does not show when it is set, and open sessions live on"}, nil
}

// password sends a name, a host and a password: to change it (PUT), or to make the
// account (POST).
func (f *finding) password(ctx context.Context, op, method, secret string) (answer, error) {
	return f.region.send(ctx, request{
		op: op, method: method, path: "/instances/" + f.instance.id + "/users", secret: secret, timeout: f.region.cfg.Timeout,
		body: map[string]any{"users": []map[string]string{{"name": f.user.name, "host": f.user.host, "password": secret}}},
	})
}

// secret is a new password, of all the kinds of characters that a policy may ask for.
func secret() string { return "Aa1-" + rand.Text() }

// vanished is what becomes of a change that was answered 404: the account went away
// in between, or the answer is about something else and cannot be trusted.
func (c *Cloud) vanished(ctx context.Context, op string, ref access.Ref, a answer) (access.Receipt, error) {
	f, receipt, err := c.found(ctx, op, ref)
	if f == nil {
		return receipt, err
	}
	return access.Receipt{}, a.judge(op)
}
