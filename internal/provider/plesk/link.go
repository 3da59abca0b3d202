package plesk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/wire"
)

// link is the way to the server: the guard, and our credentials.
type link struct {
	base  string
	guard *wire.Guard
	login string
	pass  config.Secret
	key   config.Secret
}

func dial(c Config) (*link, error) {
	allow := xmlAllowed
	if c.API == apiREST {
		allow = restAllowed
	}
	guard, err := wire.New(wire.Options{
		Base: c.URL, Allow: allow, Secrets: []config.Secret{c.Key, c.Password},
		// All users of a server come in one answer; 64 MiB are a few hundred thousand.
		MaxBody: 64 << 20, Transport: c.transport(),
	})
	if err != nil {
		return nil, err
	}
	return &link{base: strings.TrimSuffix(c.URL, "/"), guard: guard, login: c.Login, pass: c.Password, key: c.Key}, nil
}

func (l *link) close() { l.guard.Close() }

// answer is what came back, whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// exchange sends one request. The error says that there is no answer, and so nothing
// about whether anything was done.
func (l *link) exchange(ctx context.Context, method, path string, body []byte, headers map[string]string) (answer, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, l.base+path, content)
	if err != nil {
		return answer{}, fmt.Errorf("make a request: %w", l.guard.Clean(err))
	}
	for name, value := range headers {
		// Assigned as it is: Plesk documents names with underscores, in capitals.
		req.Header[name] = []string{value}
	}
	resp, err := l.guard.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", l.guard.Clean(err))
	}
	return answer{resp.StatusCode, resp.Header, all}, nil
}

// strange is an answer that is none of the interface's: a page of a proxy, a piece
// of a packet, something that contradicts itself. It says nothing about whether
// anything was done.
func (l *link) strange(a answer, why string) error {
	kind := kindOfStatus[a.status]
	wait := retryAfter(a.header)
	if wait > 0 && kind != provider.Denied {
		kind = provider.Throttled
	}
	return &failure{kind: kind, wait: wait, words: fmt.Sprintf("HTTP status %d, %s: %s", a.status, why, l.excerpt(a.body))}
}

// kindOfStatus is for answers without words of Plesk's. Everything else is worth
// another try.
var kindOfStatus = map[int]provider.Kind{
	http.StatusUnauthorized: provider.Denied, http.StatusForbidden: provider.Denied, http.StatusProxyAuthRequired: provider.Denied,
	http.StatusTooManyRequests: provider.Throttled, http.StatusRequestEntityTooLarge: provider.Throttled,
}

// retryAfter is what the server asks for: seconds, or a date.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 86400)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), 24*time.Hour)
	}
	return 0
}

// excerpt is the beginning of a body for people, without secrets.
func (l *link) excerpt(body []byte) string {
	return short(l.guard.Scrub(string(body)))
}

// short is a text on one line that is not too long.
func short(text string) string {
	const most = 160
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	if text == "" {
		return "nothing"
	}
	return text
}
