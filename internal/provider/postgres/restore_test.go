package postgres_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// undo restores steps in reverse order, each twice: the second time changes nothing.
// It returns the new secret and all that is missing.
func (w *world) undo(before access.Account, steps []access.Step) (secret string, missing []access.Gap) {
	w.Helper()
	ref := before.Ref
	for _, s := range slices.Backward(steps) {
		s.Account = ref
		r, err := w.pg.Restore(w.Context(), before, s)
		require.NoError(w, err, "%s %s %s", s.Action, s.Database, s.Object)
		missing = append(missing, r.Missing...)
		again, err := w.pg.Restore(w.Context(), before, s)
		require.NoError(w, err)
		if secret = again.Secret; secret == "" {
			secret = r.Secret
		}
		if r.ForeignID != "" {
			require.Equal(w, r.ForeignID, again.ForeignID)
			ref.ForeignID = r.ForeignID
		}
	}
	return secret, missing
}

// A case that is cancelled before anything was deleted leaves no trace.
func TestCancelledBeforeDelete(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		plant(w)
		before := w.state("{shop}", "{hr}")
		seen := w.look(ada)
		steps := plan(seen.Account, access.Lock, w.name("bob"))
		steps = steps[:len(steps)-1] // all but delete
		for _, s := range steps {
			w.do(s)
		}
		require.NotEmpty(w, without(before, w.state("{shop}", "{hr}")...))

		secret, missing := w.undo(seen.Account, steps)
		require.Empty(w, secret)
		require.Empty(w, missing)
		w.same(before, w.state("{shop}", "{hr}"))
		require.Equal(w, lines(seen.Account.Grants), lines(w.look(ada).Account.Grants))
		w.mustLogin("postgres", ada.Name)
	})
}

// After delete the role is another one, and all else is as it was.
func TestReinstatedAfterDelete(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		plant(w)
		before := w.state("{shop}", "{hr}")
		seen := w.look(ada)
		secret, missing := w.undo(seen.Account, w.offboard(ada, w.name("bob")))
		require.Empty(w, missing)
		// The password is new; before 16 nobody remembers who made Bob a member.
		hidden := []string{w.fill("password {ada}"), w.fill("membership {bob} in {reporting}")}
		if w.server.Major() >= 16 {
			hidden = hidden[:1]
		}
		w.same(without(before, hidden...), without(w.state("{shop}", "{hr}"), hidden...))

		_, err := w.login("postgres", ada.Name, password)
		require.Error(w, err)
		_, err = w.login("postgres", ada.Name, secret)
		require.NoError(w, err)
		require.Len(w, secret, 43)
	})
}

func TestRestoreAfterKill(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		seen := w.look(ada)
		kill := access.Step{Action: access.Contain, Account: ada, Mode: access.Kill}

		r, err := w.pg.Restore(w.Context(), seen.Account, kill)
		require.NoError(w, err)
		require.True(w, r.Already, "an undo that is registered before the step may run without it")
		w.mustLogin("postgres", ada.Name)

		w.do(kill)
		require.True(w, w.do(kill).Already)
		require.Equal(w, "none", w.look(ada).Account.Attributes["password"])
		r, err = w.pg.Restore(w.Context(), seen.Account, kill)
		require.NoError(w, err)
		_, err = w.login("postgres", ada.Name, password)
		require.Error(w, err)
		_, err = w.login("postgres", ada.Name, r.Secret)
		require.NoError(w, err)
	})
}

// A role that could not log in, or had no password, gets neither.
func TestRestoreGivesNoMoreThanThereWas(t *testing.T) {
	each(t, func(w *world) {
		w.sql("postgres", "create role {group}", "create role {bare} login")
		for _, name := range []string{"group", "bare"} {
			ref := w.ref(w.name(name))
			before := w.state()
			seen := w.look(ref)
			kill := access.Step{Action: access.Contain, Account: ref, Mode: access.Kill}
			w.do(kill)
			r, err := w.pg.Restore(w.Context(), seen.Account, kill)
			require.NoError(w, err)
			require.Empty(w, r.Secret)
			w.same(before, w.state())
		}
	})
}

func TestRestoreNamesWhatIsMissing(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		w.person("bob")
		w.database("shop")
		w.sql("{shop}", "create role {group}", "grant {group} to {ada}", "create role {carol}",
			"create table mine()", "alter table mine owner to {ada}", "create table kept()", "alter table kept owner to {ada}",
			"create table moved()", "alter table moved owner to {ada}",
			"create table t(x int)", "grant select on t to {ada}",
			"create foreign data wrapper fd", "create server sv foreign data wrapper fd",
			"create user mapping for {ada} server sv options (password 'geheim')")
		seen := w.look(ada)
		steps := w.offboard(ada, w.name("bob"))
		w.sql("{shop}", "drop table mine, t", "drop role {group}", "alter table moved owner to {carol}")
		_, missing := w.undo(seen.Account, steps)
		var words []string
		for _, m := range missing {
			words = append(words, m.Object+": "+m.Why)
		}
		all := strings.ReplaceAll(strings.Join(words, "\n"), w.suffix, "")
		require.Contains(w, all, "table public.mine in database shop: it was dropped")
		require.Contains(w, all, "table public.moved in database shop: it belongs to carol now")
		require.Contains(w, all, "table public.t in database shop: it was dropped")
		require.Contains(w, all, "user mapping ada on server sv in database shop: it had password, which are credentials and were not recorded")
		require.Contains(w, all, "membership of ada in group")
		require.Len(w, missing, 5, all)
		require.Equal(w, []string{ada.Name}, w.query("{shop}", "select relowner::regrole::text from pg_class where relname = 'kept'"))
	})
}

func TestRestoreRefusesTheWrongRole(t *testing.T) {
	each(t, func(w *world) {
		ada, bob := w.person("ada"), w.person("bob")
		seen := w.look(ada)
		_, err := w.pg.Restore(w.Context(), seen.Account, access.Step{Action: access.Contain, Account: bob})
		require.Contains(w, w.rejected(err), "the record is of another account")

		w.sql("postgres", "drop role {ada}")
		_, err = w.pg.Restore(w.Context(), seen.Account, access.Step{Action: access.Contain, Account: ada})
		require.Contains(w, w.rejected(err), "undo its deletion first")
		w.sql("postgres", "create role {ada} login")
		for _, action := range []access.Action{access.Delete, access.Contain} {
			_, err = w.pg.Restore(w.Context(), seen.Account, access.Step{Action: action, Account: ada})
			require.ErrorIs(w, err, provider.ErrAnotherAccount)
		}
		_, err = w.pg.Restore(w.Context(), seen.Account, access.Step{Action: access.Confirm, Account: ada})
		require.Contains(w, w.rejected(err), "there is nothing to undo")
	})
}
