package wire

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/severhq/sever/internal/provider"
)

// check is the request as it may be sent, or the reason why it may not.
func (g *Guard) check(req *http.Request) (*http.Request, error) {
	u := req.URL
	switch {
	case u == nil:
		return nil, errors.New("no URL")
	case u.Scheme != g.scheme || hostOf(u) != g.host:
		return nil, errors.New("another host")
	case req.Host != "" && !strings.EqualFold(req.Host, u.Host):
		return nil, errors.New("a Host header of another host")
	case u.Opaque != "" || u.User != nil:
		return nil, errors.New("the URL has more than a host, a path and a query")
	case u.Fragment != "" || u.RawFragment != "":
		return nil, errors.New("the URL has a fragment; a # in a name was not escaped")
	case g.secrets.in(u.String()) || g.secrets.in(u.Path) || g.secrets.in(u.RawQuery):
		return nil, errors.New("the URL has a secret in it")
	}
	for _, h := range overrides {
		if req.Header.Get(h) != "" {
			return nil, fmt.Errorf("the header %s makes another request of it", h)
		}
	}
	path, query, asked := strings.Cut(u.RequestURI(), "?") // what the transport writes
	why := errors.New("no such method and path")
	var candidates []rule
	for _, r := range g.rules {
		if r.method != method(req) {
			continue
		}
		if err := r.matchPath(path); err != nil {
			if !errors.Is(err, errOtherPath) {
				why = err
			}
			continue
		}
		if err := r.matchQuery(query, asked); err != nil {
			why = err
			continue
		}
		candidates = append(candidates, r)
	}
	if len(candidates) == 0 {
		return nil, why
	}
	return checkBody(req, candidates)
}

// overrides are headers by which some servers take another method or path.
var overrides = []string{
	"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Host", "X-Forwarded-Prefix",
}

// refused is a refusal of ours, which is an outcome of the step.
func (g *Guard) refused(req *http.Request, why error) error {
	op := method(req)
	if req.URL != nil {
		op += " " + g.Scrub(brief(req.URL.EscapedPath()))
	}
	return &provider.Error{Kind: provider.Rejected, Op: op, Err: g.clean(fmt.Errorf("%w: %w", ErrNotDeclared, why), req.Header)}
}

func method(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// hostOf is the host with its port, spelled one way.
func hostOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
