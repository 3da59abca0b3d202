package postgres_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	devpg "github.com/severhq/sever/internal/dev/postgres"
)

// target is a server to test on.
type target struct {
	major int
	url   func(database string) string
}

var started []target

func servers(t *testing.T) []target {
	t.Helper()
	if len(started) == 0 {
		t.Skip(devpg.ErrNoBinaries)
	}
	return started
}

func TestMain(m *testing.M) {
	code := 1
	defer func() { os.Exit(code) }()
	dir, _ := os.MkdirTemp("", "sever-provider-")
	_ = os.Chmod(dir, 0o755)
	defer os.RemoveAll(dir)
	for _, b := range devpg.Versions() {
		s, err := devpg.Start(context.Background(), devpg.Options{Dir: filepath.Join(dir, fmt.Sprint(b.Major)), BinDir: b.Dir, Fast: true,
			Settings: map[string]string{"max_prepared_transactions": "20", "max_connections": "200"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer s.Stop()
		started = append(started, target{s.Major(), s.URL})
	}
	code = m.Run()
}
