package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"go.temporal.io/api/serviceerror"

	"github.com/severhq/sever/internal/store"
)

// The exit codes. Scripts rely on them; "sever help exit-codes" explains them.
const (
	exitOK          = 0
	exitInternal    = 1
	exitBadInput    = 2
	exitOpen        = 3 // open, blocked, needs a person, or findings
	exitUnreachable = 4
	exitWord        = 5 // of --check: nothing but a person's approval is missing
)

// exit ends the program with a code and without a word: all was said already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// failure is an error that a person can act upon: what happened to which object,
// in the other system's words, and what to do next.
type failure struct {
	code int
	err  error
	next []string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// then adds what a person can do next.
func (f *failure) then(format string, args ...any) *failure {
	f.next = append(f.next, fmt.Sprintf(format, args...))
	return f
}

func failed(code int, format string, args ...any) *failure {
	return &failure{code: code, err: fmt.Errorf(format, args...)}
}

// badInput refuses what was asked for, before anything happened.
func badInput(format string, args ...any) *failure { return failed(exitBadInput, format, args...) }

// explain gives an error from below its exit code and what to do about it. An error
// that explains itself already stays as it is.
func explain(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	f := &failure{code: exitInternal, err: err}
	if _, ok := errors.AsType[*store.KeyReusedError](err); ok {
		f.code = exitBadInput
		return f.then("use another --key")
	}
	switch {
	case errors.Is(err, context.Canceled):
		f.err = errors.New("interrupted")
	case errors.Is(err, store.ErrUnreachable):
		f.code = exitUnreachable
		f = f.then("start it (sever up), or correct SEVER_DATABASE_URL")
	case errors.Is(err, store.ErrPassword), errors.Is(err, store.ErrNoDatabase):
		f.code = exitUnreachable
		f = f.then("correct SEVER_DATABASE_URL")
	case errors.Is(err, store.ErrNotMigrated), errors.Is(err, store.ErrNewerSchema), errors.Is(err, store.ErrNoRole):
		f.code = exitUnreachable
		f = f.then("bring both to the same version: sever migrate")
	case errors.Is(err, store.ErrPrivileged):
		f.code = exitUnreachable
		f = f.then("connect with the application's role, and keep the owner's for sever migrate")
	case errors.Is(err, store.ErrNotFound):
		f.code = exitBadInput
	case unreachable(err):
		f.code = exitUnreachable
	}
	return f
}

// unreachable recognises the errors of a system that does not answer.
func unreachable(err error) bool {
	if _, ok := errors.AsType[*serviceerror.Unavailable](err); ok {
		return true
	}
	if _, ok := errors.AsType[*serviceerror.DeadlineExceeded](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// errorDocument is what --json prints on standard error.
type errorDocument struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Exit    int      `json:"exit"`
	Message string   `json:"message"`
	Next    []string `json:"next,omitempty"`
}

// finish prints what went wrong, if anything did, and returns the exit code.
func (a *app) finish(err error) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[exit](err); ok {
		return int(e)
	}
	if _, known := errors.AsType[*failure](err); !known && !a.running {
		err = badInput("%w", err).then("see: sever --help")
	}
	f := explain(err)
	if a.json {
		a.stderr.document(errorDocument{errorBody{f.code, f.Error(), f.next}})
		return f.code
	}
	a.stderr.line(a.stderr.red("sever: ") + printable(f.Error()))
	for _, n := range f.next {
		a.stderr.line("  next: " + printable(n))
	}
	return f.code
}
