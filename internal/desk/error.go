package desk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"go.temporal.io/api/serviceerror"

	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// Kind is what sort of failure it is: the command line makes an exit code of it, the
// HTTP interface a status.
type Kind int

// The kinds of failure.
const (
	Internal    Kind = iota // nobody's fault but ours
	Invalid                 // what was asked for makes no sense, whoever asks and whenever
	Forbidden               // who asked may not
	Missing                 // what it is about is not there
	Refused                 // it makes sense, and not now: the records or the case say no
	Open                    // it is not done, and waits for a person
	Unreachable             // a system that is needed does not answer
)

// Error is an error that a person can act upon: what happened to which object, in
// the other system's words, and what to do next.
type Error struct {
	Kind Kind
	Err  error
	Next []string // what a person can do, in their order
	// Said is the type of a refusal by a workflow, such as workflows.HeldAlready. Its
	// words are for people, and may change.
	Said string
}

func (f *Error) Error() string { return f.Err.Error() }

// Unwrap is the error as it was.
func (f *Error) Unwrap() error { return f.Err }

// Then adds what a person can do next.
func (f *Error) Then(format string, args ...any) *Error {
	f.Next = append(f.Next, fmt.Sprintf(format, args...))
	return f
}

// Failf makes a failure of a kind.
func Failf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Err: fmt.Errorf(format, args...)}
}

// Invalidf refuses what was asked for, before anything happened.
func Invalidf(format string, args ...any) *Error { return Failf(Invalid, format, args...) }

// Refusedf refuses what makes sense, and not now.
func Refusedf(format string, args ...any) *Error { return Failf(Refused, format, args...) }

// Explain gives an error from below its kind and what to do about it. An error that
// explains itself already stays as it is.
func Explain(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	f := &Error{Err: err}
	if _, ok := errors.AsType[*store.KeyReusedError](err); ok {
		f.Kind = Refused
		return f.Then("use another key")
	}
	if _, ok := errors.AsType[*store.IncidentKeyError](err); ok {
		f.Kind = Refused
		return f.Then("use another key")
	}
	if _, ok := errors.AsType[*roles.RefusalError](err); ok {
		f.Kind = Forbidden
		return f
	}
	switch {
	case errors.Is(err, context.Canceled):
		f.Err = errors.New("interrupted")
	case errors.Is(err, store.ErrUnreachable):
		f.Kind = Unreachable
		f = f.Then("start it (sever up), or correct SEVER_DATABASE_URL")
	case errors.Is(err, store.ErrPassword), errors.Is(err, store.ErrNoDatabase):
		f.Kind = Unreachable
		f = f.Then("correct SEVER_DATABASE_URL")
	case errors.Is(err, store.ErrNotMigrated), errors.Is(err, store.ErrNewerSchema), errors.Is(err, store.ErrNoRole):
		f.Kind = Unreachable
		f = f.Then("bring both to the same version: sever migrate")
	case errors.Is(err, store.ErrPrivileged):
		f.Kind = Unreachable
		f = f.Then("connect with the application's role, and keep the owner's for sever migrate")
	case errors.Is(err, store.ErrNotFound):
		f.Kind = Missing
	case unreachable(err):
		f.Kind = Unreachable
	}
	return f
}

// SaysNo reports whether an error is an answer, and the answer is no. After any other one
// what was asked for may have happened, or may happen yet.
func SaysNo(err error) bool {
	return err != nil && slices.Contains([]Kind{Invalid, Forbidden, Refused}, Explain(err).Kind)
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
