//go:build !unix

package host

import (
	"errors"
	"os"
	"syscall"
)

var errUnsupported = errors.New("the embedded servers need Linux or macOS; " +
	"set TEMPORAL_ADDRESS and SEVER_DATABASE_URL to running servers instead")

func attributes(Command) (*syscall.SysProcAttr, error) { return nil, errUnsupported }

// Alive tells whether a process with this id exists.
func Alive(int) bool { return false }

// CommandLine returns the words a process was started with. ok is false when they cannot be known.
func CommandLine(int) (words []string, ok bool) { return nil, false }

func signal(int, syscall.Signal) error      { return errUnsupported }
func signalGroup(int, syscall.Signal) error { return errUnsupported }
func flock(*os.File) error                  { return errUnsupported }
