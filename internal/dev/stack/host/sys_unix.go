//go:build unix

package host

import (
	"errors"
	"os"
	"syscall"
)

// attributes says how the kernel shall start the child.
func attributes(c Command) (*syscall.SysProcAttr, error) {
	a := &syscall.SysProcAttr{Setpgid: true}
	if c.User != nil {
		a.Credential = &syscall.Credential{Uid: c.User.UID, Gid: c.User.GID}
	}
	setDeathSignal(a, c.DeathSignal)
	return a, nil
}

// Alive tells whether a process with this id exists.
func Alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func signal(pid int, s syscall.Signal) error {
	err := syscall.Kill(pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// signalGroup reaches everything the process started, unless it moved away on purpose.
func signalGroup(pid int, s syscall.Signal) error { return signal(-pid, s) }

// flock takes the lock or says at once that somebody has it.
func flock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}
