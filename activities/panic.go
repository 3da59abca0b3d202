package activities

import (
	"fmt"
	"runtime"
	"strings"

	"go.temporal.io/sdk/temporal"
)

// Panicked is the type of the error of an activity that panicked: a bug of ours, which
// another version of the worker may not have. It is tried again.
const Panicked = "Panicked"

// withoutPanic runs an activity. What it panics with may be a text that has anything in
// it, a request or a credential, and Temporal would keep it for as long as the history:
// only what the runtime itself says is passed on, and the place.
func withoutPanic(do func() (any, error)) (out any, stack []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			stack = make([]byte, 64<<10)
			stack = stack[:runtime.Stack(stack, false)]
			out, err = nil, temporal.NewApplicationError(panicWords(p, panicPlace()), Panicked)
		}
	}()
	out, err = do()
	return out, nil, err
}

func panicWords(p any, place string) string {
	what := fmt.Sprintf("a %T, whose text is kept from here", p)
	if said, ok := p.(runtime.Error); ok {
		what = said.Error()
	}
	return fmt.Sprintf("a bug in Sever ended this attempt%s: %s; the log of the worker has the stack", place, what)
}

// panicPlace is the function of ours that panicked. It is asked while the stack still is
// as it was.
func panicPlace() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for below := false; ; {
		f, more := frames.Next()
		if name, ours := strings.CutPrefix(f.Function, "github.com/severhq/sever/"); below && ours {
			return fmt.Sprintf(" in %s, line %d", name, f.Line)
		}
		below = below || f.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}
