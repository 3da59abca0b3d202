// Command sever-worker carries out what workflows ask for: it keeps the records and
// reaches the connections. Any number of them may run side by side.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/wiring"
)

func main() {
	if err := run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "sever-worker:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return wiring.Run(ctx, config.Environ(), wiring.Version(), slog.New(slog.NewJSONHandler(os.Stderr, nil)))
}
