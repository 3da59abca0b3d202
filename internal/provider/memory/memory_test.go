package memory_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/memory"
)

// setup is a world with ada, who has everything, and bob, who may inherit.
func setup() *memory.System {
	return memory.New("mem").Add(
		memory.Account{
			Name: "ada", Password: "lovelace", Sessions: 2, ConnectionLimit: 3,
			Attributes: map[string]string{"comment": "analyst"},
			Grants: []access.Grant{
				memory.Can("SELECT", "shop", "table orders"),
				memory.Can("CREATE", "", "tablespace fast"),
				memory.Owns("archive", "table old"),
				memory.Can("SELECT", "archive", "table new"),
				memory.Member("reporting"), memory.Linked("shop"), memory.Inherent("LOGIN"),
			},
		},
		memory.Account{Name: "bob"},
	)
}

// plan is the ladder for ada.
func plan(ada access.Ref) []access.Step {
	return []access.Step{
		{Action: access.Contain, Account: ada, Mode: access.Lock},
		{Action: access.Unlink, Account: ada, Object: "role reporting"},
		{Action: access.Unlink, Account: ada, Database: "shop"},
		{Action: access.Revoke, Account: ada, Database: "shop"},
		{Action: access.Revoke, Account: ada},
		{Action: access.Reassign, Account: ada, Database: "archive", Successor: "bob"},
		{Action: access.Delete, Account: ada},
	}
}

func do(ctx context.Context, s *memory.System, step access.Step) (access.Receipt, error) {
	switch step.Action {
	case access.Contain:
		return s.Contain(ctx, step.Account, step.Mode)
	case access.Unlink:
		return s.Unlink(ctx, step)
	case access.Revoke:
		return s.Revoke(ctx, step)
	case access.Reassign:
		return s.Reassign(ctx, step)
	default:
		return s.Delete(ctx, step)
	}
}

