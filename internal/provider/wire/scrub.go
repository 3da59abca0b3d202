package wire

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/config"
)

const placeholder = "[secret]"

// Scrub takes the known secrets, and those that were sent lately, out of a text, in
// every form in which a server may have sent them back. It is for bodies, before they
// reach an error.
func (g *Guard) Scrub(text string) string {
	return slices.Concat(g.secrets, g.recent.forms()).sorted().scrub(text)
}

// Clean is err without the known secrets in its text; its causes stay for
// errors.Is and errors.As.
func (g *Guard) Clean(err error) error { return g.clean(err, nil) }

func (g *Guard) clean(err error, sent http.Header) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	clean := slices.Concat(g.secrets, g.recent.forms(), credentials(sent)).sorted().scrub(text)
	if clean == text {
		return err
	}
	return &scrubbed{clean, err}
}

type scrubbed struct {
	text  string
	cause error
}

func (s *scrubbed) Error() string { return s.text }
func (s *scrubbed) Unwrap() error { return s.cause }

// scrubber are secrets in all their forms, the longest first, so that a secret
// that is part of another leaves nothing of it behind.
type scrubber []string

func newScrubber(secrets []config.Secret) scrubber {
	var s scrubber
	for _, secret := range secrets {
		s = append(s, config.Forms(secret.Reveal())...)
	}
	return s.sorted()
}

func (s scrubber) sorted() scrubber {
	out := slices.Clone(s)
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return slices.Compact(out)
}

func (s scrubber) scrub(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, placeholder)
	}
	return text
}

// in reports whether the text has a secret in it. Short ones are words too, and
// would be found everywhere.
func (s scrubber) in(text string) bool {
	return slices.ContainsFunc(s, func(secret string) bool { return len(secret) >= 8 && strings.Contains(text, secret) })
}

// bearers are the headers whose values are secrets, whatever a provider told us.
var bearers = []string{
	"Authorization", "Proxy-Authorization", "Cookie", "X-Auth-Token", "X-Subject-Token", "X-Api-Key", "Http_auth_passwd", "Key",
}

// credentials are the secrets that the headers carry.
func credentials(sent http.Header) scrubber {
	var s scrubber
	for _, name := range bearers {
		for _, value := range sent.Values(name) {
			s = append(s, config.Forms(value)...)
			_, token, found := strings.Cut(value, " ")
			if !found {
				continue
			}
			s = append(s, config.Forms(token)...)
			if pair, err := base64.StdEncoding.DecodeString(token); err == nil {
				_, password, _ := strings.Cut(string(pair), ":")
				s = append(s, config.Forms(password)...)
			}
		}
	}
	return s
}
