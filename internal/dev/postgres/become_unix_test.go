//go:build unix

package postgres

import (
	"os/exec"
	"syscall"

	"github.com/severhq/sever/internal/dev/stack/host"
)

// become makes the command run as another user.
func become(cmd *exec.Cmd, u *host.User) {
	if u != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: u.UID, Gid: u.GID}}
	}
}
