package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Caller is who asks. The token says who that is and caps what they may do; where roles
// are configured those have to allow it as well. Nobody can act as somebody else.
type Caller struct {
	Name  string
	Roles []roles.Role
	Token string // the id of the token, or the word of a verifier
}

// Verifier knows who shows a token that is none of ours.
type Verifier interface {
	// Verify is who shows it. A *StrangerError says why it opens nothing.
	Verify(ctx context.Context, token config.Secret) (Caller, error)
	// Ready says what keeps it from verifying anything; nil when nothing does.
	Ready(ctx context.Context) error
}

// StrangerError is the error of a token that opens nothing. Its words may be shown to
// whoever sent the token.
type StrangerError struct{ Why string }

func (s *StrangerError) Error() string { return s.Why }

// strange is what somebody hears whose token is none: not whether there was one.
var strange = &StrangerError{"the token is not known, has expired or was revoked"}

// actOf is what a call does, for the roles; empty: everybody may.
func actOf(o *huma.Operation) roles.Act {
	act, _ := o.Metadata["act"].(roles.Act)
	return act
}

// identify lets through who may.
func (s *Server) identify(c huma.Context, next func(huma.Context)) {
	act := actOf(c.Operation())
	if act == "" {
		next(c)
		return
	}
	about := requestOf(c.Context())
	caller, err := s.caller(c.Context(), c.Header("Authorization"))
	if no, ok := errors.AsType[*StrangerError](err); ok {
		s.Log.WarnContext(c.Context(), "a token was refused", "request", about.id, "from", c.RemoteAddr(), "why", no.Why)
		c.SetHeader("WWW-Authenticate", `Bearer realm="sever"`)
		p := newProblem(http.StatusUnauthorized, "unauthorized", about.id, no.Why)
		p.Next = []string{"send Authorization: Bearer TOKEN; sever tokens create makes one"}
		s.answer(c, p)
		return
	}
	if err != nil {
		s.answer(c, s.problem(c.Context(), err))
		return
	}
	about.caller = caller
	if err := s.may(caller, act); err != nil {
		first, _ := errors.AsType[*roles.RefusalError](err)
		s.noteRefusal(c.Context(), c.Operation().OperationID, act, first)
		p := newProblem(http.StatusForbidden, "forbidden", about.id, first.Error())
		p.Next = []string{"ask somebody who has the role (sever help roles), or for a token that has it (sever help http)"}
		s.answer(c, p)
		return
	}
	next(c)
}

// may refuses what the token does not let a caller do, or the roles do not.
func (s *Server) may(c Caller, act roles.Act) error {
	return errors.Join(roles.Within(c.Roles, c.Name, act), s.Desk.Roles.May(c.Name, act))
}

// caller is who shows the header.
func (s *Server) caller(ctx context.Context, header string) (Caller, error) {
	scheme, text, _ := strings.Cut(header, " ")
	text = strings.TrimSpace(text)
	switch {
	case header == "":
		return Caller{}, &StrangerError{"the header Authorization is missing"}
	case !strings.EqualFold(scheme, "bearer") || text == "":
		return Caller{}, &StrangerError{"the header Authorization is not Bearer TOKEN"}
	case !strings.HasPrefix(text, desk.TokenPrefix) && s.People != nil:
		return s.People.Verify(ctx, config.NewSecret(text))
	}
	k, err := s.Desk.Store.TokenOf(ctx, config.NewSecret(text))
	if errors.Is(err, store.ErrNotFound) {
		return Caller{}, strange
	}
	if err != nil {
		return Caller{}, err
	}
	now := time.Now()
	if !k.Valid(now) {
		return Caller{}, strange
	}
	if now.Sub(k.UsedAt) >= time.Hour {
		if err := s.Desk.Store.Do(ctx, func(tx *store.Tx) error { return tx.UsedToken(ctx, k.ID) }); err != nil {
			return Caller{}, err
		}
	}
	out := Caller{Name: k.Name, Token: k.ID}
	for _, r := range k.Roles {
		out.Roles = append(out.Roles, roles.Role(r))
	}
	return out, nil
}

// noteRefusal leaves a row about what somebody may not, once an hour for each kind of
// act, so that a client that asks in a loop does not fill the trail.
func (s *Server) noteRefusal(ctx context.Context, call string, act roles.Act, no *roles.RefusalError) {
	about, now := requestOf(ctx), time.Now()
	s.Log.WarnContext(ctx, "a request was refused", "request", about.id, "actor", about.caller.Name, "token", about.caller.Token, "why", no.Error())
	err := s.Desk.Store.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: fmt.Sprintf("http/refused/%s/%s/%s/%s", about.caller.Token, about.caller.Name, act, now.UTC().Format("2006010215")),
			At: now, Kind: audit.RequestRefused, Actor: about.caller.Name, Object: string(act), Outcome: "refused", Words: no.Error(),
			Data: map[string]any{"token": about.caller.Token, "call": call}})
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "a refusal could not be written into the trail", "request", about.id, "error", err)
	}
}

// answer writes a problem through huma.
func (s *Server) answer(c huma.Context, p *ProblemError) {
	c.SetHeader("Content-Type", p.ContentType(""))
	c.SetStatus(p.Status)
	_ = s.api.Marshal(c.BodyWriter(), "application/json", p)
}
