package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/api/oidc"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/dossier"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/scim"
)

func (a *app) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve the HTTP interface: every command as a call, until Ctrl-C",
		Long: `Answers HTTP requests: what the commands of this program do, other programs ask for here.
The calls are described at /openapi.json, made from the program itself. A caller sends a
token (sever tokens create), which says who asks and what they may do.

Without TLS (SEVER_TLS_CERT, SEVER_TLS_KEY) it listens on this machine alone, unless
SEVER_PLAIN_HTTP=behind-proxy says that a proxy with TLS stands before it. Ctrl-C, or
SIGTERM, ends it when the requests under way are answered. See: sever help http.`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.serve(ctx) }),
	}
}

// serveSettings say where to listen.
type serveSettings struct {
	Listen string `env:"SEVER_LISTEN"     envDefault:"127.0.0.1:8377"`
	Cert   string `env:"SEVER_TLS_CERT"` // files
	Key    string `env:"SEVER_TLS_KEY"`
	Plain  string `env:"SEVER_PLAIN_HTTP"`
}

// serving is what a mounted handler is made from.
type serving struct {
	desk *desk.Desk
	vars config.Vars
	log  *slog.Logger
	// who says by our tokens who sends a request, and refuses who may not.
	who scim.Authenticator
}

// mount is where something arrives that is none of our calls. What is made answers by
// its own authentication, and ends with the context. Nil: it is not configured.
type mount struct {
	pattern string
	make    func(context.Context, serving) (http.Handler, error)
}

// mounts are all of them, a line each.
var mounts = []mount{
	{"/hooks/", takeHooks},
	{scim.Prefix + "/", provisioned},
	{"/events/", takeEvents},
}

// listening is the JSON of serve, printed once it answers.
type listening struct {
	Address string `json:"address"` // as a URL
}

func (a *app) serve(ctx context.Context) error {
	settings, err := config.Parse[serveSettings](a.vars, "")
	if err != nil {
		return desk.Invalidf("%w", err)
	}
	certificates, err := settings.certificates()
	if err != nil {
		return err
	}
	people, err := a.issuer()
	if err != nil {
		return err
	}
	conns, err := a.connections()
	if err != nil {
		return err
	}
	if conns != nil {
		defer conns.Close()
	}
	told, err := a.noticeSettings()
	if err != nil {
		return err
	}
	clients, err := a.open(ctx, true, told.Subscribers())
	if err != nil {
		return err
	}
	defer clients.Close()
	d, err := a.desk(clients, conns)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(a.stderr.w, nil))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	who := &later{}
	o := api.Options{Desk: d, Log: log, Version: thisBuild().Version, Mounts: map[string]http.Handler{},
		People: people, Checks: []provider.Check{a.payloadCheck(), paper.WhoMayWhat(d.Roles)}}
	if o.Evidence, err = dossier.SettingsOf(a.vars); err != nil {
		return err
	}
	if o.Secrets, err = config.SecretsOf(a.vars); err != nil {
		return desk.Invalidf("%w", err)
	}
	for _, m := range mounts {
		h, err := m.make(ctx, serving{d, a.vars, log, who})
		if err != nil {
			return err
		}
		if h != nil {
			o.Mounts[m.pattern] = h
		}
	}
	server := api.New(o)
	who.Server = server
	calls(server, d, a.vars)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.Listen)
	if err != nil {
		return desk.Failf(desk.Unreachable, "listen on %s: %w", settings.Listen, err).Then("choose another address: SEVER_LISTEN")
	}
	scheme := "http"
	if len(certificates) > 0 {
		scheme = "https"
	}
	address := scheme + "://" + listener.Addr().String()
	if a.json {
		a.out.document(listening{address})
	}
	a.sayf("Serving at %s; the calls are described at %s/openapi.json. Ctrl-C ends it.", address, address)
	go server.Housekeep(ctx)
	return api.Serve(ctx, listener, server, certificates, log)
}

// issuer knows people by tokens that are none of ours; nil where none is configured.
func (a *app) issuer() (api.Verifier, error) {
	settings, err := config.Parse[oidc.Settings](a.vars, "")
	if err != nil {
		return nil, desk.Invalidf("%w", err)
	}
	i, err := oidc.New(settings)
	if i == nil || err != nil {
		return nil, err
	}
	return i, nil
}

// certificates are those to speak TLS with. Without any, tokens would be readable on
// the way, so that a plain server listens where there is no way.
func (s serveSettings) certificates() ([]tls.Certificate, error) {
	if (s.Cert == "") != (s.Key == "") {
		return nil, desk.Invalidf("SEVER_TLS_CERT and SEVER_TLS_KEY belong together: one of them is not set")
	}
	if s.Plain != "" && s.Plain != "behind-proxy" {
		return nil, desk.Invalidf("SEVER_PLAIN_HTTP is %q: the only word is behind-proxy", s.Plain)
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return nil, desk.Invalidf("SEVER_LISTEN is %q: write host:port", s.Listen)
	}
	if s.Cert != "" {
		pair, err := tls.LoadX509KeyPair(s.Cert, s.Key)
		if err != nil {
			return nil, desk.Invalidf("SEVER_TLS_CERT, SEVER_TLS_KEY: %w", err).Then("name files with a certificate chain and its key in PEM")
		}
		return []tls.Certificate{pair}, nil
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && s.Plain == "" {
		return nil, desk.Invalidf("SEVER_LISTEN is %s, which others can reach, and without TLS they could read tokens on the way", s.Listen).
			Then("set SEVER_TLS_CERT and SEVER_TLS_KEY").
			Then("or, where a proxy with TLS stands before it, SEVER_PLAIN_HTTP=behind-proxy")
	}
	return nil, nil
}
