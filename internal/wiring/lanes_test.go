package wiring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
)

// Whoever contains an account holds the lock of that account, also in a batch.
func TestABatchContainsEachAccountUnderItsOwnLock(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, memory.Account{Name: "ada"}, memory.Account{Name: "ada_batch"}, memory.Account{Name: "ada_night"})
	w := severtest.New(t, conn)
	w.Policy.BatchSize = 25
	w.Owns(ada, system.Ref("ada"), system.Ref("ada_batch"), system.Ref("ada_night"))
	middle := system.Ref("ada_batch")
	lane, err := w.Parts.Store.LockLane(w.Ctx, conn.Name+"/"+middle.Resource+"/"+middle.Name+"@", time.Second)
	require.NoError(t, err)
	defer lane.Release()

	got := w.Submit(ada, "key-1")
	require.Eventually(t, func() bool {
		return contained(system, "ada") && contained(system, "ada_night")
	}, 30*time.Second, 10*time.Millisecond, "the first and the last of the batch")
	require.False(t, contained(system, "ada_batch"), "somebody else holds its lock")
	lane.Release()
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	w.Paired(got.Case)
}

func contained(s *memory.System, name string) bool {
	for _, a := range s.World() {
		if a.Account.Name == name {
			return a.Account.Contained
		}
	}
	return false
}
