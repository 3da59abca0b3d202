package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/severhq/sever/internal/desk"
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
		MaxBodyBytes: c.limit, BodyReadTimeout: c.within, Errors: slices.Clone(refusals),
		Metadata: map[string]any{"act": c.act}, Security: []map[string][]string{{"token": {}}}}
	op.Description = strings.TrimSpace(c.text + "\n\nThe command: `" + c.command + "`. Needs one of the roles: " + roleWords(c.act) + ".")
	if c.method == http.MethodPost {
		op.Errors = append(op.Errors, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
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

// legible refuses parameters that no name and no text can be. The words of a body are
// looked at where they are understood.
func (s *Server) legible(c huma.Context, next func(huma.Context)) {
	u := c.URL()
	for name, values := range u.Query() {
		for _, value := range values {
			if value == "" {
				continue
			}
			if err := desk.ValidText("the parameter "+strconv.Quote(name), value, desk.MaxText); err != nil {
				s.answer(c, s.problem(c.Context(), err))
				return
			}
		}
	}
	next(c)
}

// Call is an operation that is added from outside, where its document is made.
type Call struct {
	ID, Method, Path, Tag, Command string
	Summary, Text                  string
	Act                            roles.Act
}

// Asker is who asks for something, and the key under which it is asked: the same request
// with the same Idempotency-Key has the same.
type Asker struct {
	Name, Key string
	may       func(roles.Act) error
}

// May refuses what else a call takes and whoever asks may not.
func (a Asker) May(act roles.Act) error { return a.may(act) }

// Add adds a call whose answer is a document.
func Add[I, O any](s *Server, c Call, work func(context.Context, Asker, *I) (O, error)) {
	register(s, call{id: c.ID, method: c.Method, path: c.Path, tag: c.Tag, act: c.Act, command: c.Command, summary: c.Summary, text: c.Text},
		func(ctx context.Context, in *I) (O, error) {
			about := requestOf(ctx)
			may := func(act roles.Act) error { return s.may(about.caller, act) }
			return work(ctx, Asker{about.caller.Name, about.key, may}, in)
		})
}
