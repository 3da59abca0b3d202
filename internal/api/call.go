package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/severhq/sever/internal/roles"
)

// call is one operation of the interface.
type call struct {
	id      string
	method  string
	path    string
	tag     string
	act     roles.Act
	command string // the command of the command line that does the same
	summary string
	text    string
	limit   int64         // of the body, in bytes; 1 MiB if zero
	within  time.Duration // for the body to arrive; 10 s if zero
	more    []int         // statuses of what it may refuse, beside those of all calls
}

// limits of bodies.
const (
	ordinaryBody = 1 << 20
	importBody   = 32 << 20 // a roster of a hundred thousand people
)

// answered is a document as the body of an answer.
type answered[T any] struct{ Body T }

// operation is the call in huma's words.
func (s *Server) operation(c call) huma.Operation {
	s.commands[c.command] = append(s.commands[c.command], c.id)
	if c.limit == 0 {
		c.limit = ordinaryBody
	}
	if c.within == 0 {
		c.within = 10 * time.Second
	}
	op := huma.Operation{OperationID: c.id, Method: c.method, Path: c.path, Tags: []string{c.tag}, Summary: c.summary,
		MaxBodyBytes: c.limit, BodyReadTimeout: c.within, Errors: append(append([]int{}, refusals...), c.more...),
		Metadata: map[string]any{"act": c.act}, Security: []map[string][]string{{"token": {}}}}
	op.Description = strings.TrimSpace(c.text + "\n\nThe command: `" + c.command + "`. Needs one of the roles: " + roleWords(c.act) + ".")
	if strings.Contains(c.path, "{") {
		op.Errors = append(op.Errors, http.StatusNotFound)
	}
	if c.method == http.MethodPost {
		op.Errors = append(op.Errors, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header",
			Description: "Any text of up to 256 bytes. The same request with the same key does nothing twice.",
			Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: new(256)}})
	}
	return op
}

func roleWords(act roles.Act) string {
	var words []string
	for _, r := range roles.All {
		if roles.Within([]roles.Role{r}, "", act) == nil {
			words = append(words, string(r))
		}
	}
	return strings.Join(words, ", ")
}

// register adds a call whose answer is a document.
func register[I, O any](s *Server, c call, work func(context.Context, *I) (O, error)) {
	huma.Register(s.api, s.operation(c), func(ctx context.Context, in *I) (*answered[O], error) {
		out, err := work(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &answered[O]{out}, nil
	})
}
