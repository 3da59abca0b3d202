package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// remembered is how long an answer is kept.
const remembered = 24 * time.Hour

// keptAnswer is the longest answer that is kept. Of a longer one the request is done
// again, and each of ours may be.
const keptAnswer = 1 << 20

// once answers a repeated request as it was answered the first time, and lets no two
// different ones have one key. Whatever was done becomes an update with a key that
// follows from the client's, so that a request whose answer was lost does nothing twice.
func (s *Server) once(c huma.Context, next func(huma.Context)) {
	about := requestOf(c.Context())
	key := c.Header("Idempotency-Key")
	if c.Method() != http.MethodPost || actOf(c.Operation()) == "" {
		next(c)
		return
	}
	if key == "" {
		about.key = "http-" + desk.Random(26)
		next(c)
		return
	}
	if err := desk.ValidName("the Idempotency-Key", key); err != nil {
		s.answer(c, s.problem(c.Context(), err))
		return
	}
	about.key = "http-" + digest(about.caller.Name, key)[:40]
	r, w := humago.Unwrap(c)
	r = r.WithContext(c.Context())
	body, p := s.body(c, r, w)
	if p != nil {
		s.answer(c, p)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	asked := store.HTTPRequest{Actor: about.caller.Name, Key: key}
	copy(asked.Fingerprint[:], fingerprint(r, body))
	was, err := s.begin(c.Context(), asked)
	switch {
	case err != nil:
		s.answer(c, s.problem(c.Context(), err))
		return
	case was.Status != 0:
		c.SetHeader("Idempotency-Replayed", "true")
		c.SetHeader("Content-Type", "application/json")
		c.SetStatus(was.Status)
		_, _ = c.BodyWriter().Write(was.Answer)
		return
	}
	out := &kept{ResponseWriter: w}
	next(humago.NewContext(c.Operation(), r, out))
	asked.Status, asked.Answer = out.status, out.text.Bytes()
	if err := s.end(c.Context(), asked); err != nil { // it is done all the same, and repeating it does nothing twice
		s.Log.ErrorContext(c.Context(), "an answer could not be kept", "request", about.id, "error", err)
	}
}

// body reads a request's body within its limits.
func (s *Server) body(c huma.Context, r *http.Request, w http.ResponseWriter) ([]byte, *ProblemError) {
	about, op := requestOf(c.Context()), c.Operation()
	if op.BodyReadTimeout > 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(op.BodyReadTimeout))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.MaxBodyBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, newProblem(http.StatusRequestEntityTooLarge, "too-large", about.id, fmt.Sprintf("the body is larger than %d bytes", op.MaxBodyBytes))
	}
	if err != nil {
		return nil, newProblem(http.StatusRequestTimeout, "timeout", about.id, "the body did not arrive in time, or not whole")
	}
	return body, nil
}

func (s *Server) begin(ctx context.Context, r store.HTTPRequest) (was store.HTTPRequest, err error) {
	err = s.Desk.Store.Do(ctx, func(tx *store.Tx) (err error) {
		was, err = tx.BeginRequest(ctx, r)
		return err
	})
	return was, err
}

// end keeps a good answer. After one that says that nothing happened the key is free
// again; after one that does not know, the same request may come with it and no other.
func (s *Server) end(ctx context.Context, r store.HTTPRequest) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return s.Desk.Store.Do(ctx, func(tx *store.Tx) error {
		switch {
		case r.Status >= 200 && r.Status < 300 && len(r.Answer) <= keptAnswer:
			return tx.EndRequest(ctx, r)
		case r.Status >= 400 && r.Status < 500:
			return tx.ForgetRequest(ctx, r)
		}
		return nil
	})
}

func (s *Server) forget(ctx context.Context) error {
	return s.Desk.Store.Do(ctx, func(tx *store.Tx) error {
		_, err := tx.ForgetRequests(ctx, remembered)
		return err
	})
}

// fingerprint is of everything that says what is asked for.
func fingerprint(r *http.Request, body []byte) []byte {
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type")} {
		_, _ = fmt.Fprintf(h, "%d %s\n", len(part), part)
	}
	_, _ = h.Write(body)
	return h.Sum(nil)
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		_, _ = fmt.Fprintf(h, "%d %s\n", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// kept remembers an answer while it is written.
type kept struct {
	http.ResponseWriter
	status int
	text   bytes.Buffer
}

func (k *kept) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

func (k *kept) Write(b []byte) (int, error) {
	if k.status == 0 {
		k.status = http.StatusOK
	}
	if k.text.Len() <= keptAnswer {
		_, _ = k.text.Write(b)
	}
	return k.ResponseWriter.Write(b)
}

func (k *kept) Unwrap() http.ResponseWriter { return k.ResponseWriter }
