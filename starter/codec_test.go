package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/payload"
)

func TestCodecServesUntilItIsToldToEnd(t *testing.T) {
	t.Parallel()
	entry, err := payload.NewKey("k")
	require.NoError(t, err)
	const token = "a-token-that-nobody-can-guess-0123456789"
	vars := nowhere(t).With(config.Vars{payload.Variable: entry, "SEVER_CODEC_TOKEN": token, "SEVER_CODEC_ORIGIN": "http://localhost:8080"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said, out := io.Pipe()
	var trouble strings.Builder
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"codec", "--listen", "127.0.0.1:0"}, vars, strings.NewReader(""), out, &trouble)
		_ = out.Close()
	}()
	lines := bufio.NewScanner(said)
	require.True(t, lines.Scan(), trouble.String())
	address, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "decoding at "), ";")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/decode", strings.NewReader(`{"payloads":[]}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	_ = answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	stop()
	require.Equal(t, exitOK, <-code)
	require.Empty(t, trouble.String())
}

func TestCodecNeedsAToken(t *testing.T) {
	t.Parallel()
	a := sever(t.Context(), nowhere(t), "", "codec")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "SEVER_CODEC_TOKEN has 0 characters and needs at least 32")
	require.Contains(t, a.err, "SEVER_PAYLOAD_KEYS is not set")
}