func TestDownTheLadderAndBackUp(t *testing.T) {
	t.Parallel()
	s, ctx := setup(), t.Context()
	world := s.World()
	ada := s.Ref("ada")
	before, err := s.Look(ctx, ada)
	require.NoError(t, err)

	steps := plan(ada)
	for _, step := range steps {
		for range 2 {
			_, err := do(ctx, s, step)
			require.NoError(t, err, step.Action)
		}
	}
	alive, err := s.EndSessions(ctx, ada) // the account is gone; its sessions were not
	require.NoError(t, err)
	require.Zero(t, alive)
	seen, err := s.Look(ctx, ada)
	require.NoError(t, err)
	require.True(t, seen.Gone(), seen.Answered)
	require.Empty(t, s.Blind())
	require.Len(t, s.Writes(), len(steps)+1)
	require.Equal(t, []access.Ref{{Connection: "mem", Resource: "main", Name: "ada"}}, s.Touched())

	id, secret := "", ""
	for _, step := range slices.Backward(steps) {
		if id != "" {
			step.Account.ForeignID = id
		}
		back, err := s.Restore(ctx, before.Account, step)
		require.NoError(t, err)
		require.Empty(t, back.Missing)
		if back.ForeignID != "" {
			id = back.ForeignID
		}
		secret += back.Secret
	}
	require.True(t, s.Connect(s.Ref("ada"), secret))
	after := s.World()
	after[0].Account.ForeignID, after[0].Answered, after[0].Sessions = ada.ForeignID, world[0].Answered, 2
	require.Equal(t, world, after)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	setup := func() (*memory.System, access.Ref) {
		s := setup()
		return s, s.Ref("ada")
	}
	for name, act := range map[string]func(*memory.System, access.Ref) error{
		"revoke where it owns": func(s *memory.System, ada access.Ref) error {
			_, err := s.Revoke(t.Context(), access.Step{Account: ada, Database: "archive"})
			return err
		},
		"reassign to nobody": func(s *memory.System, ada access.Ref) error {
			_, err := s.Reassign(t.Context(), access.Step{Account: ada, Database: "archive"})
			return err
		},
		"reassign to a stranger": func(s *memory.System, ada access.Ref) error {
			_, err := s.Reassign(t.Context(), access.Step{Account: ada, Database: "archive", Successor: "eve"})
			return err
		},
		"reassign to itself": func(s *memory.System, ada access.Ref) error {
			_, err := s.Reassign(t.Context(), access.Step{Account: ada, Database: "archive", Successor: "ada"})
			return err
		},
		"unlink nothing": func(s *memory.System, ada access.Ref) error {
			_, err := s.Unlink(t.Context(), access.Step{Account: ada})
			return err
		},
		"delete with dependents": func(s *memory.System, ada access.Ref) error {
			_, err := s.Delete(t.Context(), access.Step{Account: ada})
			return err
		},
		"a blocked account": func(s *memory.System, ada access.Ref) error {
			s.Block(ada, access.Blocker{Object: "hold", Why: "audit"}, memory.OpContain)
			_, err := s.Contain(t.Context(), ada, access.Lock)
			return err
		},
		"an unreadable database": func(s *memory.System, ada access.Ref) error {
			s.Hide("shop", "permission denied")
			_, err := s.Revoke(t.Context(), access.Step{Account: ada, Database: "shop"})
			return err
		},
		"another connection": func(s *memory.System, ada access.Ref) error {
			ada.Connection = "elsewhere"
			_, err := s.Contain(t.Context(), ada, access.Lock)
			return err
		},
		"no name": func(s *memory.System, ada access.Ref) error {
			_, err := s.Delete(t.Context(), access.Step{Account: access.Ref{Connection: "mem", Resource: "main"}})
			return err
		},
		"another account of the name": func(s *memory.System, ada access.Ref) error {
			s.Drop(ada)
			s.Add(memory.Account{Name: "ada"})
			_, err := s.Delete(t.Context(), access.Step{Account: ada})
			require.ErrorIs(t, err, provider.ErrAnotherAccount)
			return err
		},
		"a protected account": func(s *memory.System, ada access.Ref) error {
			s.Add(memory.Account{Name: "root", Protected: "built-in"})
			_, err := s.Contain(t.Context(), s.Ref("root"), access.Lock)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada := setup()
			err := act(s, ada)
			require.Error(t, err)
			require.Equal(t, provider.Rejected, provider.KindOf(err), err)
			require.Empty(t, s.Writes())
		})
	}
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	t.Run("fails before it took effect, then works", func(t *testing.T) {
		t.Parallel()
		s := setup()
		ada := s.Ref("ada")
		s.Fail(memory.Fault{Op: memory.OpContain, Times: 2, Kind: provider.Throttled, RetryAfter: time.Minute})
		for range 2 {
			_, err := s.Contain(t.Context(), ada, access.Lock)
			pe, ok := errors.AsType[*provider.Error](err)
			require.True(t, ok)
			require.Equal(t, provider.Throttled, pe.Kind)
			require.Equal(t, time.Minute, pe.RetryAfter)
		}
		require.False(t, s.World()[0].Account.Contained)
		receipt, err := s.Contain(t.Context(), ada, access.Lock)
		require.NoError(t, err)
		require.False(t, receipt.Already)
	})
	t.Run("the answer is lost after it took effect", func(t *testing.T) {
		t.Parallel()
		s := setup()
		ada := s.Ref("ada")
		s.Fail(memory.Fault{Op: memory.OpContain, Account: "ada", After: true})
		_, err := s.Contain(t.Context(), ada, access.Lock)
		require.Error(t, err)
		require.True(t, s.World()[0].Account.Contained)
		receipt, err := s.Contain(t.Context(), ada, access.Lock)
		require.NoError(t, err)
		require.True(t, receipt.Already)
		require.Len(t, s.Writes(), 1)
	})
	t.Run("down, denied and up again", func(t *testing.T) {
		t.Parallel()
		s := setup()
		s.Down()
		_, err := s.Look(t.Context(), s.Ref("ada"))
		require.Equal(t, provider.Transient, provider.KindOf(err))
		s.Deny()
		_, err = s.Preflight(t.Context())
		require.Equal(t, provider.Denied, provider.KindOf(err))
		require.Empty(t, s.Journal())
		s.Up()
		_, err = s.Preflight(t.Context())
		require.NoError(t, err)
	})
	t.Run("a list that is cut short ends with the error", func(t *testing.T) {
		t.Parallel()
		s := setup()
		s.CutList(1, errors.New("page 2 is missing"))
		var names []string
		var last error
		for acct, err := range s.Accounts(t.Context()) {
			if last = err; err == nil {
				names = append(names, acct.Name)
				require.Empty(t, acct.Grants)
			}
		}
		require.Equal(t, []string{"ada"}, names)
		require.ErrorContains(t, last, "page 2 is missing")
	})
	t.Run("what cannot be read is a gap", func(t *testing.T) {
		t.Parallel()
		s := setup()
		s.Hide("archive", "permission denied")
		seen, err := s.Look(t.Context(), s.Ref("ada"))
		require.NoError(t, err)
		require.Len(t, seen.Gaps, 1)
		require.Len(t, seen.Account.Grants, 5)
		s.Reveal()
		seen, err = s.Look(t.Context(), s.Ref("ada"))
		require.NoError(t, err)
		require.Empty(t, seen.Gaps)
	})
	t.Run("accepted is not done", func(t *testing.T) {
		t.Parallel()
		s := setup()
		ada := s.Ref("ada")
		s.ApplyLater(memory.OpContain)
		for range 2 {
			receipt, err := s.Contain(t.Context(), ada, access.Lock)
			require.NoError(t, err)
			require.True(t, receipt.Pending)
		}
		require.False(t, s.World()[0].Account.Contained)
		require.Equal(t, 1, s.Settle())
		require.True(t, s.World()[0].Account.Contained)
		require.Zero(t, s.Forget())
	})
	t.Run("interception sees the call first", func(t *testing.T) {
		t.Parallel()
		s := setup()
		ctx, cancel := context.WithCancel(t.Context())
		s.Intercept(func(_ context.Context, c memory.Call) error {
			if c.Op == memory.OpDelete {
				cancel()
			}
			return nil
		})
		_, err := s.Delete(ctx, access.Step{Account: s.Ref("ada")})
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, s.Journal())
	})
	t.Run("leftovers keep it from being gone", func(t *testing.T) {
		t.Parallel()
		s := memory.New("mem").Add(memory.Account{Name: "ada", Leaves: []string{"dependency row"}, Sessions: 1})
		ada := s.Ref("ada")
		_, err := s.Delete(t.Context(), access.Step{Account: ada})
		require.NoError(t, err)
		seen, err := s.Look(t.Context(), ada)
		require.NoError(t, err)
		require.False(t, seen.Gone())
		require.Equal(t, 1, seen.Sessions)
		require.Equal(t, []string{"dependency row"}, seen.Residue)
		s.Clear(ada)
		seen, err = s.Look(t.Context(), ada)
		require.NoError(t, err)
		require.True(t, seen.Gone())
	})
}

