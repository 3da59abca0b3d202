// Package providertest is the contract of package provider as a test suite. Every
// provider runs it, so a workflow may rely on one behaviour everywhere.
//
// A provider's own test fills in a Subject: how to make a world on the system, and
// the levers with which the suite acts on it past the provider, as somebody else
// would. A lever that a system cannot have is left nil, and what needs it is
// skipped by name.
package providertest

import (
	"testing"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Subject is a provider under test, on one engine.
type Subject struct {
	// New makes a world that no other test shares. It cleans up by t.Cleanup.
	New func(t *testing.T) World
	// Can is what the Spec lists for the engine. What is not listed is not tested.
	Can access.Capabilities
	// DeletesAnyway is for systems that delete an account together with all that
	// depends on it. Elsewhere Delete has to refuse.
	DeletesAnyway bool
	// BlindLock is for systems that do not show whether an account can log in: a
	// password that was replaced looks like any other. Contained stays false there,
	// and containing again is done again.
	BlindLock bool
	// Lost names what an account that was made anew never has back, as the Missing of
	// its Restore calls it. Elsewhere nothing may be missing.
	Lost []string
	// Parallel lets the tests run side by side.
	Parallel bool
}

// World is a system with accounts on it, and a provider that is connected to it.
type World struct {
	Provider provider.Provider

	// Planted has grants, can log in, is not protected and can be removed whole by
	// the steps that its grants ask for. It should have a grant of every kind that
	// the system has.
	Planted access.Ref
	// Bystander has grants too, and never changes.
	Bystander access.Ref
	// Successor receives what Planted owns. Zero where nothing is owned.
	Successor access.Ref
	// Protected may never be touched. Zero where no account is.
	Protected access.Ref

	// Grants are exactly those of Planted, in any order. Where the list cannot be
	// told in advance, CheckGrants looks at it instead.
	Grants      []access.Grant
	CheckGrants func(t *testing.T, got []access.Grant)
	// Sessions is how many live connections Planted has; -1 where the system cannot
	// tell.
	Sessions int

	// Normalize removes from an account what may differ after it was given back: the
	// ids of objects inside a snapshot. The account's own id is removed anyway.
	Normalize func(access.Account) access.Account
	// Secrets are the credential of the provider and the passwords of the accounts.
	// Nothing that the provider says may contain one.
	Secrets []string

	Levers
}

// Levers act on the system past the provider.
type Levers struct {
	// Login reports whether Planted's name opens a session with that secret; an
	// empty one stands for the password that Planted had at first.
	Login func(t *testing.T, secret string) bool
	// Remove deletes Planted with its grants and sessions.
	Remove func(t *testing.T)
	// Recreate does Remove and makes another account of the same name.
	Recreate func(t *testing.T)
	// Settle waits until the system has carried out what it accepted.
	Settle func(t *testing.T)
	// Break makes the next call of that action fail: before it took effect, or after,
	// so that only the answer is lost. Restore is an action too.
	Break func(t *testing.T, action access.Action, after bool)
	// Down makes the system unreachable until Up.
	Down func(t *testing.T)
	Up   func(t *testing.T)
}

// Run holds the provider against the contract.
func Run(t *testing.T, s Subject) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*bench)
	}{
		{"the list has every account once, in a stable order", listHasEveryAccount},
		{"the list can be left early", listCanBeLeft},
		{"look finds every grant", lookFindsEveryGrant},
		{"look says absent without an error", lookSaysAbsent},
		{"down the ladder, each rung twice", downTheLadder},
		{"down the ladder and back up", downAndUp},
		{"contained for good, then given back", killAndRestore},
		{"a new credential, and nothing else", rotated},
		{"a new credential, after an answer was lost", rotatedAgain},
		{"sessions end once it is contained", sessionsEnd},
		{"an account made again under the name is left alone", anotherAccount},
		{"an account that is gone needs nothing", goneAccount},
		{"a protected account is refused", protectedAccount},
		{"an account without a name is refused", namelessAccount},
		{"what it owns is not dropped", ownedIsNotDropped},
		{"what it owns needs a successor", successorNeeded},
		{"what depends on it keeps it from being deleted", dependentsRefuse},
		{"failed before it took effect, then repeated", failedBefore},
		{"the answer was lost, then repeated", failedAfter},
		{"down is no answer", downIsNoAnswer},
		{"a call that nobody waits for does nothing", cancelled},
		{"two at once end in the same place", twoAtOnce},
		{"preflight finds nothing missing", preflight},
		{"every step can be explained", explained},
	} {
		t.Run(c.name, func(t *testing.T) {
			if s.Parallel {
				t.Parallel()
			}
			c.test(newBench(t, s))
		})
	}
}
