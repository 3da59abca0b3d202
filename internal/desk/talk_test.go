package desk

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/severhq/sever/workflows"
)

// Who asks a case tells its refusals apart by their types, and shows their words.
func TestARefusalOfACaseKeepsItsTypeAndItsWords(t *testing.T) {
	t.Parallel()
	no := temporal.NewNonRetryableApplicationError("the case is held already", workflows.HeldAlready, nil)
	f, ok := errors.AsType[*Error](Refusal(t.Context(), no, time.Second))
	require.True(t, ok)
	require.Equal(t, workflows.HeldAlready, f.Said)
	require.Equal(t, "the case is held already", f.Error())
	require.Equal(t, Refused, Explain(f).Kind)
}
