package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

// openStore describes the store to the server and sees that a file has its schema.
func openStore(file string) (*config.SQL, error) {
	if file == "" {
		return sqlStore("temporald", map[string]string{"mode": "memory", "cache": "shared"}), nil
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		if err := createFile(path); err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
	case err != nil:
		return nil, err
	}
	return sqlStore(uriPath(path), map[string]string{
		"mode":         "rwc",
		"journal_mode": "wal",
		"synchronous":  "full", // an acknowledged write survives a power cut
		"busy_timeout": "10000",
	}), nil
}

// createFile writes the schema aside and renames it: a kill half-way leaves no half schema.
func createFile(path string) error {
	aside := path + ".new"
	for _, f := range []string{aside, aside + "-journal", aside + "-wal", aside + "-shm"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	err := sqliteschema.SetupSchema(sqlStore(uriPath(aside), map[string]string{"mode": "rwc", "synchronous": "full"}))
	if err != nil {
		return err
	}
	return os.Rename(aside, path)
}

func sqlStore(database string, attributes map[string]string) *config.SQL {
	return &config.SQL{PluginName: sqlite.PluginName, DatabaseName: database, ConnectAttributes: attributes}
}

// uriPath escapes a path for the "file:" URI that the plugin makes of it.
func uriPath(path string) string {
	return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
}
