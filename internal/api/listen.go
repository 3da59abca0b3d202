package api

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of a connection. A request has a limit of its own, which is shorter than what
// writing its answer may take.
const (
	headerWithin = 10 * time.Second
	readWithin   = 2 * time.Minute // also a large import over a slow line
	writeWithin  = 3 * time.Minute
	idleWithin   = 2 * time.Minute
	headerBytes  = 16 << 10
	stopWithin   = 30 * time.Second
)

// Serve answers until the context ends. Then it takes no more requests, finishes those
// under way, and returns. With certificates it speaks TLS.
func Serve(ctx context.Context, l net.Listener, h http.Handler, certificates []tls.Certificate, log *slog.Logger) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: headerWithin, ReadTimeout: readWithin, WriteTimeout: writeWithin, IdleTimeout: idleWithin,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	if len(certificates) > 0 {
		server.TLSConfig = &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}
	}
	ended := make(chan error, 1)
	go func() {
		if len(certificates) > 0 {
			ended <- server.ServeTLS(l, "", "")
			return
		}
		ended <- server.Serve(l)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := server.Shutdown(within); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
