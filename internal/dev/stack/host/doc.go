// Package host is what the embedded servers need of the machine: child processes that do not outlive
// this one, ports that stay the same, and locks on folders.
//
// A child is started in a process group of its own, so that Ctrl-C in a terminal reaches only us and we
// end the children in order. When this process dies without ending them, the kernel does it (Linux);
// elsewhere they stay, and the next start finds them by their locks and process ids.
//
// It works on Linux and, but for that last promise, on other Unix systems. On Windows it compiles, and
// starting a child says that it does not work there.
package host
