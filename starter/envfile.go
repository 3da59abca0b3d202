package main

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/config"
)

const (
	envHead = `# How the commands on this machine reach Sever. "sever up" keeps the lines between the marks;
# add yours above or below, one NAME=value each, such as
#
#   SEVER_CONNECTIONS=pg-main=postgres
#   SEVER_CONN_PG_MAIN_URL=postgres://admin:password@db.example.com:5432/postgres
`
	envBegin = "# --- written by sever up ---"
	envEnd   = "# --- end ---"
)

// writeEnvFile writes our variables between the marks and leaves the rest of the file
// as it is. Only its owner can read it: there are passwords in it.
func writeEnvFile(path string, vars config.Vars) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	before, after := envHead, ""
	if len(old) > 0 {
		before, after, _ = strings.Cut(string(old), envBegin+"\n")
		_, after, _ = strings.Cut(after, envEnd+"\n")
	}
	if before != "" && !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	var b strings.Builder
	b.WriteString(before + envBegin + "\n")
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if vars[name] != "" {
			b.WriteString(name + "=" + vars[name] + "\n")
		}
	}
	b.WriteString(envEnd + "\n" + after)
	return replaceFile(path, b.String())
}
