package memory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// trouble is what a test has arranged to go wrong.
type trouble struct {
	faults    []*Fault
	down      error
	intercept func(context.Context, Call) error
	hidden    []access.Gap // by the name of a database
	cut       *cut
	blocks    []block
	later     map[Op]bool
	orders    []order
	checks    []provider.Check
}

// Fault is a failure of the next calls of an operation.
type Fault struct {
	Op      Op
	Account string // by name; empty: any
	Times   int    // once when zero
	// After lets the call take effect and loses the answer. A write that failed
	// without it took no effect; the caller cannot tell these apart.
	After      bool
	Kind       provider.Kind
	RetryAfter time.Duration
	Err        error // "connection reset" when nil
}

type cut struct {
	after int
	err   error
}

type block struct {
	ref     access.Ref
	ops     []Op
	blocker access.Blocker
}

// order is a change that was accepted and is not carried out yet.
type order struct {
	call  Call
	apply func()
}

var (
	errReset = errors.New("connection reset")
	errDown  = errors.New("connection refused")
)

// Fail arranges faults. They are used up in the order in which they were given.
func (s *System) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		if f.Err == nil {
			f.Err = errReset
		}
		s.trouble.faults = append(s.trouble.faults, &f)
	}
}

// Down makes every call fail, as Transient, until Up. Nothing reaches the system.
func (s *System) Down() { s.arrange(func(t *trouble) { t.down = errDown }) }

// Deny makes every call fail, as Denied, until Up, as if our own login had been
// locked. Nothing reaches the system.
func (s *System) Deny() {
	s.arrange(func(t *trouble) {
		t.down = &provider.Error{Kind: provider.Denied, Op: "log in", Err: errors.New("permission denied")}
	})
}

// Up ends Down and Deny.
func (s *System) Up() { s.arrange(func(t *trouble) { t.down = nil }) }

// Intercept lets f see every call before the system does, without a lock, so that
// f may wait, cancel something or call back. An error of f is the call's error.
func (s *System) Intercept(f func(context.Context, Call) error) {
	s.arrange(func(t *trouble) { t.intercept = f })
}

// Hide makes a database unreadable: Look shows a gap instead of its grants, and a
// step in that database is refused.
func (s *System) Hide(database, why string) {
	gap := access.Gap{Object: "database " + database, Why: why, Remedy: "grant connect on database " + database}
	s.arrange(func(t *trouble) { t.hidden = append(t.hidden, gap) })
}

// Reveal ends every Hide.
func (s *System) Reveal() { s.arrange(func(t *trouble) { t.hidden = nil }) }

// CutList ends every list with err after so many accounts; nil mends it.
func (s *System) CutList(after int, err error) {
	s.arrange(func(t *trouble) {
		t.cut = nil
		if err != nil {
			t.cut = &cut{after, err}
		}
	})
}

// Block makes the system refuse to change one account, for that reason; by the
// given operations, or by any when there are none.
func (s *System) Block(ref access.Ref, why access.Blocker, ops ...Op) {
	ref.ForeignID = ""
	s.arrange(func(t *trouble) { t.blocks = append(t.blocks, block{ref, ops, why}) })
}

// Unblock ends every Block of the account.
func (s *System) Unblock(ref access.Ref) {
	s.arrange(func(t *trouble) {
		t.blocks = slices.DeleteFunc(t.blocks, func(b block) bool { return b.ref.Same(ref) })
	})
}

// ApplyLater makes the operations answer Pending and take effect by Settle.
// Sessions end at once in any case, and Restore does not wait.
func (s *System) ApplyLater(ops ...Op) {
	s.arrange(func(t *trouble) {
		t.later = map[Op]bool{}
		for _, op := range ops {
			t.later[op] = true
		}
	})
}

// Settle carries out what is pending, in order, and says how much that was.
func (s *System) Settle() int {
	return s.settle(func(o order) { o.apply() })
}

// Forget drops what is pending, as a system does that fails long after it said
// yes, and says how much that was.
func (s *System) Forget() int {
	return s.settle(func(order) {})
}

func (s *System) settle(each func(order)) int {
	n := 0
	s.arrange(func(t *trouble) {
		n = len(t.orders)
		for _, o := range t.orders {
			each(o)
		}
		t.orders = nil
	})
	return n
}

// Lacks makes Preflight report the check.
func (s *System) Lacks(c provider.Check) {
	s.arrange(func(t *trouble) { t.checks = append(t.checks, c) })
}

func (s *System) arrange(f func(*trouble)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.trouble)
}

// fault takes the next fault for the call, or nil.
func (t *trouble) fault(c Call) *Fault {
	for _, f := range t.faults {
		if f.Times > 0 && f.Op == c.Op && (f.Account == "" || f.Account == c.Account.Name) {
			f.Times--
			return f
		}
	}
	return nil
}

// of is the fault as the error of the call.
func (f *Fault) of(c Call) error {
	return &provider.Error{Kind: f.Kind, Op: c.String(), RetryAfter: f.RetryAfter, Err: f.Err}
}

// blocker is what stands in the way of the call, if something was arranged to.
func (t *trouble) blocker(c Call) (access.Blocker, bool) {
	for _, b := range t.blocks {
		if b.ref.Same(c.Account) && (len(b.ops) == 0 || slices.Contains(b.ops, c.Op)) {
			return b.blocker, true
		}
	}
	for _, g := range t.hidden {
		if c.Database != "" && g.Object == "database "+c.Database {
			return access.Blocker(g), true
		}
	}
	return access.Blocker{}, false
}

// readable splits grants into what can be read, and the gaps.
func (t *trouble) readable(grants []access.Grant) ([]access.Grant, []access.Gap) {
	return only(grants, func(g access.Grant) bool {
		return !slices.ContainsFunc(t.hidden, func(h access.Gap) bool { return h.Object == "database "+g.Database })
	}), slices.Clone(t.hidden)
}
