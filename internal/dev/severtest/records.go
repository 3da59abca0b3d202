package severtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/store"
)

// Records are records of their own, for what needs no worker.
func Records(t *testing.T) *store.Store {
	t.Helper()
	url, _ := records(t.Context(), t, devtest.Postgres(t))
	s, err := store.Open(t.Context(), url, store.Options{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}
