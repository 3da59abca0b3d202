package mysql

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	// errUnknownServer says that we do not know the grant tables of this server.
	errUnknownServer = errors.New("the server is not one that I know")
	// errNoLock is errUnknownServer of MariaDB before 10.4.
	errNoLock = fmt.Errorf("%w: MariaDB before 10.4 has no ACCOUNT LOCK, so that nothing but another password would contain an account, which cannot be undone", errUnknownServer)
)

// release is what a server says that it is.
type release struct {
	mariadb      bool
	major, minor int
}

var versionNumbers = regexp.MustCompile(`^(?:5\.5\.5-)?(\d+)\.(\d+)`)

// released reads a version, such as 10.11.19-MariaDB-0+deb12u1.
func released(version string) (r release, ok bool) {
	m := versionNumbers.FindStringSubmatch(version)
	if m == nil {
		return release{}, false
	}
	r.mariadb = strings.Contains(strings.ToLower(version), "mariadb")
	r.major, _ = strconv.Atoi(m[1])
	r.minor, _ = strconv.Atoi(m[2])
	return r, true
}

// since reports whether it is that version or a later one.
func (r release) since(major, minor int) bool {
	return r.major > major || (r.major == major && r.minor >= minor)
}

// known says which server it is, or why it is not one that we know. MariaDB 10.4 brought
// ACCOUNT LOCK and mysql.global_priv.
func (s *Server) known(version string) (release, error) {
	switch r, ok := released(version); {
	case ok && r.mariadb && r.since(10, 4):
		return r, nil
	case ok && r.mariadb:
		return r, fmt.Errorf("%w; this one is %s", errNoLock, version)
	case ok && r.since(8, 0) && s.cfg.MySQL8 == unverified:
		return r, nil
	case ok && r.since(8, 0):
		return r, fmt.Errorf("%w: it says that it is %s; MySQL is known from its manual only, and what Sever does there was never seen on a real server: "+
			"%sMYSQL8=%s accepts that", errUnknownServer, version, s.prefix, unverified)
	}
	return release{}, fmt.Errorf("%w: it says that it is %q, and only MariaDB from 10.4 on is known", errUnknownServer, version)
}

// instead is what a person can do on a server that we do not know.
func (s *Server) instead(err error) string {
	if errors.Is(err, errNoLock) {
		return "upgrade the server to MariaDB 10.4 or later; until then by hand: SET PASSWORD FOR name@host = '*' and 40 random hexadecimal digits, " +
			"KILL CONNECTION for each session, REVOKE ALL PRIVILEGES, GRANT OPTION FROM name@host, DROP USER"
	}
	return fmt.Sprintf("point the URL at MariaDB from 10.4 on, or at MySQL from 8.0.16 on with %sMYSQL8=%s, after a try on a copy", s.prefix, unverified)
}
