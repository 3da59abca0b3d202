// Temporald is a Temporal server in one process, for demonstrations, tests and small installations.
//
// It takes the flags of "temporal server start-dev" that matter to a program, keeps everything in
// memory or in one SQLite file, and prints one line on standard output when it can be used:
//
//	temporald: ready on 127.0.0.1:7233
//
// Its log goes to standard error. A workflow that was acknowledged survives a kill and a power cut
// as long as the file does; there is no migration between server versions.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// startLimit bounds everything up to the ready line. An ordinary start takes less than a second.
const startLimit = time.Minute

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	cancel()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "temporald:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "temporald:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It writes the ready line, and nothing else, to out.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	s, err := start(starting, o)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "temporald: ready on", s.address)
	<-ctx.Done()
	return s.stop()
}
