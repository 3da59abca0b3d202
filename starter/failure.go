package main

import (
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/desk"
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

// codes are the exit codes of the kinds of failure.
var codes = map[desk.Kind]int{
	desk.Internal: exitInternal, desk.Invalid: exitBadInput, desk.Forbidden: exitBadInput, desk.Missing: exitBadInput,
	desk.Refused: exitBadInput, desk.Open: exitOpen, desk.Unreachable: exitUnreachable,
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
	if _, known := errors.AsType[*desk.Error](err); !known && !a.running {
		err = desk.Invalidf("%w", err).Then("see: sever --help")
	}
	f := desk.Explain(err)
	code := codes[f.Kind]
	if a.json {
		a.stderr.document(errorDocument{errorBody{code, f.Error(), f.Next}})
		return code
	}
	a.stderr.line(a.stderr.red("sever: ") + printable(f.Error()))
	for _, n := range f.Next {
		a.stderr.line("  next: " + printable(n))
	}
	return code
}
