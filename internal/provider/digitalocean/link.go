package digitalocean

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/digitalocean/godo"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/wire"
)

// call is one request.
type call struct {
	op     string // what it is for, in messages
	scope  string // what our token needs for it
	method string
	path   []string // segments below /v2/databases, not escaped
	query  url.Values
	body   any
}

// answer is what a 2xx said. Its body may hold passwords: whoever decodes it takes
// what he needs, and nobody keeps it.
type answer struct {
	status    int
	body      []byte
	requestID string
}

// send is the one way to the API. The error is classified; one that has a status of
// the API in it tells by statusOf.
func (t *Team) send(ctx context.Context, c call) (answer, error) {
	path, err := pathOf(c.path)
	if err != nil {
		return answer{}, &provider.Error{Kind: provider.Rejected, Op: c.op, Err: err}
	}
	if len(c.query) > 0 {
		path += "?" + c.query.Encode()
	}
	ctx, cancel := context.WithTimeout(ctx, t.cfg.Timeout)
	defer cancel()
	req, err := t.api.NewRequest(ctx, c.method, path, c.body)
	if err != nil {
		return answer{}, &provider.Error{Kind: provider.Rejected, Op: c.op, Err: errors.New("the request cannot be written")}
	}
	var body bytes.Buffer
	resp, err := t.api.Do(ctx, req, &body)
	if err != nil {
		return answer{}, t.classified(c, resp, err)
	}
	return answer{resp.StatusCode, body.Bytes(), resp.Header.Get("X-Request-ID")}, nil
}

// pathOf escapes the segments and refuses those that lead elsewhere. The library
// would escape none and refuse none.
func pathOf(segments []string) (string, error) {
	for i, s := range segments {
		if i == 0 && !uuidRule.MatchString(s) {
			return "", fmt.Errorf("%q is no UUID of a cluster", printable(s))
		}
		if err := wire.Segment(s); err != nil {
			return "", fmt.Errorf("%q cannot be addressed by the API: %w", printable(s), err)
		}
	}
	return wire.Path(append([]string{"v2", "databases"}, segments...)...)
}

// transport carries the token, checks the form of the path once more, and keeps the
// bodies of refusals, which the library would use up.
type transport struct {
	token config.Secret
	guard *wire.Guard
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !pathRule.MatchString(req.URL.EscapedPath()) {
		return nil, &provider.Error{Kind: provider.Rejected, Op: req.Method + " " + printable(req.URL.EscapedPath()), Err: wire.ErrNotDeclared}
	}
	out := req.Clone(req.Context())
	out.Header.Set("Authorization", "Bearer "+t.token.Reveal())
	resp, err := t.guard.RoundTrip(out)
	if err != nil || resp.StatusCode < 300 {
		return resp, err
	}
	words, err := io.ReadAll(io.LimitReader(resp.Body, maxWords))
	_ = resp.Body.Close()
	if err != nil {
		// The status alone tells most of it; a refusal may not become a lost answer.
		words = nil
	}
	resp.Body = kept{bytes.NewReader(words), words}
	return resp, nil
}

// maxWords is more than any error body has.
const maxWords = 64 << 10

// kept is a body that has been read and can be read again.
type kept struct {
	*bytes.Reader
	words []byte
}

func (kept) Close() error { return nil }

// wordsOf are the body of a refusal.
func wordsOf(resp *godo.Response) []byte {
	if k, ok := resp.Body.(kept); ok {
		return k.words
	}
	return nil
}
