package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/payload/endpoint"
)

func (a *app) codecCommand() *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "codec",
		Short: "Decode encrypted payloads for Temporal's own interface",
		Long: `Serves POST /decode for Temporal's interface and command line until Ctrl-C, so that they
can show what SEVER_PAYLOAD_KEYS encrypts. It answers whoever sends the token in
SEVER_CODEC_TOKEN (at least 32 characters, openssl rand -hex 32) and nobody else, and
does not start without one. It never encodes, and logs nothing of what it is asked.

In a browser: set SEVER_CODEC_ORIGIN to the origin of the interface, like
http://localhost:8080. Open this endpoint's page and sign in with the token. In the
interface, under the glasses icon (Data Encoder), enter this endpoint's address and choose
"include cross-origin credentials" (for everybody: TEMPORAL_CODEC_ENDPOINT and
TEMPORAL_CODEC_INCLUDE_CREDENTIALS=true at the interface). Both have to be on the same
site: localhost and localhost, or two names below one domain.

On the command line of Temporal:
  temporal workflow show -w ID --codec-endpoint http://127.0.0.1:8234 \
    --codec-auth "Bearer $(cat token)"

It speaks plain HTTP: on another address than this machine's own, put a proxy with TLS
before it.`,
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error { return a.codec(ctx, listen) }),
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8234", "the address to serve on")
	return c
}

// Limits of one request to the endpoint.
const (
	codecReads  = 10 * time.Second
	codecWrites = 30 * time.Second
	codecIdle   = time.Minute
	codecHeader = 16 << 10 // bytes
	codecStop   = 5 * time.Second
)

func (a *app) codec(ctx context.Context, listen string) error {
	keys, err := payload.FromVars(a.vars)
	options, more := config.Parse[endpoint.Options](a.vars, "")
	if err := errors.Join(err, more); err != nil {
		return desk.Invalidf("%w", err)
	}
	handler, err := endpoint.New(keys, options)
	if err != nil {
		return desk.Invalidf("%w", err).Then("see: sever codec --help")
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return desk.Failf(desk.Unreachable, "listen on %s: %w", listen, err).Then("choose another address: --listen")
	}
	a.out.line("decoding at http://" + listener.Addr().String() + "; Ctrl-C ends it")
	if options.Origin == "" {
		a.out.line("no page of a browser may ask: SEVER_CODEC_ORIGIN is not set")
	}
	return serveCodec(ctx, listener, handler)
}

// serveCodec serves until the context ends, and then finishes the requests under way.
func serveCodec(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: codecReads, ReadTimeout: codecReads, WriteTimeout: codecWrites, IdleTimeout: codecIdle,
		MaxHeaderBytes: codecHeader, ErrorLog: log.New(io.Discard, "", 0)} // a panic would print the request
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), codecStop)
	defer cancel()
	if err := server.Shutdown(within); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
