package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
)

// A program that receives secrets takes the place of the folder that sever up chose.
func TestTheCommandReplacesTheFolderOfSeverUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file    string
		environ config.Vars
		dir     string
	}{
		"nobody said anything":    {"", nil, "/kept"},
		"in sever.env":            {"SEVER_SECRET_COMMAND=/bin/cat\n", nil, ""},
		"in the environment":      {"", config.Vars{"SEVER_SECRET_COMMAND": "/bin/cat"}, ""},
		"both in the environment": {"", config.Vars{"SEVER_SECRET_COMMAND": "/bin/cat", "SEVER_SECRET_DIR": "/mine"}, "/mine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "sever.env"), []byte("SEVER_SECRET_DIR=/kept\n"+c.file), 0o600))
			a := &app{}
			require.NoError(t, a.readSettings(config.Vars{"SEVER_HOME": dir}.With(c.environ)))
			require.Equal(t, c.dir, a.vars["SEVER_SECRET_DIR"])
		})
	}
}
