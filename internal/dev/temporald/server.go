package main

import (
	"context"
	"fmt"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
)

// server is a running Temporal server.
type server struct {
	temporal temporal.Server
	address  string     // of the frontend, host:port
	lock     *storeLock // nil when everything is in memory
}

// start brings the server up and returns when every namespace answers and knows its search attributes.
func start(ctx context.Context, o options) (*server, error) {
	l, err := layOut(o.ip, o.port)
	if err != nil {
		return nil, err
	}
	lock, err := lockStore(ctx, o.file)
	if err != nil {
		return nil, err
	}
	s := &server{address: l.frontend, lock: lock}
	if err := s.start(ctx, o, l); err != nil {
		lock.release()
		return nil, err
	}
	return s, nil
}

func (s *server) start(ctx context.Context, o options, l layout) error {
	store, err := openStore(o.file)
	if err != nil {
		return err
	}
	if err := createNamespaces(store, o.namespaces, o.attributes); err != nil {
		return err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: o.logLevel, Format: "console"}))
	s.temporal, err = temporal.NewServer(
		temporal.WithConfig(configure(o, l, store)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(l.hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(dynamicSettings(o.dynamic)),
	)
	if err != nil {
		return fmt.Errorf("set up the server: %w", err)
	}
	if err := s.temporal.Start(); err != nil { // returns at once: InterruptOn is not used
		return fmt.Errorf("start the server: %w", err)
	}
	if err := awaitNamespaces(ctx, s.address, o.namespaces, o.attributes); err != nil {
		_ = s.temporal.Stop()
		return err
	}
	return nil
}

// stop ends the server in order and gives the file free.
func (s *server) stop() error {
	defer s.lock.release()
	if err := s.temporal.Stop(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	return nil
}
