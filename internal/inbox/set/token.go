package set

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json" // knows no member twice, and no member by another case
)

// code is what is wrong with a token, in the words of RFC 8935.
type code string

const (
	invalidRequest  code = "invalid_request"
	invalidKey      code = "invalid_key"
	invalidIssuer   code = "invalid_issuer"
	invalidAudience code = "invalid_audience"
	notAuthentic    code = "authentication_failed"
)

// refusal is a token that is not believed, or not understood.
type refusal struct {
	code code
	why  string
}

func (r *refusal) Error() string { return r.why }

func refusef(c code, format string, args ...any) *refusal {
	return &refusal{c, fmt.Sprintf(format, args...)}
}

// algorithms are all that a token may be signed with. A secret that both sides share is
// none of them: who could verify could forge.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA}

// claims are what a token says.
type claims struct {
	Iss    string                    `json:"iss"`
	Aud    audience                  `json:"aud"`
	Jti    string                    `json:"jti"`
	Iat    *float64                  `json:"iat"`
	Nbf    *float64                  `json:"nbf"`
	Exp    *float64                  `json:"exp"`
	Sub    string                    `json:"sub"`
	SubID  any                       `json:"sub_id"`
	Events map[string]map[string]any `json:"events"`
}

// audience is one name or a list.
type audience []string

// UnmarshalJSON reads both.
func (a *audience) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) == nil {
		*a = audience{s}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// parse reads a token as far as it goes without a key.
func parse(body []byte) (*jose.JSONWebSignature, jose.Header, *refusal) {
	token, err := jose.ParseSignedCompact(string(body), algorithms)
	if _, other := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); other {
		return nil, jose.Header{}, refusef(invalidKey, "it is not signed with RS256, ES256 or EdDSA")
	}
	if err != nil || len(token.Signatures) != 1 {
		return nil, jose.Header{}, refusef(invalidRequest, "it is no signed token in the compact form")
	}
	h := token.Signatures[0].Protected
	typ, _ := h.ExtraHeaders[jose.HeaderType].(string)
	if t := strings.ToLower(typ); t != "secevent+jwt" && t != "application/secevent+jwt" {
		return nil, h, refusef(invalidRequest, "its typ is %q, and not secevent+jwt", typ)
	}
	if h.KeyID == "" {
		return nil, h, refusef(invalidKey, "it does not name the key that signed it (kid)")
	}
	return token, h, nil
}

// terms are what an issuer's tokens have to agree with.
type terms struct {
	issuer, audience string
	maxAge           time.Duration
}

// ahead is how far another clock may be ahead of ours.
const ahead = 5 * time.Minute

// read is what a verified token says: its claims and its one event.
func (t terms) read(payload []byte, now time.Time) (claims, event, *refusal) {
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, event{}, refusef(invalidRequest, "its claims cannot be read: %v", err)
	}
	moment := func(seconds *float64) time.Time { return time.Unix(int64(*seconds), 0) }
	switch {
	case c.Iss != t.issuer:
		return c, event{}, refusef(invalidIssuer, "its issuer is %q, and not %q", c.Iss, t.issuer)
	case !slices.Contains(c.Aud, t.audience):
		return c, event{}, refusef(invalidAudience, "it is not for %q", t.audience)
	case c.Jti == "":
		return c, event{}, refusef(invalidRequest, "it has no jti")
	case c.Iat == nil:
		return c, event{}, refusef(invalidRequest, "it has no iat")
	case moment(c.Iat).After(now.Add(ahead)):
		return c, event{}, refusef(invalidRequest, "it was issued in the future, at %s: a clock is wrong", moment(c.Iat).UTC().Format(time.RFC3339))
	case moment(c.Iat).Before(now.Add(-t.maxAge)):
		return c, event{}, refusef(invalidRequest, "it was issued at %s, which is longer ago than %s", moment(c.Iat).UTC().Format(time.RFC3339), t.maxAge)
	case c.Nbf != nil && moment(c.Nbf).After(now.Add(ahead)):
		return c, event{}, refusef(invalidRequest, "it is not good before %s", moment(c.Nbf).UTC().Format(time.RFC3339))
	case c.Exp != nil && !moment(c.Exp).After(now):
		return c, event{}, refusef(invalidRequest, "it has expired, at %s", moment(c.Exp).UTC().Format(time.RFC3339))
	case len(c.Events) != 1:
		return c, event{}, refusef(invalidRequest, "it has %d events, and not one", len(c.Events))
	}
	for kind, says := range c.Events {
		return c, event{kind, says}, nil
	}
	return c, event{}, nil // never: there is one
}
