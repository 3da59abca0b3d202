// Package migrations holds the schema of our own database as numbered pairs of SQL
// files. A pair that was released never changes; a change is a new pair.
//
// Each file is one transaction. An up file ends by taking back the mark "dirty"
// that golang-migrate sets before it, so that the mark and the schema agree
// whatever is killed when.
//
// Every statement runs with the schema sever as its only search path, as the role
// that owns the database. Rights of the application are not given here but by
// store.Migrate, which knows the name of its role.
package migrations

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
)

// Files are the SQL files, named as golang-migrate expects them.
//
//go:embed *.sql
var Files embed.FS

// Latest is the number of the last migration: the schema that this program speaks.
func Latest() int {
	entries, err := Files.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("migrations: %v", err)) // embedded; it cannot fail
	}
	number, _, _ := strings.Cut(entries[len(entries)-1].Name(), "_")
	n, err := strconv.Atoi(number)
	if err != nil {
		panic(fmt.Sprintf("migrations: %v", err))
	}
	return n
}
