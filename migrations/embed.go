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
	all := numbers()
	return all[len(all)-1]
}

// Before is the number of the migration before this one; 0 if it is the first.
func Before(number int) int {
	last := 0
	for _, n := range numbers() {
		if n < number {
			last = n
		}
	}
	return last
}

// numbers are those of all files, in their order.
func numbers() []int {
	entries, err := Files.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("migrations: %v", err)) // embedded; it cannot fail
	}
	out := make([]int, len(entries))
	for i, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		if out[i], err = strconv.Atoi(number); err != nil {
			panic(fmt.Sprintf("migrations: %v", err))
		}
	}
	return out
}
