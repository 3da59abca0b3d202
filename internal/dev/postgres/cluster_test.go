//go:build unix

package postgres

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/dev/stack/host"
)

func TestHalfFinishedInitdb(t *testing.T) {
	each(t, func(t *testing.T, b Binary) {
		home := filepath.Join(folder(t), "pg")
		c, err := openFolder(t.Context(), home)
		require.NoError(t, err)
		half := c.data() + ".new"
		require.NoError(t, os.Mkdir(half, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600))

		s := start(t, Options{Dir: home, BinDir: b.Dir})
		require.Equal(t, "1", value(t, s.URL("postgres"), "select '1'"))
		require.NoDirExists(t, half)
	})
}

func TestForeignFolderIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	file := filepath.Join(dir, "letter.txt")
	require.NoError(t, os.WriteFile(file, []byte("dear"), 0o600))
	_, err := Start(t.Context(), Options{Dir: dir, BinDir: anyBinary(t).Dir})
	require.ErrorContains(t, err, dir+" has files in it and is not a PostgreSQL folder of ours")
	require.FileExists(t, file)
}

func TestFolderThatTheServerCannotEnter(t *testing.T) {
	t.Parallel()
	if !host.IsRoot() {
		t.Skip("only root runs the server as another user")
	}
	closed := folder(t)
	require.NoError(t, os.Chmod(closed, 0o700))
	_, err := Start(t.Context(), Options{Dir: filepath.Join(closed, "pg"), BinDir: anyBinary(t).Dir})
	require.ErrorContains(t, err, "cannot enter "+closed)
	require.ErrorContains(t, err, "choose a folder below /var/lib")
}

func TestPidFileOfAProcessThatIsNoServer(t *testing.T) {
	if _, ok := host.CommandLine(os.Getpid()); !ok {
		t.Skip("only Linux tells what a process is")
	}
	each(t, func(t *testing.T, b Binary) {
		o := Options{Dir: filepath.Join(folder(t), "pg"), BinDir: b.Dir, Fast: true}
		first, err := Start(t.Context(), o)
		require.NoError(t, err)
		pidFile, err := os.ReadFile(first.cluster.pidFile())
		require.NoError(t, err)
		require.NoError(t, first.Stop())

		// The machine was switched off, and the number belongs to another program of the same user now.
		stranger := exec.Command("sleep", "60")
		stranger.Dir = "/"
		become(stranger, first.cluster.user)
		require.NoError(t, stranger.Start())
		defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
		_, rest, _ := strings.Cut(string(pidFile), "\n")
		stale := fmt.Appendf(nil, "%d\n%s", stranger.Process.Pid, rest)
		require.NoError(t, os.WriteFile(first.cluster.pidFile(), stale, 0o600))
		require.NoError(t, first.cluster.give(first.cluster.pidFile()))

		start(t, o)
	})
}

func TestDataOfAnotherVersion(t *testing.T) {
	t.Parallel()
	home := filepath.Join(folder(t), "pg")
	s, err := Start(t.Context(), Options{Dir: home, BinDir: anyBinary(t).Dir, Fast: true})
	require.NoError(t, err)
	require.NoError(t, s.Stop())
	require.NoError(t, os.WriteFile(filepath.Join(s.cluster.data(), "PG_VERSION"), []byte("9\n"), 0o600))
	_, err = Start(t.Context(), Options{Dir: home})
	require.ErrorContains(t, err, "written by PostgreSQL 9")
	require.ErrorContains(t, err, "pg_dump")
}

func TestChangedPassword(t *testing.T) {
	t.Parallel()
	home := filepath.Join(folder(t), "pg")
	o := Options{Dir: home, BinDir: anyBinary(t).Dir, Fast: true}
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	run(t, s.URL("postgres"), "alter role postgres password 'changed'")
	require.NoError(t, s.Stop())

	_, err = Start(t.Context(), o)
	require.ErrorContains(t, err, "password authentication failed")
	c := cluster{home: home}
	running, err := c.postmaster()
	require.NoError(t, err)
	require.Nil(t, running, "no server is left behind")
}

