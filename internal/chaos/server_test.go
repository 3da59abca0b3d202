package chaos

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// told is a server that only writes down what was asked of it.
type told struct{ asked []string }

func (t *told) Kill() error                   { t.asked = append(t.asked, "kill"); return nil }
func (t *told) Restart(context.Context) error { t.asked = append(t.asked, "restart"); return nil }
func (t *told) Done() <-chan struct{}         { return nil }

// Whoever mends what has not struck yet waits for it: else the server would stay down.
func TestKilledALittleLater(t *testing.T) {
	t.Parallel()
	part := &told{}
	s := &server{part: part}
	require.NoError(t, s.killIn(20*time.Millisecond)())
	require.Equal(t, []string{"kill", "restart"}, part.asked)

	later := s.killIn(time.Microsecond)
	now, err := s.kill()
	require.NoError(t, err)
	require.NoError(t, later())
	require.NoError(t, now())
	require.Equal(t, []string{"kill", "restart", "kill", "restart"}, part.asked, "the faults overlap")
}
