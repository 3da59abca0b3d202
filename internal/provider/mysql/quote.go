package mysql

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/severhq/sever/internal/access"
)

// longest is how many characters the server keeps of a user name and of any other.
const longest = 128

// checkName refuses what no account or database can be called. The server cuts spaces
// off the end of a name in a statement, which then addresses another.
func checkName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s: the name is empty", what)
	case !utf8.ValidString(name), strings.ContainsRune(name, 0):
		return fmt.Errorf("%s: the name is no text that the server can hold", what)
	case utf8.RuneCountInString(name) > longest:
		return fmt.Errorf("%s: the name has more than %d characters", what, longest)
	case strings.TrimRight(name, " ") != name:
		return fmt.Errorf("%s: the name ends with a space, which the server cuts off and so addresses another", what)
	}
	return nil
}

// checkRef refuses what cannot be one account. An account without a host is no account
// of a person: roles have none.
func checkRef(ref access.Ref) error {
	if err := checkName("account", ref.Name); err != nil {
		return err
	}
	if ref.Host == "" {
		return errors.New("account: the host is missing; an account is name@host")
	}
	return checkName("host", ref.Host)
}

// quote is a name as it must stand in SQL. It fits user names and hosts as well, in
// every sql_mode.
func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// literal is a text as it must stand in SQL under our sql_mode.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// sql is the account or role as it must stand in SQL.
func (i identity) sql() string {
	if i.Host == "" {
		return quote(i.User)
	}
	return quote(i.User) + "@" + quote(i.Host)
}

// String is the account as a person would write it.
func (i identity) String() string {
	if i.Host == "" {
		return readable(i.User)
	}
	return readable(i.User) + "@" + i.Host
}

// readable is a name quoted only where it must be.
func readable(name string) string {
	odd := func(r rune) bool {
		letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9')
		return !letter && !strings.ContainsRune("_$-.", r)
	}
	if name == "" || strings.ContainsFunc(name, odd) {
		return quote(name)
	}
	return name
}

func who(ref access.Ref) identity { return identity{ref.Name, ref.Host} }
