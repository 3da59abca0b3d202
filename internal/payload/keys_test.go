package payload_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/payload"
)

// key is a key of so many bytes that no other test has.
func key(fill byte, size int) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(string(rune(fill)), size)))
}

func TestKeysAreReadFromTheEnvironmentOrAFile(t *testing.T) {
	t.Parallel()
	both := "new=" + key('n', 32) + ",old=" + key('o', 32)
	for name, vars := range map[string]config.Vars{
		"variable": {payload.Variable: both},
		"file":     {payload.Variable + "_FILE": write(t, strings.ReplaceAll(both, ",", ",\n")+"\n")},
		"lines":    {payload.Variable + "_FILE": write(t, strings.ReplaceAll(both, ",", "\n"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := payload.FromVars(vars)
			require.NoError(t, err)
			require.Equal(t, "new", keys.Active())
			require.Equal(t, []string{"new", "old"}, keys.IDs())
		})
	}
	none, err := payload.FromVars(config.Vars{})
	require.NoError(t, err)
	require.Empty(t, none.Active())
}

func TestABadKeyIsNamedAndNotShown(t *testing.T) {
	t.Parallel()
	short, long := key('s', 16), key('l', 33)
	for name, c := range map[string]struct{ given, want string }{
		"no id":          {key('k', 32), "entry 1: is not id=base64"},
		"a key as id":    {"/" + key('k', 32) + "=" + short, "entry 1: is not id=base64"},
		"no key":         {"a=", "entry 1: is not id=base64"},
		"not base64":     {"a=?secret-that-is-no-base64?", `the key "a" is not base64`},
		"AES-128":        {"a=" + short, `the key "a" has 16 bytes and needs 32`},
		"too long":       {"a=" + long, `the key "a" has 33 bytes and needs 32`},
		"twice":          {"a=" + key('k', 32) + ",a=" + key('m', 32), `entry 2: the id "a" is given twice`},
		"only commas":    {",,", "has separators and no key"},
		"the second one": {"a=" + key('k', 32) + ",b=" + short, "entry 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := payload.ParseKeys(config.NewSecret(c.given))
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, payload.Variable)
			for _, secret := range []string{short, long, key('k', 32), key('m', 32), "secret-that-is-no-base64"} {
				require.NotContains(t, err.Error(), strings.TrimRight(secret, "="))
			}
		})
	}
}

func TestANewKeyIsAnEntry(t *testing.T) {
	t.Parallel()
	one, err := payload.NewKey("2026-11")
	require.NoError(t, err)
	other, err := payload.NewKey("2026-12")
	require.NoError(t, err)
	keys, err := payload.ParseKeys(config.NewSecret(one + "," + other))
	require.NoError(t, err)
	require.Equal(t, []string{"2026-11", "2026-12"}, keys.IDs())
	require.NotEqual(t, strings.TrimPrefix(one, "2026-11"), strings.TrimPrefix(other, "2026-12"))
	_, err = payload.NewKey("with space")
	require.ErrorContains(t, err, `"with space" cannot be the id of a key`)
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