func TestMissingBinaries(t *testing.T) {
	t.Parallel()
	t.Run("in a folder that was named", func(t *testing.T) {
		t.Parallel()
		home := filepath.Join(folder(t), "pg")
		empty := folder(t)
		_, err := Start(t.Context(), Options{Dir: home, BinDir: empty})
		require.ErrorContains(t, err, empty+" is no PostgreSQL installation")
		require.NoDirExists(t, home, "nothing is made in vain")
	})
	t.Run("anywhere", func(t *testing.T) {
		t.Parallel()
		for _, hint := range []string{"apt-get install", "brew install", "npm ci", "SEVER_DATABASE_URL", "SEVER_POSTGRES_BIN"} {
			require.ErrorContains(t, ErrNoBinaries, hint)
		}
	})
}

func TestInstallationThatTheServerCannotReach(t *testing.T) {
	if !host.IsRoot() {
		t.Skip("only root runs the server as another user")
	}
	each(t, func(t *testing.T, b Binary) {
		native := filepath.Dir(b.Dir)
		if _, err := os.Stat(filepath.Join(native, "pg-symlinks.json")); err != nil {
			t.Skip("only the npm package can be moved")
		}
		closed := folder(t)
		require.NoError(t, os.Chmod(closed, 0o700))
		hidden := filepath.Join(closed, "native")
		require.NoError(t, os.CopyFS(hidden, os.DirFS(native)))

		s := start(t, Options{Dir: filepath.Join(folder(t), "pg"), BinDir: filepath.Join(hidden, "bin")})
		require.Equal(t, "1", value(t, s.URL("postgres"), "select '1'"))
	})
}

func TestNpmPackageWithoutItsLinks(t *testing.T) {
	t.Parallel()
	for _, b := range installed(t) {
		pkg := filepath.Dir(filepath.Dir(b.Dir))
		if _, err := os.Stat(filepath.Join(pkg, "native/pg-symlinks.json")); err != nil {
			continue
		}
		bare := folder(t)
		require.NoError(t, os.CopyFS(bare, os.DirFS(pkg)))
		removed := 0
		require.NoError(t, filepath.WalkDir(bare, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Type()&fs.ModeSymlink == 0 {
				return err
			}
			removed++
			return os.Remove(path)
		}))
		require.Positive(t, removed)
		got, err := inspect(filepath.Join(bare, "native/bin"))
		require.NoError(t, err)
		require.Equal(t, b.Major, got.Major)
		return
	}
	t.Skip("no npm package is installed")
}

func TestLinksOutsideOfThePackageAreRefused(t *testing.T) {
	t.Parallel()
	native := t.TempDir()
	list := `[{"source":"native/lib/a","target":"../../elsewhere"}]`
	require.NoError(t, os.WriteFile(filepath.Join(native, "pg-symlinks.json"), []byte(list), 0o600))
	require.ErrorContains(t, completeLinks(native), "points outside of its package")
}

func TestChoose(t *testing.T) {
	t.Parallel()
	found := []Binary{{15, "/a"}, {18, "/b"}}
	for want, major := range map[Binary]int{found[0]: 0, found[1]: 18} {
		got, err := choose(found, major)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := choose(found, 17)
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrNoBinaries)
}

func TestFolderStaysOurs(t *testing.T) {
	t.Parallel()
	if !host.IsRoot() {
		t.Skip("only root runs the server as another user")
	}
	home := filepath.Join(folder(t), "pg")
	s := start(t, Options{Dir: home, BinDir: anyBinary(t).Dir})
	owner := func(name string) uint32 {
		info, err := os.Lstat(filepath.Join(home, name))
		require.NoError(t, err)
		return info.Sys().(*syscall.Stat_t).Uid
	}
	for _, name := range []string{".", "lock", "port", "server.log"} {
		require.Zero(t, owner(name), name)
	}
	require.Equal(t, s.cluster.user.UID, owner("data"))
}
