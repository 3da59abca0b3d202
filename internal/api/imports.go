package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/severhq/sever/internal/roles"
)

// Upload is a file that somebody sent to be imported.
type Upload struct {
	By     string
	Source string // as the trail names it; its end says what the file is: .csv or .json
	Text   []byte
	DryRun bool
	// Of a roster: how many per cent of the active people may be missing, and why it is
	// right that more are.
	MaxShrink    int
	AcceptShrink string
}

// Import is a call that takes a file.
type Import struct {
	ID, Path, Command string
	Summary, Text     string
}

// sent is the file of a request.
type sent struct {
	RawBody []byte
	Type    string `header:"Content-Type" hidden:"true"`
	DryRun  bool   `query:"dry_run" doc:"Show what would change, and write nothing."`
}

// sentRoster is that of a roster.
type sentRoster struct {
	RawBody      []byte
	Type         string `header:"Content-Type" hidden:"true"`
	DryRun       bool   `query:"dry_run" doc:"Show what would change, and write nothing."`
	MaxShrink    int    `query:"max_shrink" minimum:"0" maximum:"100" default:"20" doc:"Per cent of the active people that may be missing at once."`
	AcceptShrink string `query:"accept_shrink" maxLength:"2000" doc:"Why it is right that more are missing; kept in the trail."`
}

// AddImport adds a call that takes a file and answers what it changed.
func AddImport[O any](s *Server, i Import, take func(context.Context, Upload) (O, error)) {
	huma.Register(s.api, s.importing(i), func(ctx context.Context, in *sent) (*answered[O], error) {
		return imported(ctx, s, Upload{Text: in.RawBody, DryRun: in.DryRun}, in.Type, take)
	})
}

// AddRoster is AddImport for rosters.
func AddRoster[O any](s *Server, i Import, take func(context.Context, Upload) (O, error)) {
	huma.Register(s.api, s.importing(i), func(ctx context.Context, in *sentRoster) (*answered[O], error) {
		return imported(ctx, s, Upload{Text: in.RawBody, DryRun: in.DryRun, MaxShrink: in.MaxShrink, AcceptShrink: in.AcceptShrink}, in.Type, take)
	})
}

func imported[O any](ctx context.Context, s *Server, u Upload, contentType string, take func(context.Context, Upload) (O, error)) (*answered[O], error) {
	about := requestOf(ctx)
	u.By, u.Source = about.caller.Name, "request "+about.id+".csv"
	switch kind, _, _ := strings.Cut(contentType, ";"); strings.TrimSpace(strings.ToLower(kind)) {
	case "text/csv", "":
	case "application/json":
		u.Source = "request " + about.id + ".json"
	default:
		return nil, newProblem(http.StatusUnsupportedMediaType, "media-type", about.id, "send text/csv or application/json")
	}
	out, err := take(ctx, u)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &answered[O]{out}, nil
}

// importing is the operation of an import. A large file may take its time to arrive.
func (s *Server) importing(i Import) huma.Operation {
	op := s.operation(call{id: i.ID, method: http.MethodPost, path: i.Path, tag: "people", act: roles.Import, command: i.Command,
		summary: i.Summary, text: i.Text, limit: importBody, within: time.Minute})
	file := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	op.RequestBody = &huma.RequestBody{Required: true, Description: "The file, as the command takes it.",
		Content: map[string]*huma.MediaType{"text/csv": file, "application/json": {Schema: &huma.Schema{Description: "As the command takes it: a list of objects, or an object with named lists."}}}}
	op.SkipValidateBody = true // each line is checked, with its place in the file
	return op
}
