package provider

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
)

// Kind says what an error means for the attempt that it ended.
type Kind int

const (
	// Transient may go away by itself. It is the zero value, because unclassified
	// means: try again.
	Transient Kind = iota
	// Throttled asks for time; RetryAfter says how much, if the system did.
	Throttled
	// Denied means that our own credential is refused: the whole connection
	// waits for a person.
	Denied
	// Rejected means that the system, or a guard of ours, refused this one
	// action. It is an outcome, and a person decides what is next.
	Rejected
)

func (k Kind) String() string {
	return [...]string{"transient", "throttled", "denied", "rejected"}[k]
}

// Error is what a provider returns when it could not do its part.
//
// Err keeps the cause for errors.Is and errors.As. Its text reaches people, the
// audit trail and workflow histories, so providers scrub it of secrets before.
type Error struct {
	Kind       Kind
	Op         string        // "revoke pg-main/ada in shop"
	RetryAfter time.Duration // zero: the system did not say
	Blockers   []access.Blocker
	Err        error
}

// Error reads "operation: cause", and lists the blockers if there are any.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	for _, k := range e.Blockers {
		fmt.Fprintf(&b, "; %s", k)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error; an error that is not ours is Transient.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Transient
}

// Refuse is a Rejected error in our own words.
func Refuse(op, why string, blockers ...access.Blocker) error {
	return &Error{Kind: Rejected, Op: op, Err: errors.New(why), Blockers: blockers}
}

// ErrAnotherAccount says that the name now belongs to an account that is not the
// planned one: it was deleted and made again. It must not be touched without a
// new plan.
var ErrAnotherAccount = errors.New("an account of this name exists, but it is not the one that was planned")
