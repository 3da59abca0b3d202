package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/dossier"
	"github.com/severhq/sever/internal/provider"
)

// Options are what an interface needs.
type Options struct {
	Desk    *desk.Desk
	Log     *slog.Logger
	Version string
	// People answers who shows a token that is none of ours, such as one of a
	// company's identity provider. Nil: only our own tokens open anything.
	People Verifier
	// Evidence says by whom packs and checkpoints are signed; Secrets are what no pack may
	// have in it.
	Evidence dossier.Settings
	Secrets  []config.Secret
	// Checks are those of this installation itself, for the preflight.
	Checks []provider.Check
	// Mounts are handlers by their pattern, such as "/scim/v2/". They authenticate
	// for themselves; only the request id, the log and the time limit are ours.
	Mounts map[string]http.Handler
	// Within is how long one request may take; a minute if zero.
	Within time.Duration
}

// Server answers requests. It is an http.Handler.
type Server struct {
	Options
	api      huma.API
	mux      *http.ServeMux
	handler  http.Handler
	commands map[string][]string
}

// New makes the interface.
func New(o Options) *Server {
	if o.Within == 0 {
		o.Within = time.Minute
	}
	s := &Server{Options: o, mux: http.NewServeMux(), commands: map[string][]string{}}
	s.api = humago.New(s.mux, description(o.Version))
	s.api.UseMiddleware(s.identify, s.legible, s.once)
	s.health()
	s.cases()
	s.reading()
	s.decisions()
	s.deliveries()
	s.tasks()
	s.people()
	s.systems()
	s.audits()
	open(s.api.OpenAPI().Components.Schemas)
	for pattern, h := range o.Mounts {
		s.mux.Handle(pattern, h)
	}
	s.mux.HandleFunc("/", s.nowhere)
	s.handler = s.observe(s.mux)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// OpenAPI is the description of all calls, as JSON.
func (s *Server) OpenAPI() ([]byte, error) {
	open(s.api.OpenAPI().Components.Schemas)
	return json.MarshalIndent(s.api.OpenAPI(), "", "  ")
}

// Commands are the calls of each command of the command line, by operation id.
func (s *Server) Commands() map[string][]string { return s.commands }

// Housekeep forgets old answers until the context ends.
func (s *Server) Housekeep(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.forget(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("old answers could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
