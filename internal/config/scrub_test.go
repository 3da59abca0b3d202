package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecretsAmongVariables(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("from-a-file-1\n"), 0o600))
	secrets, err := SecretsOf(Vars{
		"SEVER_DATABASE_URL": "postgres://sever:p%40ssword-2@db/sever", "SEVER_CONN_X_TOKEN": "token-number-3", "SEVER_CONN_Y_PASSWORD": "short",
		"SEVER_AUDIT_KEY_FILE": file, "SEVER_PAYLOAD_KEYS": "2026:key-of-2026,2025:key-of-2025", "SEVER_AUDIT_PUBLIC_KEYS": "everybody-may-know",
		"SEVER_ACTOR": "somebody-here", "PATH_TOKEN": "not-one-of-ours",
	})
	require.NoError(t, err)
	scrub := Scrubber(secrets)
	require.Equal(t, "[secret] [secret] [secret] [secret] [secret] [secret] short everybody-may-know somebody-here not-one-of-ours 2026",
		scrub("from-a-file-1 p@ssword-2 p%40ssword-2 token-number-3 key-of-2026 key-of-2025 short everybody-may-know somebody-here not-one-of-ours 2026"))

	_, err = SecretsOf(Vars{"SEVER_AUDIT_KEY_FILE": file + "x"})
	require.ErrorContains(t, err, "SEVER_AUDIT_KEY_FILE")
	require.Equal(t, "as it is", Scrubber(nil)("as it is"))
}
