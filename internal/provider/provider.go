// Package provider is the contract between Sever and the systems that accounts
// live on. A provider knows one kind of system; it is one folder and one line in
// the catalog.
//
// The core is small: list the accounts, and look at one anew. Everything else is
// an optional interface of one method, because systems differ in what they can do
// and the plan is computed from that.
//
// A provider never sleeps and never retries, starts no goroutine that outlives a
// call, and reads no environment. Waiting belongs to Temporal. Every mutating
// method is safe to repeat: it looks first, re-checks that the account is the one
// that was planned (name and foreign id), and reports Already when there is
// nothing left to do. The read a method does first is what makes the retry of an
// ambiguous failure safe.
package provider

import (
	"context"
	"iter"

	"github.com/severhq/sever/internal/access"
)

// Provider is one configured connection to one kind of system. It is safe for
// concurrent use.
type Provider interface {
	// Accounts lists every account that this connection can see, in a stable
	// order. Grants and snapshots may be left out; Look has them. The sequence
	// ends with the error that cut it short; a list that is cut short is not a
	// short list.
	Accounts(context.Context) iter.Seq2[access.Account, error]

	// Look asks the system itself about one account, by a fresh connection, now,
	// with every grant. Absence is an answer, not an error. What could not be
	// read is a Gap of the sighting. Look by name and host; a ForeignID in the
	// reference is compared by the caller, and residue is looked for by it.
	Look(context.Context, access.Ref) (access.Sighting, error)

	// Close ends the connections that the provider keeps.
	Close()
}

// Container is for providers that can make logging in impossible.
type Container interface {
	// Contain ends the ability to log in; with mode Kill the credential dies too.
	// It does not end sessions: see SessionEnder.
	Contain(context.Context, access.Ref, access.Mode) (access.Receipt, error)
}

// Rotator is for providers that can give an account a new credential and leave
// everything else as it is.
type Rotator interface {
	// Rotate replaces the credential by a new random one. The account is not locked,
	// keeps its grants, and whoever has the new credential goes on with it; sessions
	// are not ended, unless the system does that by itself. An account that is not
	// there is a success with Already, and without a secret.
	//
	// It is the one change that is not the same when it is repeated: a repeated call
	// makes another credential, because the answer that carried the first may have
	// been lost. The newest one works.
	Rotate(context.Context, access.Ref) (Rotated, error)
}

// Rotated is what Rotate did.
type Rotated struct {
	access.Receipt
	// ForeignID is the account's new id where ids are made from credentials; empty
	// elsewhere.
	ForeignID string
	// Secret is the new credential. It goes to the secret sink and nowhere else. It is
	// empty, without Already, when the system made one and did not show it: the words
	// say then where a person finds it.
	Secret string
}

// SessionEnder is for providers that can end live connections.
type SessionEnder interface {
	// EndSessions ends every session that the account started and then counts
	// what is alive. It is called again and again until none was alive twice in
	// a row.
	EndSessions(context.Context, access.Ref) (alive int, err error)
}

// Unlinker is for providers that can take an account out of a role, a pool, a
// list or a database without touching the rest.
type Unlinker interface {
	// Unlink ends the link that step.Object (or step.Database) names. A link that
	// is not there is a success.
	Unlink(context.Context, access.Step) (access.Receipt, error)
}

// Revoker is for providers that can take one database away from an account.
type Revoker interface {
	// Revoke ends every grant in step.Database. Grants that are not there are a
	// success. It refuses (Rejected, with blockers) rather than drop an object
	// that belongs to the account.
	Revoke(context.Context, access.Step) (access.Receipt, error)
}

// Reassigner is for providers that can hand over what an account owns.
type Reassigner interface {
	// Reassign gives what the account owns in step.Database to step.Successor and
	// ends its grants there, all or nothing.
	Reassign(context.Context, access.Step) (access.Receipt, error)
}

// Deleter is for providers that can delete an account.
type Deleter interface {
	// Delete removes the account, and nothing else. An account that is not there
	// is a success. What still depends on it is a refusal (Rejected) that names it.
	Delete(context.Context, access.Step) (access.Receipt, error)
}

// Restorer is for providers that can give back what was taken.
type Restorer interface {
	// Restore undoes one step that was carried out, as before recorded the account
	// when it was discovered. Undoing Delete creates the account anew, locked;
	// undoing Contain opens it, with its old credential where that survived and
	// else with a new random secret, which is returned once and kept nowhere.
	Restore(ctx context.Context, before access.Account, step access.Step) (Restored, error)
}

// Restored is what Restore did.
type Restored struct {
	access.Receipt
	// ForeignID is the account's new id when it was created anew.
	ForeignID string
	// Secret is the new credential, if one had to be made. It goes to the secret
	// sink and nowhere else.
	Secret string
	// Missing names what could not be given back, and why.
	Missing []access.Gap
}

// UseTeller is for providers whose system keeps record of when accounts are used.
type UseTeller interface {
	// LastUse is what the system itself says about when the account was last used. An
	// error means that it could not be asked; what it cannot tell is said by the Use.
	LastUse(context.Context, access.Ref) (access.Use, error)
}

// Preflighter is for providers that can check our own rights.
type Preflighter interface {
	// Preflight checks what our own login may do, and names what is missing with
	// the words that would grant it. An error means that it could not be asked.
	Preflight(context.Context) ([]Check, error)
}

// Check is one line of a preflight.
type Check struct {
	Name   string `json:"name"` // "may create and drop roles"
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // what was seen
	Remedy string `json:"remedy,omitempty"` // the GRANT, the scope
	// Fatal checks stop the connection; the others narrow what can be done.
	Fatal bool `json:"fatal,omitempty"`
}

// Explainer is for providers that can say what a step will do, in words that a
// person could paste into the system's own client.
type Explainer interface {
	Explain(access.Step) []string
}
