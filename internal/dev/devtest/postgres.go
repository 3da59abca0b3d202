package devtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/dev/postgres"
)

// Named is a server with a name for subtests, such as postgres-18.
type Named struct {
	Name string
	*postgres.Server
}

// Postgres returns the shared server of the preferred installation. A test must leave roles and
// databases of others alone, and not kill it.
func Postgres(t testing.TB) *postgres.Server {
	t.Helper()
	s, err := server(binaries(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Servers returns one shared server for each major version that is installed.
func Servers(t testing.TB) []Named {
	t.Helper()
	found := binaries(t)
	all, errs := make([]Named, len(found)), make([]error, len(found))
	var wg sync.WaitGroup
	for i, b := range found {
		wg.Go(func() {
			s, err := server(b)
			all[i], errs[i] = Named{Name: fmt.Sprintf("postgres-%d", b.Major), Server: s}, err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return all
}

// Database returns the connection string of a fresh database on the server of Postgres. The database goes
// with the test, whoever is still connected.
func Database(t testing.TB) string {
	t.Helper()
	return DatabaseOn(t, Postgres(t))
}

// DatabaseOn is Database on a certain server.
func DatabaseOn(t testing.TB, s *postgres.Server) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	if err := s.CreateDatabase(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(context.Background(), s, name); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return s.URL(name)
}

func drop(ctx context.Context, s *postgres.Server, name string) error {
	c, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)")
	return err
}

// binaries lists one installation for each major version, or ends the test.
func binaries(t testing.TB) []postgres.Binary {
	t.Helper()
	found := installations()
	if len(found) == 0 {
		missing(t, postgres.ErrNoBinaries)
	}
	return found
}

var installations = sync.OnceValue(func() (found []postgres.Binary) {
	seen := map[int]bool{}
	for _, b := range postgres.Versions() {
		if !seen[b.Major] {
			seen[b.Major] = true
			found = append(found, b)
		}
	}
	return found
})

// starts has, for each major version, the function that starts its server once.
var starts sync.Map

// server starts the shared server of an installation, unless that is done.
func server(b postgres.Binary) (*postgres.Server, error) {
	once, _ := starts.LoadOrStore(b.Major, sync.OnceValues(func() (*postgres.Server, error) { return startPostgres(b) }))
	return once.(func() (*postgres.Server, error))()
}

func startPostgres(b postgres.Binary) (*postgres.Server, error) {
	return runPostgres(fmt.Sprintf("postgres-%d", b.Major), b)
}

func runPostgres(name string, b postgres.Binary) (*postgres.Server, error) {
	dir, err := folder(name)
	if err != nil {
		return nil, err
	}
	s, err := postgres.Start(context.Background(), postgres.Options{
		Dir: dir, BinDir: b.Dir, Fast: true, Settings: map[string]string{"max_connections": "300", "max_prepared_transactions": "20"},
	})
	if err != nil {
		return nil, err
	}
	atEnd(s.Stop)
	return s, nil
}

// ServersAlone starts one server of each major version that is installed, for one test
// which may do to them what it likes.
func ServersAlone(t testing.TB) []Named {
	t.Helper()
	found := binaries(t)
	all, errs := make([]Named, len(found)), make([]error, len(found))
	var wg sync.WaitGroup
	for i, b := range found {
		wg.Go(func() {
			s, err := runPostgres("alone-"+rand.Text(), b)
			all[i], errs[i] = Named{Name: fmt.Sprintf("postgres-%d", b.Major), Server: s}, err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return all
}

// PostgresAlone starts a server for one test, which may kill it and start it again.
func PostgresAlone(t testing.TB) *postgres.Server {
	t.Helper()
	b := binaries(t)[0]
	s, err := runPostgres("alone-"+rand.Text(), b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
