// Package access is the vocabulary that every other package shares: who has
// which account where, what lets it reach a database, and how that ended.
//
// It holds words and no behaviour that could fail, imports nothing of ours, and
// is safe to use from workflow code.
package access

import "strings"

// PrincipalID names a person or workload for ever: an employee number or a
// directory object id, never a name or an e-mail address.
type PrincipalID string

// Principal is a person or workload whose access may end.
type Principal struct {
	ID    PrincipalID `json:"id"`
	Login string      `json:"login,omitempty"`
	Name  string      `json:"name,omitempty"`
	Email string      `json:"email,omitempty"`
}

// Identity links a principal to an account name at a connection.
type Identity struct {
	Principal  PrincipalID `json:"principal"`
	Connection string      `json:"connection"`
	Account    string      `json:"account"`
	Host       string      `json:"host,omitempty"` // MySQL and Trove only; empty elsewhere
	Evidence   Evidence    `json:"evidence"`
	Source     string      `json:"source,omitempty"` // where the link was read: a file, a roster, a person
}

// Evidence says how a link between a principal and an account is known.
type Evidence string

// The kinds of evidence, strongest first.
const (
	Confirmed Evidence = "confirmed" // a person said so
	Imported  Evidence = "imported"  // a file or roster said so
	ByRule    Evidence = "by-rule"   // a naming rule of the connection generated the exact name
)

// Ref addresses one account. It is what steps carry and what a provider acts on.
type Ref struct {
	Connection string `json:"connection"`
	Resource   string `json:"resource"` // the cluster, instance, hosting or server; the lane
	Name       string `json:"name"`
	Host       string `json:"host,omitempty"`
	// ForeignID is the system's own id of the account where it has one that
	// survives a rename and does not survive a re-creation (a role's oid). An
	// account whose id differs from the planned one is another account.
	ForeignID string `json:"foreign_id,omitempty"`
}

// String is the account as a person would write it: connection/name, or
// connection/name@host.
func (r Ref) String() string {
	if r.Host == "" {
		return r.Connection + "/" + r.Name
	}
	return r.Connection + "/" + r.Name + "@" + r.Host
}

// Same reports whether two references name the same account, whatever its id.
func (r Ref) Same(o Ref) bool {
	return r.Connection == o.Connection && r.Resource == o.Resource && r.Name == o.Name && r.Host == o.Host
}

// Account is one login on a resource, as a provider saw it.
type Account struct {
	Ref
	// Engine is what answers on the resource ("postgres", "kafka"); capabilities
	// differ by engine within one provider.
	Engine string `json:"engine"`
	// Contained is true when nobody can log in with it now.
	Contained bool `json:"contained"`
	// Protected says why this account may never be touched ("built-in",
	// "our own login", "last administrator"); empty when it may.
	Protected string `json:"protected,omitempty"`
	// Attributes are what a person wants to know: superuser, valid until, comment.
	// Never a secret.
	Attributes map[string]string `json:"attributes,omitempty"`
	Grants     []Grant           `json:"grants,omitempty"`
	// Snapshot is the provider's own record for Restore, in its own form, without
	// secrets. It is stored with the records and travels nowhere else.
	Snapshot []byte `json:"snapshot,omitempty"`
}

// GrantKind tells the ways in which an account reaches a database.
type GrantKind string

// The kinds of grant.
const (
	Privilege        GrantKind = "privilege"         // on a database, schema, table, ...
	DefaultPrivilege GrantKind = "default privilege" // on objects that do not exist yet
	Membership       GrantKind = "membership"        // in a role or group that has privileges
	Ownership        GrantKind = "ownership"         // owns the object
	Issued           GrantKind = "issued"            // granted by this account to somebody else
	Link             GrantKind = "link"              // an account linked to a database by a panel or an API
)

// Extent says how far a grant reaches.
type Extent string

// The extents. An extent that could not be read is unknown, never small.
const (
	ExtentDatabase    Extent = "database"
	ExtentClusterWide Extent = "cluster-wide"
	ExtentUnknown     Extent = "unknown"
)

// Grant is what lets an account reach one database, topic, index or pool.
type Grant struct {
	Kind     GrantKind `json:"kind"`
	Database string    `json:"database,omitempty"` // empty: the whole resource
	Object   string    `json:"object,omitempty"`   // "table public.orders", "role reporting"
	// Privilege is what it allows, in the system's words: "SELECT, INSERT".
	Privilege string `json:"privilege,omitempty"`
	Extent    Extent `json:"extent"`
	// EndedBy is the action that takes this grant away: Unlink (one step for each
	// grant), Revoke or Reassign (one step for each database), or Delete where
	// nothing milder exists. Empty means that nothing we can do ends it.
	EndedBy Action `json:"ended_by,omitempty"`
}

// Sighting is an answer to "is this account there, now?".
type Sighting struct {
	Exists bool `json:"exists"`
	// Account is filled when Exists.
	Account Account `json:"account,omitzero"`
	// Sessions counts live connections that the account started; -1 where the
	// system cannot tell.
	Sessions int `json:"sessions"`
	// Residue names what is left of the account although it is gone itself:
	// objects, dependency rows, orphaned permissions.
	Residue []string `json:"residue,omitempty"`
	// Gaps name what could not be read, and why. An account with gaps is unknown,
	// whatever else was found.
	Gaps []Gap `json:"gaps,omitempty"`
	// Asked and Answered are the evidence in words: the question put to the
	// system, and what it said. Never a secret.
	Asked    string `json:"asked"`
	Answered string `json:"answered"`
}

// Gone reports whether this sighting proves that nothing of the account is left.
func (s Sighting) Gone() bool {
	return !s.Exists && s.Sessions == 0 && len(s.Residue) == 0 && len(s.Gaps) == 0
}

// Gap is something that could not be read.
type Gap struct {
	Object string `json:"object"`           // "database archive"
	Why    string `json:"why"`              // in the system's own words
	Remedy string `json:"remedy,omitempty"` // what a person can do, pasteable where possible
}

// Blocker is something that stands in the way of a step.
type Blocker struct {
	Object string `json:"object"`
	Why    string `json:"why"`
	Remedy string `json:"remedy,omitempty"`
}

// String is the blocker on one line.
func (b Blocker) String() string {
	parts := []string{b.Object + ": " + b.Why}
	if b.Remedy != "" {
		parts = append(parts, b.Remedy)
	}
	return strings.Join(parts, "; ")
}
