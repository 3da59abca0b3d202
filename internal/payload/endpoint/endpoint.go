// Package endpoint lets people read encrypted histories in Temporal's own interface: it
// decodes payloads for whoever knows its token, and for nobody else.
//
// It decodes and does not encode: commands come from the sever command line, which
// writes down who gave them. The token comes as "Authorization: Bearer ..." from
// programs. A browser signs in once, on the page at /, and is known by a cookie for
// some hours; then only pages of the configured origin may ask.
package endpoint

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/converter"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/payload"
)

const (
	minToken  = 32      // characters
	maxBody   = 8 << 20 // bytes; one payload of Temporal's has at most 2 MiB, before base64
	cookie    = "sever_codec"
	signedFor = 8 * time.Hour
)

// Options are the settings of the endpoint.
type Options struct {
	// Token is what a caller has to know: at least 32 characters.
	Token config.Secret `env:"SEVER_CODEC_TOKEN"`
	// Origin is that of Temporal's interface, like http://localhost:8080. Empty: no
	// page of another origin may ask.
	Origin string `env:"SEVER_CODEC_ORIGIN"`
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

type endpoint struct {
	token  [sha256.Size]byte // of equal length, for comparing
	secret []byte            // what cookies are signed with
	origin string
	now    func() time.Time
	decode http.Handler
}

// New makes the handler. It fails without a token that cannot be guessed, without any
// key, and with an origin that is none.
func New(keys *payload.Keys, o Options) (http.Handler, error) {
	var errs []error
	if n := len(o.Token.Reveal()); n < minToken {
		errs = append(errs, fmt.Errorf("SEVER_CODEC_TOKEN has %d characters and needs at least %d: openssl rand -hex 32 makes one", n, minToken))
	}
	if keys.Active() == "" {
		errs = append(errs, fmt.Errorf("%s is not set: there is nothing to decode", payload.Variable))
	}
	if err := validOrigin(o.Origin); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	e := &endpoint{token: sha256.Sum256([]byte(o.Token.Reveal())), origin: o.Origin, now: o.Now,
		decode: converter.NewPayloadCodecHTTPHandler(keys.Codec())}
	e.secret = e.token[:]
	if e.now == nil {
		e.now = time.Now
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", e.page)
	mux.HandleFunc("POST /{$}", e.signIn)
	mux.HandleFunc("OPTIONS /decode", e.preflight)
	mux.HandleFunc("POST /decode", e.decoded)
	// The command line of Temporal puts the namespace in front.
	mux.HandleFunc("POST /{namespace}/decode", e.decoded)
	mux.HandleFunc("OPTIONS /{namespace}/decode", e.preflight)
	return plainly(mux), nil
}

// validOrigin takes scheme://host[:port], as browsers send it. "*" is none.
func validOrigin(origin string) error {
	if origin == "" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != origin || strings.Contains(u.Host, "*") {
		return fmt.Errorf("SEVER_CODEC_ORIGIN is %q: write the origin of Temporal's interface alone, like http://localhost:8080", origin)
	}
	return nil
}

// plainly are the headers of every answer: nothing is kept, and nothing is guessed.
func plainly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// preflight answers a browser that asks whether a page may ask. It carries no token.
func (e *endpoint) preflight(w http.ResponseWriter, r *http.Request) {
	if !e.allow(w, r) {
		http.Error(w, "this origin may not ask", http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace, Caller-Type")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// allow tells a browser that a page of our origin may read the answer, and reports
// whether the request came from one.
func (e *endpoint) allow(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Add("Vary", "Origin")
	if e.origin == "" || r.Header.Get("Origin") != e.origin {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", e.origin)
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	return true
}

func (e *endpoint) decoded(w http.ResponseWriter, r *http.Request) {
	ours := e.allow(w, r)
	if r.Header.Get("Origin") != "" && !ours {
		http.Error(w, "this origin may not ask", http.StatusForbidden)
		return
	}
	if !e.bearer(r) && (!ours || !e.signedIn(r)) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sever codec"`)
		http.Error(w, "send the token, or sign in at /", http.StatusUnauthorized)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	e.decode.ServeHTTP(w, r)
}

func (e *endpoint) bearer(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && e.knows(token)
}

// knows compares in constant time; the hash makes the lengths equal.
func (e *endpoint) knows(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], e.token[:]) == 1
}

// signed is what the cookie says: until when, and a proof that we said so.
func (e *endpoint) signed(until int64) string {
	text := strconv.FormatInt(until, 10)
	mac := hmac.New(sha256.New, e.secret)
	mac.Write([]byte(cookie + " " + text))
	return text + "." + hex.EncodeToString(mac.Sum(nil))
}

func (e *endpoint) signedIn(r *http.Request) bool {
	c, err := r.Cookie(cookie)
	if err != nil {
		return false
	}
	text, _, _ := strings.Cut(c.Value, ".")
	until, err := strconv.ParseInt(text, 10, 64)
	return err == nil && hmac.Equal([]byte(c.Value), []byte(e.signed(until))) && e.now().Unix() < until
}
