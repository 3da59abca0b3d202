package desk_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

// After a no nothing has happened; after silence nobody knows.
func TestSaysNo(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		desk.Refusedf("a case is just being closed"), desk.Invalidf("no principal"), &roles.RefusalError{}, &store.KeyReusedError{},
		fmt.Errorf("open: %w", desk.Refusedf("no")),
	} {
		require.True(t, desk.SaysNo(err), "%T: %v", err, err)
	}
	for _, err := range []error{
		nil, errors.New("broken pipe"), desk.Failf(desk.Unreachable, "no worker answered within 15s"), context.DeadlineExceeded, context.Canceled,
		serviceerror.NewUnavailable("connection refused"), store.ErrUnreachable, desk.Failf(desk.Open, "no workflow is running for this case"),
	} {
		require.False(t, desk.SaysNo(err), "%T: %v", err, err)
	}
}
