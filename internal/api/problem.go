package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
)

// ProblemError is what went wrong, as RFC 9457 has it: what happened to which object, and
// what a person can do next.
type ProblemError struct {
	Type      string    `json:"type" example:"urn:sever:problem:missing" doc:"What kind of problem it is; clients may rely on it."`
	Title     string    `json:"title" example:"Not Found"`
	Status    int       `json:"status" example:"404"`
	Detail    string    `json:"detail" example:"there is no case \"C-1\""`
	Next      []string  `json:"next,omitempty" doc:"What a person can do."`
	RequestID string    `json:"request_id" doc:"As in the log of the server, and in the header X-Request-ID."`
	Errors    []Mistake `json:"errors,omitempty" doc:"What is wrong with the request, place by place."`
}

// Mistake is one thing that is wrong with a request.
type Mistake struct {
	Location string `json:"location" example:"body.reason"`
	Message  string `json:"message"`
}

func (p *ProblemError) Error() string { return p.Detail }

// GetStatus is the status of the answer.
func (p *ProblemError) GetStatus() int { return p.Status }

// ContentType is that of all problems.
func (p *ProblemError) ContentType(string) string { return "application/problem+json" }

// kinds are the status and the type of each kind of failure.
var kinds = map[desk.Kind]struct {
	status int
	name   string
}{
	desk.Internal:    {http.StatusInternalServerError, "internal"},
	desk.Invalid:     {http.StatusUnprocessableEntity, "invalid"},
	desk.Forbidden:   {http.StatusForbidden, "forbidden"},
	desk.Missing:     {http.StatusNotFound, "missing"},
	desk.Refused:     {http.StatusConflict, "refused"},
	desk.Open:        {http.StatusConflict, "open"},
	desk.Unreachable: {http.StatusServiceUnavailable, "unreachable"},
}

// names are the types of what is refused before it reaches the desk.
var names = map[int]string{
	http.StatusBadRequest: "malformed", http.StatusUnauthorized: "unauthorized", http.StatusForbidden: "forbidden", http.StatusNotFound: "missing",
	http.StatusMethodNotAllowed: "method", http.StatusRequestTimeout: "timeout", http.StatusRequestEntityTooLarge: "too-large",
	http.StatusUnsupportedMediaType: "media-type", http.StatusUnprocessableEntity: "invalid", http.StatusServiceUnavailable: "unreachable",
}

func newProblem(status int, name, requestID, detail string) *ProblemError {
	if name == "" {
		name = "internal"
	}
	return &ProblemError{Type: "urn:sever:problem:" + name, Title: http.StatusText(status), Status: status, Detail: detail, RequestID: requestID}
}

// problem is the answer to an error. One of our own says nothing of the inside; the log
// has it under the request's id.
func (s *Server) problem(ctx context.Context, err error) *ProblemError {
	id := requestOf(ctx).id
	if errors.Is(err, store.ErrOtherRequest) {
		p := newProblem(http.StatusUnprocessableEntity, "key-reused", id, err.Error())
		p.Next = []string{"send this request with a key of its own"}
		return p
	}
	f := desk.Explain(err)
	k := kinds[f.Kind]
	if f.Kind == desk.Internal && !errors.Is(err, context.Canceled) {
		s.Log.ErrorContext(ctx, "a request failed", "request", id, "error", err)
		p := newProblem(k.status, k.name, id, "Sever could not do its part")
		p.Next = []string{"look into the log of the server for the request " + id}
		return p
	}
	if f.Kind == desk.Unreachable {
		s.Log.WarnContext(ctx, "a system does not answer", "request", id, "error", err)
	}
	p := newProblem(k.status, k.name, id, f.Error())
	p.Next = f.Next
	return p
}

// What huma refuses by itself takes our form. Its errors are made by package variables.
var _ = func() struct{} {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return huma.NewErrorWithContext(nil, status, message, errs...)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		id := ""
		if ctx != nil {
			id = requestOf(ctx.Context()).id
		}
		p := newProblem(status, names[status], id, message)
		for _, err := range errs {
			m := Mistake{Message: err.Error()}
			if d, ok := err.(huma.ErrorDetailer); ok {
				m = Mistake{d.ErrorDetail().Location, d.ErrorDetail().Message} // never the value: it may be a secret in the wrong place
			}
			p.Errors = append(p.Errors, m)
		}
		return p
	}
	return struct{}{}
}()

// refuse answers with a problem, outside of huma.
func refuse(w http.ResponseWriter, p *ProblemError) {
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// nowhere answers what no pattern fits.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	id := requestOf(r.Context()).id
	allowed := ""
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "/" && pattern != "" {
			allowed += ", " + method
		}
	}
	if allowed != "" {
		w.Header().Set("Allow", allowed[2:])
		refuse(w, newProblem(http.StatusMethodNotAllowed, "method", id, r.Method+" is nothing that can be done here; there is "+allowed[2:]))
		return
	}
	p := newProblem(http.StatusNotFound, "missing", id, "there is no such path")
	p.Next = []string{"the calls are described at /openapi.json"}
	refuse(w, p)
}
