package api

import (
	"errors"
	"net/http"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
)

// Authenticate says who sends a request to a mounted handler, and whether they may do
// an act: by the same tokens and roles as for our own calls, and with the same row in
// the trail when they may not. The error of who is not known is of the kind Invalid, of
// who may not Forbidden.
func (s *Server) Authenticate(r *http.Request, act roles.Act) (actor string, err error) {
	about := requestOf(r.Context())
	caller, err := s.caller(r.Context(), r.Header.Get("Authorization"))
	if no, ok := errors.AsType[*StrangerError](err); ok {
		s.Log.WarnContext(r.Context(), "a token was refused", "request", about.id, "from", r.RemoteAddr, "why", no.Why)
		return "", desk.Invalidf("%w", no).Then("send Authorization: Bearer TOKEN; sever tokens create makes one")
	}
	if err != nil {
		return "", err
	}
	about.caller = caller
	if err := errors.Join(roles.Within(caller.Roles, caller.Name, act), s.Desk.Roles.May(caller.Name, act)); err != nil {
		first, _ := errors.AsType[*roles.RefusalError](err)
		s.noteRefusal(r.Context(), r.Method+" "+r.URL.Path, act, first)
		return "", desk.Failf(desk.Forbidden, "%w", first).Then("ask for a token that has the role (sever help http)")
	}
	return caller.Name, nil
}
