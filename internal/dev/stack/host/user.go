package host

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// User is an account of the machine.
type User struct {
	Name     string
	UID, GID uint32
}

// IsRoot tells whether this process may become any other user.
func IsRoot() bool { return os.Geteuid() == 0 }

// FirstUser returns the first of the named accounts that exists.
func FirstUser(names ...string) (*User, error) {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &User{Name: name, UID: uint32(uid), GID: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("there is no user %s on this machine", strings.Join(names, " or "))
}
