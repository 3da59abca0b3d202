package mariadb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// ErrNoBinaries says that the machine has no MariaDB that could be started.
var ErrNoBinaries = errors.New("no MariaDB server programs (mariadbd, mariadb-install-db) found in $PATH, /usr/sbin, /usr/libexec or Homebrew; " +
	"install them with apt-get install mariadb-server (Debian, Ubuntu), dnf install mariadb-server (Fedora, RHEL) or brew install mariadb (macOS)")

// programs are an installation of MariaDB.
type programs struct{ server, install string }

// places are where packages put what ordinary users do not run.
var places = []string{"/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"}

// Installed tells whether the machine has what Start needs.
func Installed() error {
	_, err := find()
	return err
}

func find() (programs, error) {
	var p programs
	for name, to := range map[string]*string{"mariadbd": &p.server, "mariadb-install-db": &p.install} {
		for _, try := range append([]string{name}, beneath(places, name)...) {
			if path, err := exec.LookPath(try); err == nil {
				*to = path
				break
			}
		}
		if *to == "" {
			return p, ErrNoBinaries
		}
	}
	return p, nil
}

func beneath(dirs []string, name string) []string {
	out := make([]string, len(dirs))
	for i, d := range dirs {
		out[i] = filepath.Join(d, name)
	}
	return out
}

// create makes the data of a new server.
func (s *Server) create(ctx context.Context) (err error) {
	if s.home, err = filepath.Abs(s.options.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(s.home, 0o755); err != nil {
		return err
	}
	if s.home, err = filepath.EvalSymlinks(s.home); err != nil { // the server tells its folder that way
		return err
	}
	if host.IsRoot() {
		if s.user, err = host.FirstUser("mysql", "nobody"); err != nil {
			return fmt.Errorf("MariaDB does not run as root: %w", err)
		}
	}
	for _, dir := range []string{s.runDir(), s.dataDir()} {
		if err := s.give(dir); err != nil {
			return err
		}
	}
	out, err := host.Output(ctx, s.command(s.programs.install,
		"--no-defaults", "--datadir="+s.dataDir(), "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"))
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	// A new installation has accounts without a password, for each name of the machine: only ours stays.
	first := fmt.Sprintf("delete from mysql.global_priv where user <> 'mariadb.sys';\ndelete from mysql.proxies_priv;\n"+
		"insert into mysql.proxies_priv values ('%%', '%s', '%%', '', 1, '', now());\nflush privileges;\n"+ // GRANT needs somebody who may
		"create user `%[1]s`@`%%` identified by '%[2]s';\ngrant all privileges on *.* to `%[1]s`@`%%` with grant option;\n", admin, s.password)
	if err := os.WriteFile(s.firstStatements(), []byte(first), 0o600); err != nil || s.user == nil {
		return err
	}
	return os.Chown(s.firstStatements(), int(s.user.UID), int(s.user.GID))
}

// firstStatements are run by the first start, which removes them.
func (s *Server) firstStatements() string { return filepath.Join(s.runDir(), "first.sql") }

// arguments are the server's command line. The last word on a setting wins: what this package promises
// comes last.
func (s *Server) arguments() ([]string, error) {
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, err
	}
	args := []string{"--no-defaults", "--datadir=" + s.dataDir(), "--character-set-server=utf8mb4",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-log-bin", "--skip-name-resolve"}
	for _, name := range slices.Sorted(maps.Keys(s.options.Settings)) {
		args = append(args, "--"+name+"="+s.options.Settings[name])
	}
	if _, err := os.Stat(s.firstStatements()); err == nil {
		args = append(args, "--init-file="+s.firstStatements())
	}
	// A socket below the data folder may have a long path: the server makes it from within.
	return append(args, "--port="+port, "--bind-address=127.0.0.1", "--socket=sock", "--pid-file="+filepath.Join(s.runDir(), "pid")), nil
}
