package severtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

// Records are records of their own, for what needs no worker. Who is named is told of
// everything.
func Records(t *testing.T, told ...notice.Subscriber) *store.Store {
	t.Helper()
	url, _ := records(t.Context(), t, devtest.Postgres(t))
	s, err := store.Open(t.Context(), url, store.Options{Subscribers: told})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}
