package wiring_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
)

// history is all that Temporal keeps of a principal's workflow, as text.
func history(t *testing.T, w *severtest.World, who access.PrincipalID) string {
	t.Helper()
	var all bytes.Buffer
	for events := w.Parts.Temporal.GetWorkflowHistory(w.Ctx, w.ID(who), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		require.NoError(t, err)
		b, err := protojson.Marshal(e)
		require.NoError(t, err)
		all.Write(b)
	}
	return all.String()
}

// A bug in a provider may panic with anything, and may go away with the next version.
func TestAPanicTellsNoSecretAndEndsNothing(t *testing.T) {
	t.Parallel()
	const secret = "Bearer pA55-of-our-own"
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	log := &said{}
	w.Stop()
	w.Parts.Log = slog.New(slog.NewJSONHandler(log, nil))
	w.StartWorker()
	w.Owns(ada, system.Ref("ada"))
	var mu sync.Mutex
	panics := map[memory.Op]func(){
		memory.OpList:    func() { panic(secret) },
		memory.OpContain: func() { panic(struct{ Authorization string }{secret}) },
		memory.OpDelete:  func() { var none []int; _ = none[len(secret)] },
	}
	system.Intercept(func(_ context.Context, c memory.Call) error {
		mu.Lock()
		fall := panics[c.Op]
		delete(panics, c.Op)
		mu.Unlock()
		if fall != nil {
			fall()
		}
		return nil
	})
	got := w.Submit(ada, "key-1")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, panics, "all three came")
	w.Paired(got.Case)
	kept := history(t, w, ada)
	for _, text := range []string{kept, log.String()} {
		require.NotContains(t, text, secret)
		require.Contains(t, text, "a bug in Sever ended this attempt")
		require.Contains(t, text, "index out of range")
		require.Contains(t, text, "a string, whose text is kept from here")
	}
	require.Contains(t, log.String(), "goroutine ")
	for row, err := range w.Parts.Store.Events(w.Ctx, got.Case, 1) {
		require.NoError(t, err)
		require.NotContains(t, row.Words, secret)
	}
}
