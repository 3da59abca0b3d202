package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// superuser is the only role of a new cluster.
const superuser = "postgres"

// cluster is a folder with a database cluster and what belongs to it.
type cluster struct {
	home string
	user *host.User // to run as; nil means ours
}

func (c cluster) data() string         { return filepath.Join(c.home, "data") }
func (c cluster) lockFile() string     { return filepath.Join(c.home, "lock") }
func (c cluster) portFile() string     { return filepath.Join(c.home, "port") }
func (c cluster) passwordFile() string { return filepath.Join(c.home, "password") }
func (c cluster) logFile() string      { return filepath.Join(c.home, "server.log") }
func (c cluster) pidFile() string      { return filepath.Join(c.data(), "postmaster.pid") }

// openFolder makes dir a home for a cluster, which the user that the server will run as can enter. It
// stays ours: root must not write to files whose names somebody else can turn into links.
func openFolder(ctx context.Context, dir string) (cluster, error) {
	home, err := filepath.Abs(dir)
	if err != nil {
		return cluster{}, err
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return cluster{}, fmt.Errorf("data folder: %w", err)
	}
	c := cluster{home: home}
	if err := c.claim(); err != nil || !host.IsRoot() {
		return c, err
	}
	if c.user, err = host.FirstUser("postgres", "nobody"); err != nil {
		return c, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	if err := os.Chmod(home, 0o755); err != nil { // what is private in there is so by itself
		return c, err
	}
	_, err = host.Output(ctx, host.Command{Path: "/bin/sh", Args: []string{"-c", "true"}, Dir: home, User: c.user})
	if errors.Is(err, fs.ErrPermission) {
		return c, fmt.Errorf("user %s, which PostgreSQL runs as when Sever runs as root, cannot enter %s: "+
			"choose a folder below /var/lib, or one that others may pass through", c.user.Name, home)
	}
	return c, err
}

// claim marks an empty folder as ours by its lock file. It refuses to take over any other folder: that
// was named by mistake.
func (c cluster) claim() error {
	entries, err := os.ReadDir(c.home)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	mode := os.O_RDONLY
	if len(entries) == 0 {
		mode |= os.O_CREATE
	}
	f, err := os.OpenFile(c.lockFile(), mode, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has files in it and is not a PostgreSQL folder of ours: choose a new or empty one", c.home)
	} else if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return f.Close()
}

// give makes a file the server's.
func (c cluster) give(path string) error {
	if c.user == nil {
		return nil
	}
	return os.Chown(path, int(c.user.UID), int(c.user.GID))
}

// major is the version that wrote the cluster, 0 if there is none yet.
func (c cluster) major() (int, error) {
	b, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}

// create runs initdb, if that was not done yet. The cluster is made aside and renamed: whatever
// interrupts us, there is a whole one or none.
func (c cluster) create(ctx context.Context, bin string, version int, fast bool) error {
	if major, err := c.major(); err != nil || major != 0 {
		return err
	}
	if err := os.WriteFile(c.passwordFile(), []byte(rand.Text()), 0o600); err != nil {
		return err
	}
	if err := c.give(c.passwordFile()); err != nil {
		return err
	}
	aside := c.data() + ".new"
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.Mkdir(aside, 0o700); err != nil {
		return err
	}
	if err := c.give(aside); err != nil {
		return err
	}
	args := []string{
		"-D", aside, "-U", superuser, "-A", "scram-sha-256", "--pwfile=" + c.passwordFile(),
		"-E", "UTF8", "--locale=C", "--data-checksums",
	}
	if fast {
		args = append(args, "--no-sync")
	}
	if fast && version >= 16 { // proving a password costs as much as hundreds of queries, and in a test nobody guesses
		args = append(args, "-c", "scram_iterations=1")
	}
	out, err := host.Output(ctx, c.command(filepath.Join(bin, "initdb"), args...))
	if err != nil {
		return fmt.Errorf("initdb in %s: %w\n%s", c.home, err, out)
	}
	return os.Rename(aside, c.data())
}

// command describes a program that works on the cluster.
func (c cluster) command(path string, args ...string) host.Command {
	return host.Command{
		Path: path, Args: args, Dir: c.home, User: c.user,
		Env: host.Environment("HOME="+c.home, "LC_ALL=C", "TZ=UTC"),
	}
}

func (c cluster) password() (string, error) {
	b, err := os.ReadFile(c.passwordFile())
	if err != nil {
		return "", fmt.Errorf("password of the cluster in %s: %w", c.home, err)
	}
	return strings.TrimSpace(string(b)), nil
}
