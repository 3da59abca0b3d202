package set

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/inbox"
)

// The variables of issuers.
const (
	Variable = "SEVER_EVENTS" // their names: okta,google
	Prefix   = "SEVER_EVENT_"
)

// settings are those of one issuer.
type settings struct {
	Issuer   string `env:"ISSUER,required,notEmpty"`   // iss, exactly
	JWKS     string `env:"JWKS_URL,required,notEmpty"` // where its keys are
	Audience string `env:"AUDIENCE,required,notEmpty"` // aud has it
	// Subjects say who is meant: email=email,iss_sub=attr.okta_id.
	Subjects string `env:"SUBJECTS,required,notEmpty"`
	// Events are those that are followed, by their short names; the others are stored.
	Events []string `env:"EVENTS"`
	// Token is what the transmitter has to show, if it can.
	Token config.Secret `env:"TOKEN"`
	// Hold is why a case of this issuer removes nothing before somebody says resume.
	Hold   string        `env:"HOLD"`
	MaxAge time.Duration `env:"MAX_AGE" envDefault:"24h"`
}

// Issuer is one whose tokens are taken.
type Issuer struct {
	Name   string
	terms  terms
	fields subjects
	follow []string
	token  config.Secret
	hold   string
	keys   *keys
}

// Actor is the issuer as the roles know it.
func (i *Issuer) Actor() string { return "set:" + i.Name }

// Issuers are those that are configured, by name.
type Issuers map[string]*Issuer

// Open reads the issuers that the variables configure, and asks nobody. The error names
// everything that is wrong.
func Open(vars config.Vars) (Issuers, error) {
	senders, err := inbox.Senders(vars, Variable, Prefix)
	errs := []error{err}
	out := Issuers{}
	for _, s := range senders {
		issuer, err := open(s, vars)
		if err != nil {
			errs = append(errs, fmt.Errorf("issuer %s: %w", s.Name, err))
			continue
		}
		out[s.Name] = issuer
	}
	return out, errors.Join(errs...)
}

func open(s inbox.Sender, vars config.Vars) (*Issuer, error) {
	set, err := config.Parse[settings](vars, s.Prefix)
	if err != nil {
		return nil, err
	}
	var errs []error
	wrong := func(name string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s%s: %w", s.Prefix, name, err))
		}
	}
	wrong("JWKS_URL", secure(set.JWKS))
	fields, err := parseSubjects(set.Subjects)
	wrong("SUBJECTS", err)
	for n, name := range set.Events {
		set.Events[n] = strings.TrimSpace(name)
		if acting[set.Events[n]] == "" {
			wrong("EVENTS", fmt.Errorf("%q is no event that asks for something: see sever help arrivals", set.Events[n]))
		}
	}
	if set.MaxAge <= 0 {
		wrong("MAX_AGE", fmt.Errorf("%s: give a positive length of time", set.MaxAge))
	}
	if set.Hold != "" {
		wrong("HOLD", desk.ValidName("the reason of the hold", set.Hold))
	}
	if !set.Token.Empty() && len(set.Token.Reveal()) < 16 {
		wrong("TOKEN", errors.New("is shorter than 16 characters: anybody could guess it"))
	}
	return &Issuer{Name: s.Name, terms: terms{set.Issuer, set.Audience, set.MaxAge}, fields: fields, follow: set.Events, token: set.Token,
		hold: set.Hold, keys: newKeys(set.JWKS)}, errors.Join(errs...)
}

// secure refuses to fetch keys where others could put theirs. On this machine nobody
// stands between.
func secure(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return errors.New("it is no URL")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return errors.New("it has to begin with https://: keys that others can replace prove nothing")
}

// knows reports whether a request shows the transmitter's token, where one is needed.
func (i *Issuer) knows(r *http.Request) bool {
	if i.token.Empty() {
		return true
	}
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(shown)), []byte(i.token.Reveal())) == 1
}

// message is what a token says, once it is believed and understood. The error is a
// *refusal, or errKeysAway.
func (i *Issuer) message(ctx context.Context, body []byte, now time.Time) (inbox.Message, error) {
	m := inbox.Message{Kind: inbox.SET, Source: i.Name}
	token, header, no := parse(body)
	if no != nil {
		return m, no
	}
	key, err := i.keys.named(ctx, header.KeyID)
	switch {
	case errors.Is(err, errUnknownKey):
		return m, refusef(invalidKey, "no key of the issuer has the name %q", header.KeyID)
	case err != nil:
		return m, err
	case key.Algorithm != "" && key.Algorithm != header.Algorithm:
		return m, refusef(invalidKey, "the key %q is for %s, and it is signed with %s", header.KeyID, key.Algorithm, header.Algorithm)
	}
	if m.Body, err = token.Verify(key); err != nil {
		return m, refusef(notAuthentic, "its signature does not fit: another key, or it was changed on its way")
	}
	c, e, no := i.terms.read(m.Body, now)
	if no != nil {
		return m, no
	}
	m.ID = c.Jti
	if m.Order, err = i.order(c, e); err != nil {
		return m, refusef(invalidRequest, "it is signed, and cannot be understood: %v", err)
	}
	return m, nil
}

// order is what an event asks for, by the settings of its issuer.
func (i *Issuer) order(c claims, e event) (inbox.Order, error) {
	o, err := meaning(e)
	if err != nil {
		return o, err
	}
	if o.Act != inbox.None && len(i.follow) > 0 && !slices.Contains(i.follow, e.name()) {
		o = inbox.Order{Act: inbox.None, Why: e.name() + ": by the settings it asks for nothing"}
	}
	o.By = i.Actor()
	if o.Act == inbox.None {
		return o, nil
	}
	if o.Act == inbox.Offboard {
		o.Hold = i.hold
	}
	o.Subject, err = c.subject(e, i.terms.issuer, i.fields)
	return o, err
}
