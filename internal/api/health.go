package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/severhq/sever/internal/store"
)

// Health is what is asked by whoever keeps the server running.
type Health struct {
	Status string   `json:"status" enum:"alive,ready,not ready"`
	Lacks  []string `json:"lacks" doc:"What keeps the server from doing its work."`
	Notes  []string `json:"notes" doc:"What does not, and is not as it should be."`
}

// readiness is an answer with its status.
type readiness struct {
	Status int
	Body   Health
}

func (s *Server) health() {
	huma.Register(s.api, huma.Operation{OperationID: "alive", Method: http.MethodGet, Path: "/healthz", Tags: []string{"running"},
		Summary: "Whether the process lives"}, func(context.Context, *struct{}) (*readiness, error) {
		return &readiness{http.StatusOK, Health{Status: "alive", Lacks: []string{}, Notes: []string{}}}, nil
	})
	huma.Register(s.api, huma.Operation{OperationID: "ready", Method: http.MethodGet, Path: "/readyz", Tags: []string{"running"},
		Summary:   "Whether it can do its work, and what is missing",
		Responses: map[string]*huma.Response{"503": {Description: "It cannot", Content: map[string]*huma.MediaType{"application/json": {}}}},
	}, func(ctx context.Context, _ *struct{}) (*readiness, error) {
		h := s.ready(ctx)
		if h.Status != "ready" {
			return &readiness{http.StatusServiceUnavailable, h}, nil
		}
		return &readiness{http.StatusOK, h}, nil
	})
}

// ready asks what the server needs. It tells no names of servers: everybody may ask.
func (s *Server) ready(ctx context.Context) Health {
	h := Health{Status: "ready", Lacks: []string{}, Notes: []string{}}
	if _, err := s.Desk.Store.LastRoster(ctx); unanswered(err) {
		h.Lacks = append(h.Lacks, "the records do not answer")
	}
	if err := s.Desk.Awake(ctx); err != nil {
		h.Lacks = append(h.Lacks, "no worker is running, or Temporal does not answer")
	}
	if s.People != nil {
		if err := s.People.Ready(ctx); err != nil {
			h.Notes = append(h.Notes, "the OpenID Connect issuer does not answer; our own tokens work")
		}
	}
	if len(h.Lacks) > 0 {
		h.Status = "not ready"
	}
	return h
}

func unanswered(err error) bool { return err != nil && !errors.Is(err, store.ErrNotFound) }
