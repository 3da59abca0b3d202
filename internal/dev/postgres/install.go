package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// runnable returns a folder of the installation b that user u can run: b's own or, when that lies where
// the user may not go, such as in root's home, a copy in ours.
func runnable(ctx context.Context, b Binary, home string, u *host.User) (dir string, err error) {
	if u == nil {
		return b.Dir, nil // we have run it already, to see its version
	}
	if _, err := version(ctx, b.Dir, u); err == nil {
		return b.Dir, nil
	}
	install := filepath.Join(home, "install")
	dir = filepath.Join(install, filepath.Base(b.Dir))
	if have, err := version(ctx, dir, u); err == nil && have == b.Major {
		return dir, nil
	}
	if err := copyInstall(filepath.Dir(b.Dir), install); err != nil {
		return "", fmt.Errorf("copy %v to %s, because user %s cannot run it where it is: %w", b, home, u.Name, err)
	}
	if _, err := version(ctx, dir, u); err != nil {
		return "", fmt.Errorf("%v cannot be run by user %s, and a copy of it neither (%w): "+
			"install PostgreSQL where that user can reach it, or do not run Sever as root", b, u.Name, err)
	}
	return dir, nil
}

// copyInstall copies aside and renames, so that there is never half an installation. The copy stays ours;
// others may read and run it, whatever our umask is.
func copyInstall(from, to string) error {
	aside := to + ".new"
	if err := errors.Join(os.RemoveAll(aside), os.RemoveAll(to)); err != nil {
		return err
	}
	if err := os.CopyFS(aside, os.DirFS(from)); err != nil {
		return err
	}
	err := filepath.WalkDir(aside, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if d.IsDir() || info.Mode()&0o111 != 0 {
			mode = 0o755
		}
		return os.Chmod(path, mode)
	})
	if err != nil {
		return err
	}
	return os.Rename(aside, to)
}
