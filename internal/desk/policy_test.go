package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
)

func TestAReasonOfSweepsIsNobodysToGive(t *testing.T) {
	t.Parallel()
	_, err := PolicyOf(nil, access.Sweep)
	require.EqualError(t, err, `reason "sweep" is of cases that sweeps open: choose hr or incident`)
	p, err := SweepPolicy(config.Vars{"SEVER_SECOND_LOOK": "2h"})
	require.NoError(t, err)
	require.Equal(t, 2*time.Hour, p.SecondLook)
	require.Equal(t, access.Sweep, p.Reason)
	_, err = SweepPolicy(config.Vars{"SEVER_SECOND_LOOK": "-2h"})
	require.Error(t, err)
}
