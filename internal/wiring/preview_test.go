package wiring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/store"
)

func TestADryRunPlansAndChangesNothing(t *testing.T) {
	t.Parallel()
	up, good := severtest.InMemory(t, hers())
	down, bad := severtest.InMemory(t, hers())
	w := severtest.New(t, up, down)
	w.Policy.Patience = time.Second
	w.Owns(ada, good.Ref("ada"), bad.Ref("ada"))
	bad.Down()
	out := w.Preview(ada)
	require.Equal(t, []string{down.Name}, out.Silent)
	p, err := w.Parts.Store.Plan(w.Ctx, out.Case, out.Plan)
	require.NoError(t, err)
	require.Equal(t, store.PlanDryRun, p.Status)
	c, err := w.Parts.Store.Case(w.Ctx, out.Case)
	require.NoError(t, err)
	require.Equal(t, access.CaseDryRun, c.Status)
	require.Empty(t, good.Writes())
	require.Zero(t, w.Reconcile().Open, "a dry run is no open case")
}
