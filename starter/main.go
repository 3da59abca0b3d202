// Sever is the command line: it offboards a person, shows where every case stands,
// takes the decisions of people, and checks the audit trail.
//
// One file holds one command. What they share is small: settings.go (variables),
// client.go (store and Temporal), screen.go and table.go (output), failure.go (exit
// codes), follow.go (watching a case).
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/severhq/sever/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process the hard way
	os.Exit(run(ctx, os.Args[1:], config.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: tests call it with variables and streams of their own.
// It returns the exit code.
func run(ctx context.Context, args []string, vars config.Vars, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, out: newScreen(stdout, vars), stderr: newScreen(stderr, vars)}
	if err := a.readSettings(vars); err != nil {
		return a.finish(err)
	}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.finish(root.ExecuteContext(ctx))
}
