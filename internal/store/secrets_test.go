package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSharedSecrets(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	imported := func(in ...SharedSecret) (d Diff) {
		t.Helper()
		s.do(t, func(tx *Tx) (err error) {
			d, err = tx.ImportSecrets(t.Context(), in, "ops")
			return err
		})
		return d
	}
	key := SharedSecret{Principal: "E1", Name: "deploy key", Owner: "ops", How: "wiki"}
	lab := SharedSecret{Principal: "E2", Name: "lab", Owner: "lab"}
	require.Equal(t, Diff{Added: 2}, imported(key, lab))
	require.Equal(t, Diff{Unchanged: 2}, imported(key, lab))
	key.Owner = "platform"
	require.Equal(t, Diff{Changed: 1}, imported(key))
	require.Equal(t, Diff{}, imported())
	got, err := s.SharedSecrets(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, "ops", got[0].ImportedBy)
	require.False(t, got[0].ImportedAt.IsZero())
	for i := range got {
		got[i].ImportedBy, got[i].ImportedAt = "", time.Time{}
	}
	require.Equal(t, []SharedSecret{key, lab}, got)
	one, err := s.SharedSecrets(t.Context(), "E2")
	require.NoError(t, err)
	require.Len(t, one, 1)
	_, err = s.Principal(t.Context(), "E1")
	require.NoError(t, err, "recorded by the id alone")
}

func TestATaskIsFinishedOnce(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "case-1", "E1")
	now := time.Now()
	for i, key := range []string{"secret/a", "account/7", "undo/7"} {
		s.do(t, func(tx *Tx) error {
			return tx.OpenTask(t.Context(), Task{CaseID: "case-1", Key: key, Subject: key, Owner: map[bool]string{true: "dba, bella", false: "ops"}[i == 1],
				Due: now.Add(time.Duration(3-i) * time.Hour), OpenedAt: now})
		})
	}
	listed := func(f TaskFilter) (keys []string) {
		t.Helper()
		all, err := s.ListTasks(t.Context(), f)
		require.NoError(t, err)
		for _, k := range all {
			require.Equal(t, k.Key != "account/7", k.ByHand())
			keys = append(keys, k.Key)
		}
		return keys
	}
	require.Equal(t, []string{"undo/7", "account/7", "secret/a"}, listed(TaskFilter{}), "the most urgent first")
	require.Equal(t, []string{"undo/7", "secret/a"}, listed(TaskFilter{Owner: "ops"}))
	require.Equal(t, []string{"account/7"}, listed(TaskFilter{Owner: "bella"}), "one of several")
	finish := func() error {
		return s.Do(t.Context(), func(tx *Tx) error { return tx.FinishTask(t.Context(), "case-1", "secret/a", "ops", "rotated") })
	}
	require.NoError(t, finish())
	require.ErrorIs(t, finish(), ErrNotFound, "somebody was faster")
	require.Equal(t, []string{"undo/7", "account/7"}, listed(TaskFilter{}))
	require.Equal(t, []string{"undo/7", "account/7", "secret/a"}, listed(TaskFilter{Closed: true}))
}
