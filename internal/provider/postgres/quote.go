package postgres

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// longest is how many bytes of a name PostgreSQL keeps. It cuts the rest off
// without a word, and then the name of one role can address another.
const longest = 63

// checkName refuses what no role or database can be called.
func checkName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%s: the name is empty", what)
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("%s: the name holds a zero byte", what)
	case len(name) > longest:
		return fmt.Errorf("%s: the name has %d bytes, PostgreSQL would cut it to %d and address another", what, len(name), longest)
	}
	return nil
}

// quote is a name as it must stand in SQL.
func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal is a text as it must stand in SQL. A backslash means itself in it,
// whatever standard_conforming_strings says.
func literal(text string) string {
	s := strings.ReplaceAll(text, "'", "''")
	if strings.Contains(s, `\`) {
		return `E'` + strings.ReplaceAll(s, `\`, `\\`) + `'`
	}
	return `'` + s + `'`
}

// readable is a name as psql would show it: quoted only where it must be.
func readable(name string) string {
	plain := name != ""
	for i, r := range name {
		lower := r == '_' || (r >= 'a' && r <= 'z')
		if !lower && (i == 0 || (r < '0' || r > '9')) {
			plain = false
		}
	}
	if plain {
		return name
	}
	return quote(name)
}

var errNotReadable = errors.New("is not a name as Look writes it")

// cutName reads one name that readable wrote from the front of text.
func cutName(text string) (name, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		name, rest, _ = strings.Cut(text, " ")
		if name == "" || readable(name) != name {
			return "", "", errNotReadable
		}
		return name, rest, nil
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == 0: // no role has it in its name, and quote would leave it out
			return "", "", errNotReadable
		case text[i] != '"':
			b.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == '"':
			b.WriteByte('"')
			i++
		default:
			return b.String(), strings.TrimPrefix(text[i+1:], " "), nil
		}
	}
	return "", "", errNotReadable
}
