package wiring_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/wiring"
)

// A worker that cannot tell where secrets go does not start.
func TestTwoSinksAreNone(t *testing.T) {
	t.Parallel()
	for want, more := range map[string]config.Vars{
		"SEVER_SECRET_DIR and SEVER_SECRET_COMMAND are both set": {"SEVER_SECRET_DIR": t.TempDir(), "SEVER_SECRET_COMMAND": "/bin/cat"},
		"SEVER_SECRET_COMMAND: the program that receives":        {"SEVER_SECRET_COMMAND": "/no/such/program"},
	} {
		err := wiring.Run(t.Context(), config.Vars{"SEVER_DATABASE_URL": "postgres://x@localhost:1/x"}.With(more), "test", slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, want)
	}
}
