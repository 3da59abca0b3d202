package memory

import (
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Op is a method of the contract.
type Op string

// The operations.
const (
	OpList        Op = "list"
	OpLook        Op = "look"
	OpPreflight   Op = "preflight"
	OpContain     Op = "contain"
	OpRotate      Op = "rotate"
	OpEndSessions Op = "end sessions"
	OpUnlink      Op = "unlink"
	OpRevoke      Op = "revoke"
	OpReassign    Op = "reassign"
	OpDelete      Op = "delete"
	OpRestore     Op = "restore"
)

// Result is how a call ended.
type Result string

// The results. A lost call took effect, and its answer did not arrive.
const (
	Done    Result = "done"
	Pending Result = "pending"
	Failed  Result = "failed"
	Lost    Result = "lost"
)

// Call is one request that reached the system. A mutating method makes two: the
// read that it does first, and the write if something is left to do.
type Call struct {
	N        int // from 1
	Op       Op
	Mutating bool // a write; else a read
	Account  access.Ref
	Database string
	Object   string
	Result   Result

	// remakes is true for the undoing of a Delete: the account that it made before
	// is the planned one too.
	remakes bool
}

// String is the call as an error names it: "revoke pg-main/ada in shop".
func (c Call) String() string {
	s := string(c.Op)
	if c.Account.Name != "" {
		s += " " + c.Account.String()
	}
	if c.Object != "" {
		s += ", " + c.Object
	}
	if c.Database != "" {
		s += " in " + c.Database
	}
	return s
}

// failed is err as an error of this call; unclassified, so worth another try.
func (c Call) failed(err error) error {
	return &provider.Error{Kind: provider.KindOf(err), Op: c.String(), Err: err}
}

// refuse is a Rejected error of this call.
func (c Call) refuse(why string, blockers ...access.Blocker) error {
	return provider.Refuse(c.String(), why, blockers...)
}

// write is one line of the journal.
func (s *System) write(c Call, mutating bool, r Result) {
	c.N, c.Mutating, c.Result, c.remakes = len(s.journal)+1, mutating, r, false
	s.journal = append(s.journal, c)
}

// Journal is every call that reached the system, in order.
func (s *System) Journal() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// Writes are the mutating calls, in order.
func (s *System) Writes() []Call {
	return slices.DeleteFunc(s.Journal(), func(c Call) bool { return !c.Mutating })
}

// Touched are the accounts that a mutating call was sent for, without their ids,
// in the order of the first.
func (s *System) Touched() []access.Ref {
	var out []access.Ref
	for _, c := range s.Writes() {
		c.Account.ForeignID = ""
		if !slices.Contains(out, c.Account) {
			out = append(out, c.Account)
		}
	}
	return out
}

// Blind are the writes that repeated an earlier one although nobody had read the
// account since. There should be none.
func (s *System) Blind() []Call {
	var out []Call
	written := map[access.Ref]map[string]bool{} // since the last read
	for _, c := range s.Journal() {
		ref := c.Account
		ref.ForeignID = ""
		switch {
		case !c.Mutating:
			delete(written, ref)
		case written[ref][c.String()]:
			out = append(out, c)
		case written[ref] == nil:
			written[ref] = map[string]bool{c.String(): true}
		default:
			written[ref][c.String()] = true
		}
	}
	return out
}
