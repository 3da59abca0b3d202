package netim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/wire"
)

// client sends one request at a time, in one session.
type client struct {
	guard    *wire.Guard
	base     string
	id       string
	secret   config.Secret
	language string

	// gate holds one token. Who has it may send and may touch what is below.
	gate  chan struct{}
	token string // of the session; empty when none is open
}

// maxAnswer is far above a hosting with thousands of users.
const maxAnswer = 8 << 20

func newClient(cfg Config, hostings []string, next http.RoundTripper) (*client, error) {
	guard, err := wire.New(wire.Options{
		Base: cfg.URL, Allow: declared(cfg, hostings), Secrets: []config.Secret{cfg.Secret}, MaxBody: maxAnswer, Transport: next,
	})
	if err != nil {
		return nil, err
	}
	c := &client{
		guard: guard, base: strings.TrimSuffix(cfg.URL, "/"),
		id: cfg.ID, secret: cfg.Secret, language: cfg.Language,
		gate: make(chan struct{}, 1),
	}
	c.gate <- struct{}{}
	return c, nil
}

// enter waits for its turn; leave ends it.
func (c *client) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.gate:
		return nil
	}
}

func (c *client) leave() { c.gate <- struct{}{} }

// reply is the JSON of a 2xx, and what takes the secrets out of words of it.
type reply struct {
	raw   json.RawMessage
	scrub func(string) string
}

// call sends the request in the session, which it opens if there is none, and gives
// the JSON of a 2xx. A session that Netim has forgotten is opened anew, once: a
// request that was refused for its session did nothing.
func (c *client) call(ctx context.Context, op string, r request) (reply, error) {
	if err := c.enter(ctx); err != nil {
		return reply{}, &provider.Error{Op: op, Err: err}
	}
	defer c.leave()
	for fresh := false; ; fresh = true {
		if c.token == "" {
			if err := c.open(ctx, op); err != nil {
				return reply{}, err
			}
			fresh = true
		}
		ans, err := c.send(ctx, r, "Bearer "+c.token)
		if err != nil {
			return reply{}, failed(op, err)
		}
		if ans.status == http.StatusUnauthorized || ans.status == http.StatusForbidden {
			forgotten := c.token
			c.token = ""
			if !fresh {
				continue
			}
			ans.hide(forgotten)
		}
		raw, err := ans.read(op)
		return reply{raw, ans.scrub}, err
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	scrub  func(string) string
}

// hide takes one more secret out of what the answer may say.
func (a *answer) hide(secret string) {
	inner := a.scrub
	a.scrub = func(s string) string { return strip(inner(s), secret) }
}

// send is one exchange with Netim.
func (c *client) send(ctx context.Context, r request, authorization string) (*answer, error) {
	var body io.Reader
	if r.body != nil {
		b, err := json.Marshal(r.body)
		if err != nil {
			return nil, errors.New("the request cannot be written")
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", c.language)
	req.Header.Set("Accept", "application/json")
	token := strings.TrimPrefix(authorization, "Bearer ")
	scrub := func(s string) string { return strip(strip(c.guard.Scrub(s), token), r.secret) }
	resp, err := c.guard.RoundTrip(req)
	if err != nil {
		return nil, &clean{scrub(err.Error()), err}
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		// Whatever the status says: half an answer is none.
		return nil, &clean{scrub(fmt.Sprintf("the answer (%d) broke off: %v", resp.StatusCode, err)), err}
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: read, scrub: scrub}, nil
}

// strip takes a secret out of a text, as it is and as JSON would write it.
func strip(s, secret string) string {
	if secret == "" {
		return s
	}
	quoted, _ := json.Marshal(secret) // of a string, which always works
	return strings.NewReplacer(secret, "[secret]", strings.Trim(string(quoted), `"`), "[secret]").Replace(s)
}

// clean is an error whose text has no secret in it; its cause stays for errors.As.
type clean struct {
	text  string
	cause error
}

func (c *clean) Error() string { return c.text }
func (c *clean) Unwrap() error { return c.cause }
