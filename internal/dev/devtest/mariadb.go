package devtest

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"

	"github.com/severhq/sever/internal/dev/mariadb"
)

// MariaDB returns the shared MariaDB server. A test must leave accounts and databases of others alone,
// and not kill it.
func MariaDB(t testing.TB) *mariadb.Server {
	t.Helper()
	NeedMariaDB(t)
	s, err := startMariaDB()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// NeedMariaDB is for a test that starts servers of its own.
func NeedMariaDB(t testing.TB) {
	t.Helper()
	if err := mariadb.Installed(); err != nil {
		missing(t, err)
	}
}

// MariaDBAlone starts a server for one test, which may kill it and start it again. What
// was committed survives that.
func MariaDBAlone(t testing.TB) *mariadb.Server {
	t.Helper()
	NeedMariaDB(t)
	s, err := runMariaDB("alone-" + rand.Text())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var startMariaDB = sync.OnceValues(func() (*mariadb.Server, error) { return runMariaDB("mariadb") })

func runMariaDB(name string) (*mariadb.Server, error) {
	dir, err := folder(name)
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
}
