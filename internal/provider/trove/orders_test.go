package trove_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/trove/simulator"
)

// town is a cloud with one account of interest.
func town(t *testing.T, o simulator.Options) (*cloud, string, access.Ref) {
	t.Helper()
	s := start(t, o, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"crm", "shop"}, Sessions: 3})
	return s, id, s.ref(id, "ada", "%")
}

func (c *cloud) remove(t *testing.T, ref access.Ref) (access.Receipt, error) {
	t.Helper()
	return c.Provider.(provider.Deleter).Delete(t.Context(), access.Step{Account: ref})
}

func (c *cloud) undo(t *testing.T, ref access.Ref, action access.Action, database string) (provider.Restored, error) {
	t.Helper()
	before := access.Account{Ref: ref, Grants: []access.Grant{{Database: "crm"}, {Database: "shop"}}}
	return c.Provider.(provider.Restorer).Restore(t.Context(), before, access.Step{Account: ref, Action: action, Database: database})
}

// Accepted is not done: it is there until neither the name nor the list finds it.
func TestADeletionThatWaits(t *testing.T) {
	t.Parallel()
	s, _, ref := town(t, simulator.Options{HoldCasts: true})
	for range 2 {
		receipt, err := s.remove(t, ref)
		require.NoError(t, err)
		require.True(t, receipt.Pending)
		require.True(t, s.look(t, ref).Exists)
	}
	require.Equal(t, 2, s.Settle())
	require.True(t, s.look(t, ref).Gone())
	receipt, err := s.remove(t, ref)
	require.NoError(t, err)
	require.True(t, receipt.Already)
	require.Equal(t, 2, s.sent("DELETE"))
}

// An order that comes to nothing is seen by the account still being there.
func TestADeletionThatIsLost(t *testing.T) {
	t.Parallel()
	s, _, ref := town(t, simulator.Options{})
	s.LoseCasts(2)
	for range 2 {
		receipt, err := s.remove(t, ref)
		require.NoError(t, err)
		require.True(t, receipt.Pending)
	}
	require.False(t, s.look(t, ref).Gone())
	receipt, err := s.remove(t, ref)
	require.NoError(t, err)
	require.Contains(t, receipt.Words, "not found by name any more")
	require.True(t, s.look(t, ref).Gone())
}

// Many that are proven gone one after the other share a list; one that is made again
// is found by name all the same, and one that the list has is asked about anew.
func TestProofsShareAList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age   string
		lists int
	}{{"1h", 1}, {"0s", 50}} {
		s := start(t, simulator.Options{}, config.Vars{"LIST_AGE": c.age})
		id := simulator.ID(1)
		s.Plant(simulator.Instance{ID: id}, simulator.Account{Name: "zoe"})
		for i := range 50 {
			s.Add(id, simulator.Account{Name: fmt.Sprintf("u%02d", i), Password: "x"})
		}
		require.Len(t, all(t, s), 51)
		for i := range 50 {
			_, err := s.remove(t, s.ref(id, fmt.Sprintf("u%02d", i), "%"))
			require.NoError(t, err)
		}
		s.Forget()
		for i := range 50 {
			require.True(t, s.look(t, s.ref(id, fmt.Sprintf("u%02d", i), "%")).Gone())
		}
		lists := 0
		for _, call := range s.Journal() {
			if call.Op == simulator.OpListUsers {
				lists++
			}
		}
		require.Equal(t, c.lists, lists)
		s.Add(id, simulator.Account{Name: "u07", Password: "x"})
		require.True(t, s.look(t, s.ref(id, "u07", "%")).Exists)
		s.Drop(id, "zoe", "%")
		require.True(t, s.look(t, s.ref(id, "zoe", "%")).Gone())
	}
}

// Nothing here ends a session, and the report says so.
func TestSessionsLiveOn(t *testing.T) {
	t.Parallel()
	s, id, ref := town(t, simulator.Options{})
	require.Equal(t, -1, s.look(t, ref).Sessions)
	receipt, err := s.Provider.(provider.Container).Contain(t.Context(), ref, access.Kill)
	require.NoError(t, err)
	require.True(t, receipt.Pending, "a password cannot be read back")
	require.Contains(t, receipt.Words, "sessions live on")
	require.False(t, s.Login(id, "ada", "%", "x"))
	_, err = s.remove(t, ref)
	require.NoError(t, err)
	require.Equal(t, 3, s.Sessions(id, "ada", "%"))
	require.Contains(t, s.look(t, ref).Answered, "sessions are not shown")
	_, ends := s.Provider.(provider.SessionEnder)
	require.False(t, ends)
}

// It came back between the order and the look.
func TestAnAccountThatIsMadeAgain(t *testing.T) {
	t.Parallel()
	s, id, ref := town(t, simulator.Options{HoldCasts: true})
	_, err := s.remove(t, ref)
	require.NoError(t, err)
	s.Settle()
	s.Add(id, simulator.Account{Name: "ada", Password: "y"})
	require.True(t, s.look(t, ref).Exists)
}

// It went away between our look and our order.
func TestAnAccountThatVanishes(t *testing.T) {
	t.Parallel()
	for op := range changes(&cloud{}, access.Ref{}) {
		if op == simulator.OpCreate || op == simulator.OpGrant {
			continue
		}
		s, _, ref := town(t, simulator.Options{})
		// The answer to the change is that it is not there, which by itself proves nothing.
		s.Fail(simulator.Fault{Op: op, Status: 404, Message: "User ada cannot be found on the instance."})
		err := changes(s, ref)[op]()
		require.Equal(t, provider.Transient, provider.KindOf(err), "%s: %v", op, err)
		require.Error(t, err)
		require.True(t, s.look(t, ref).Exists)
	}
}

