package main

import (
	"github.com/severhq/sever/internal/sheet"
	"github.com/severhq/sever/internal/store"
)

// secretSheet is a file of shared secrets: who could know which, who rotates it, and how.
// There is no column for a value, and there never will be.
var secretSheet = sheet.Sheet{Columns: []string{"principal", "secret", "owner", "how"}, Required: 3}

// secretReader reads one file.
type secretReader struct {
	sheet.Mistakes
	lines map[secretName]int
	out   []store.SharedSecret
}

type secretName struct{ principal, secret string }

// readSecrets reads CSV with a header line, or JSON: a list of objects with the same
// fields, or an object with the list "secrets". Each secret of a principal may be there
// once.
func readSecrets(text document, source string) ([]store.SharedSecret, []problem) {
	r := secretReader{lines: map[secretName]int{}}
	r.ReadList(text, source, secretSheet, "secrets", r.secret)
	return r.out, r.Problems
}

// secret takes one entry, or says everything that is wrong with it.
func (r *secretReader) secret(e sheet.Entry) {
	if !r.Valid(e, secretSheet, nil) {
		return
	}
	name := secretName{e.Text("principal"), e.Text("secret")}
	if first, twice := r.lines[name]; twice {
		c := e.Cells["secret"]
		r.Problemf(c.Line, c.Column, "secret", "%q of %s is there twice, first in line %d", name.secret, name.principal, first)
		return
	}
	r.lines[name] = e.Line
	r.out = append(r.out, secretOf(e))
}
