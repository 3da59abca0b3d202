package host

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// setDeathSignal makes the kernel send s to the child when the thread that started it ends.
func setDeathSignal(a *syscall.SysProcAttr, s syscall.Signal) { a.Pdeathsig = s }

// CommandLine returns the words a process was started with. ok is false when they cannot be known.
func CommandLine(pid int) (words []string, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return nil, false
	}
	return strings.Split(string(bytes.TrimRight(b, "\x00")), "\x00"), true
}
