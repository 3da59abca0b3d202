package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
)

// pack is an evidence pack as an answer.
type pack struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Manifest    string `header:"Sever-Manifest" doc:"The SHA-256 of the manifest of the pack, as the trail has it."`
	Whole       bool   `header:"Sever-Whole" doc:"Whether what the pack was made from is whole. Where it is not, sever audit verify --pack says what was found."`
	Body        []byte
}

// audits adds evidence, and the verdict about the trail.
func (s *Server) audits() {
	op := s.operation(call{id: "getEvidence", method: http.MethodGet, path: "/v1/cases/{case}/evidence", tag: "audit", act: roles.Read, command: "sever evidence",
		summary: "Everything about a case in one archive for an auditor",
		text: "The trail notes who took the pack, with its hash, before it is sent. Verify it anywhere, with no server: `sever audit verify --pack FILE --key PUBLICKEY`. " +
			"Where SEVER_AUDIT_KEY is set for the server, the trail and the pack are signed."})
	op.Responses = map[string]*huma.Response{"200": {Description: "The pack",
		Content: map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
	huma.Register(s.api, op, func(ctx context.Context, in *AboutCase) (*pack, error) {
		out, err := s.pack(ctx, in.Case)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
	register(s, call{id: "verifyAudit", method: http.MethodGet, path: "/v1/audit/verify", tag: "audit", act: roles.Read, command: "sever audit verify",
		summary: "Check that nobody changed the trail, and say which row if somebody did",
		text:    "Of a case, or of everything. It compares with the copy of the checkpoints that the server has outside the database (SEVER_CHECKPOINTS)."},
		func(ctx context.Context, in *struct {
			Case string `query:"case" maxLength:"256"`
		}) (audit.Report, error) {
			outside, err := s.Evidence.Outside("")
			if err != nil {
				return audit.Report{}, err
			}
			if in.Case == "" {
				return s.Evidence.Verify(ctx, s.Desk.Store, outside)
			}
			return s.Evidence.Verify(ctx, s.Desk.Store, outside, in.Case)
		})
}

func (s *Server) pack(ctx context.Context, what string) (*pack, error) {
	c, err := desk.Find(ctx, s.Desk.Store, what)
	if err != nil {
		return nil, err
	}
	made, err := s.Evidence.Pack(ctx, s.Desk.Store, c.ID, requestOf(ctx).caller.Name, s.Secrets)
	if err != nil {
		return nil, err
	}
	report, err := s.Evidence.Recheck(made)
	if err != nil {
		return nil, err
	}
	return &pack{Type: "application/zip", Disposition: fmt.Sprintf(`attachment; filename="evidence-%s.zip"`, c.ID), Manifest: made.Hash,
		Whole: report.OK(), Body: made.Zip}, nil
}