func TestSessions(t *testing.T) {
	t.Parallel()
	t.Run("a client that reconnects wins until the account is contained", func(t *testing.T) {
		t.Parallel()
		s := memory.New("mem").Add(memory.Account{Name: "ada", Sessions: 2, Reconnects: true, Stubborn: 1})
		ada := s.Ref("ada")
		end := func() int {
			alive, err := s.EndSessions(t.Context(), ada)
			require.NoError(t, err)
			return alive
		}
		require.Equal(t, 2, end())
		require.Equal(t, 2, end())
		_, err := s.Contain(t.Context(), ada, access.Lock)
		require.NoError(t, err)
		require.Zero(t, end())
		require.Zero(t, end())
	})
	t.Run("a killed password opens nothing, and its successor does", func(t *testing.T) {
		t.Parallel()
		s := setup()
		ada := s.Ref("ada")
		before := s.World()[0].Account
		require.True(t, s.Connect(ada, "lovelace"))
		step := access.Step{Action: access.Contain, Account: ada, Mode: access.Kill}
		_, err := s.Contain(t.Context(), ada, access.Kill)
		require.NoError(t, err)
		require.False(t, s.Connect(ada, "lovelace"))
		require.False(t, s.Connect(ada, ""))

		s.Fail(memory.Fault{Op: memory.OpRestore, After: true}) // the first secret is lost
		_, err = s.Restore(t.Context(), before, step)
		require.Error(t, err)
		back, err := s.Restore(t.Context(), before, step)
		require.NoError(t, err)
		require.NotEmpty(t, back.Secret)
		require.True(t, s.Connect(ada, back.Secret))
		back, err = s.Restore(t.Context(), before, step)
		require.NoError(t, err)
		require.True(t, back.Already, "a password in use is left alone")
		require.Empty(t, back.Secret)
	})
	t.Run("an account that was locked before stays locked", func(t *testing.T) {
		t.Parallel()
		s := memory.New("mem").Add(memory.Account{Name: "ada", Locked: true})
		ada, before := s.Ref("ada"), s.World()[0].Account
		_, err := s.Contain(t.Context(), ada, access.Kill)
		require.NoError(t, err)
		back, err := s.Restore(t.Context(), before, access.Step{Action: access.Contain, Account: ada, Mode: access.Kill})
		require.NoError(t, err)
		require.True(t, s.World()[0].Account.Contained)
		require.Len(t, back.Missing, 1)
	})
}
