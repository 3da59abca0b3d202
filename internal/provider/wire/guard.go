// Package wire is the last thing a request passes before it leaves: it lets
// through what a provider has declared, and refuses all else.
//
// Foreign APIs put names of accounts into paths, and the neighbours of an account
// are deadly: /databases/{cluster}/users/{name} with the name "../dbs/shop" is a
// database. So a provider lists its requests as Allow values, and the Guard holds
// each request against them as it will be sent, byte for byte, after unescaping
// each segment of its path by itself. A bug above this package, in our code or in a
// library, then costs an error and no database.
//
// The Guard also speaks to one host only, follows no redirects, reads no more than
// it must, uses no proxy from the environment, and keeps secrets out of its errors.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/severhq/sever/internal/config"
)

// Options are what a Guard is made from.
type Options struct {
	// Base is where the system is: "https://api.example.com" or, with a prefix that
	// every path begins with, "https://cloud.example.com:8779/v1.0".
	Base string
	// Allow are the only requests that may be sent; their patterns follow Base.
	Allow []Allow
	// Secrets appear in no error, and may not be part of a URL.
	Secrets []config.Secret
	// MaxBody limits an answer, after decompression: 8 MiB when zero.
	MaxBody int64
	// Timeout ends an exchange, its body included, whose context has no deadline: a
	// minute when zero.
	Timeout time.Duration
	// Transport sends what has passed; a plain one without a proxy when nil.
	Transport http.RoundTripper
}

// Guard is an http.RoundTripper. It is safe for concurrent use.
type Guard struct {
	scheme, host string
	rules        []rule
	secrets      scrubber
	recent       recent
	maxBody      int64
	timeout      time.Duration
	next         http.RoundTripper
}

// ErrNotDeclared says that a request was refused and never left.
var ErrNotDeclared = errors.New("the request is not one that the provider has declared")

// New makes a Guard. The error names the part of the options that makes no sense.
func New(o Options) (*Guard, error) {
	base, err := url.Parse(o.Base)
	switch {
	case err != nil:
		return nil, errors.New("the base is not a URL that can be read") // it may hold a secret
	case base.Scheme != "https" && base.Scheme != "http":
		return nil, errors.New("the base must begin with https:// or http://")
	case base.Hostname() == "":
		return nil, errors.New("the base names no host")
	case base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" || base.Opaque != "":
		return nil, errors.New("the base may have a host and a path and nothing else")
	}
	g := &Guard{
		scheme: base.Scheme, host: hostOf(base),
		secrets: newScrubber(o.Secrets),
		maxBody: o.MaxBody, timeout: o.Timeout, next: o.Transport,
	}
	prefix := strings.TrimSuffix(base.EscapedPath(), "/")
	for _, a := range o.Allow {
		r, err := compile(prefix, a)
		if err != nil {
			return nil, fmt.Errorf("allow %s %s: %w", a.Method, a.Pattern, err)
		}
		g.rules = append(g.rules, r)
	}
	if g.maxBody <= 0 {
		g.maxBody = 8 << 20
	}
	if g.timeout <= 0 {
		g.timeout = time.Minute
	}
	if g.next == nil {
		g.next = &http.Transport{
			TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true, TLSHandshakeTimeout: 15 * time.Second, IdleConnTimeout: 30 * time.Second,
		}
	}
	return g, nil
}

// Client is for libraries that want an *http.Client. Its errors quote the URL, so
// pass them through Clean; a provider that sends by itself uses RoundTrip.
func (g *Guard) Client() *http.Client {
	return &http.Client{Transport: g, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Close ends idle connections.
func (g *Guard) Close() {
	if t, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// RoundTrip sends the request if it is declared. A refusal is Rejected and is
// ErrNotDeclared; nothing has left then. A redirect is an error, and is not
// followed: it says nothing about whether the action was done.
func (g *Guard) RoundTrip(req *http.Request) (*http.Response, error) {
	out, err := g.check(req)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, g.refused(req, err)
	}
	g.recent.learn(out)
	ctx, cancel := out.Context(), context.CancelFunc(func() {})
	if _, ok := ctx.Deadline(); !ok {
		ctx, cancel = context.WithTimeout(ctx, g.timeout)
	}
	resp, err := g.next.RoundTrip(out.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, g.clean(err, out.Header)
	}
	resp.Body = &limited{body: resp.Body, left: g.maxBody, max: g.maxBody, done: cancel, clean: func(err error) error {
		return g.clean(err, out.Header)
	}}
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode >= 300 && resp.StatusCode < 400 {
		_ = resp.Body.Close()
		return nil, g.clean(fmt.Errorf("answered %d, a redirect to %s, which is not followed", resp.StatusCode, brief(to)), out.Header)
	}
	return resp, nil
}
