//go:build unix && !linux

package host

import "syscall"

// setDeathSignal does nothing: only Linux can end a child with its parent.
func setDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}

// CommandLine returns the words a process was started with. ok is false when they cannot be known.
func CommandLine(int) (words []string, ok bool) { return nil, false }