// A revoke that is queued, as Rackspace's may be, is not done before it is seen.
func TestARevokeThatWaits(t *testing.T) {
	t.Parallel()
	s, _, ref := town(t, simulator.Options{Face: simulator.Rackspace, HoldCasts: true, Switches: simulator.Switches{RevokeQueued: true}})
	step := access.Step{Account: ref, Database: "shop"}
	revoke := func() access.Receipt {
		receipt, err := s.Provider.(provider.Revoker).Revoke(t.Context(), step)
		require.NoError(t, err)
		return receipt
	}
	require.True(t, revoke().Pending)
	require.Len(t, s.look(t, ref).Account.Grants, 3)
	s.Settle()
	require.Len(t, s.look(t, ref).Account.Grants, 2)
	require.True(t, revoke().Already)

	back, err := s.undo(t, ref, access.Revoke, "shop")
	require.NoError(t, err)
	require.True(t, back.Pending)
	require.Contains(t, back.Words, "ALL PRIVILEGES")
	s.Settle()
	require.Len(t, s.look(t, ref).Account.Grants, 3)
}

// Undoing goes rung by rung; what needs the account waits until it is there.
func TestUndoingWaitsForTheAccount(t *testing.T) {
	t.Parallel()
	s, id, ref := town(t, simulator.Options{HoldCasts: true})
	_, err := s.remove(t, ref)
	require.NoError(t, err)
	s.Settle()

	back, err := s.undo(t, ref, access.Delete, "")
	require.NoError(t, err)
	require.True(t, back.Pending)
	require.Len(t, back.Missing, 1)
	require.Empty(t, back.Secret)
	for _, action := range []access.Action{access.Revoke, access.Contain} {
		_, err = s.undo(t, ref, action, "shop")
		require.Equal(t, provider.Transient, provider.KindOf(err))
		require.ErrorContains(t, err, "not yet")
	}
	s.Settle()
	for range 2 {
		back, err = s.undo(t, ref, access.Revoke, "shop")
		require.NoError(t, err)
	}
	require.True(t, back.Already)
	back, err = s.undo(t, ref, access.Revoke, "never")
	require.NoError(t, err)
	require.True(t, back.Already, "it is not in the record")
	back, err = s.undo(t, ref, access.Contain, "")
	require.NoError(t, err)
	s.Settle()
	require.True(t, s.Login(id, "ada", "%", back.Secret))
	account, _ := s.Account(id, "ada", "%")
	require.Equal(t, []string{"shop"}, account.Databases)
	_, err = s.undo(t, ref, access.Unlink, "shop")
	refusal(t, err, "nothing undoes it")
}

// On PostgreSQL a revoke reaches PUBLIC, and so does a deletion that has something to
// revoke. Nothing leaves without a word of a person.
func TestPublicIsNotLockedOut(t *testing.T) {
	t.Parallel()
	id := simulator.ID(1)
	for _, c := range []struct {
		approve string
		passes  bool
	}{
		{"", false},
		{id + "/crm", false},
		{simulator.ID(2), false},
		{id + "/crm," + id + "/shop", true},
		{id, true},
		{"*", true},
	} {
		s := start(t, simulator.Options{}, config.Vars{"APPROVE_PUBLIC": c.approve})
		s.Plant(simulator.Instance{ID: id, Datastore: "postgresql"}, simulator.Account{Name: "ada", Password: "x", Databases: []string{"crm", "shop"}})
		ref := s.ref(id, "ada", "%")
		_, errRevoke := s.Provider.(provider.Revoker).Revoke(t.Context(), access.Step{Account: ref, Database: "shop"})
		if c.passes {
			require.NoError(t, errRevoke, c.approve)
			require.False(t, s.PublicMayConnect(id, "shop"))
			_, err := s.remove(t, ref)
			require.NoError(t, err)
			require.True(t, s.look(t, ref).Gone())
			continue
		}
		_, errDelete := s.remove(t, ref)
		for _, err := range []error{errRevoke, errDelete} {
			refusal(t, err, "PUBLIC", id+"/shop")
		}
		require.Zero(t, s.sent(""))
		require.True(t, s.PublicMayConnect(id, "shop"))
	}
}

// Without a database there is nothing to revoke first; and a role that owns something
// stays, which nobody says.
func TestDeletingOnPostgres(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id, Datastore: "postgresql"},
		simulator.Account{Name: "ada", Password: "x"}, simulator.Account{Name: "owner", Password: "x", Owns: []string{"shop.orders"}})
	_, err := s.remove(t, s.ref(id, "ada", "%"))
	require.NoError(t, err)
	require.True(t, s.look(t, s.ref(id, "ada", "%")).Gone())
	for range 2 {
		receipt, err := s.remove(t, s.ref(id, "owner", "%"))
		require.NoError(t, err)
		require.True(t, receipt.Pending)
	}
	require.False(t, s.look(t, s.ref(id, "owner", "%")).Gone())
}

// A database whose name has a dot would be taken for a part of the account.
func TestADatabaseThatCannotBeNamed(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{}, nil)
	id := simulator.ID(1)
	s.Plant(simulator.Instance{ID: id},
		simulator.Account{Name: "ada", Password: "x", Databases: []string{"a.b"}}, simulator.Account{Name: "ada.b", Password: "x", Databases: []string{"a"}})
	ref := s.ref(id, "ada", "%")
	require.Equal(t, access.Delete, s.look(t, ref).Account.Grants[0].EndedBy)
	_, err := s.Provider.(provider.Revoker).Revoke(t.Context(), access.Step{Account: ref, Database: "a.b"})
	refusal(t, err, "deleting the account")
	require.Zero(t, s.sent(""))
}
