package devtest

import (
	"context"
	"sync"
	"testing"

	"github.com/severhq/sever/internal/dev/mariadb"
)

// MariaDB returns the shared MariaDB server. A test must leave accounts and databases of others alone,
// and not kill it.
func MariaDB(t testing.TB) *mariadb.Server {
	t.Helper()
	if err := mariadb.Installed(); err != nil {
		missing(t, err)
	}
	s, err := startMariaDB()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var startMariaDB = sync.OnceValues(func() (*mariadb.Server, error) {
	dir, err := folder("mariadb")
	if err != nil {
		return nil, err
	}
	s, err := mariadb.Start(context.Background(), mariadb.Options{
		Dir: dir, Settings: map[string]string{"max-connections": "300", "event-scheduler": "OFF"},
	})
	if err != nil {
		return nil, err
	}
	atEnd(s.Stop)
	return s, nil
})
