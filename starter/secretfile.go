package main

import "github.com/severhq/sever/internal/store"

// secretSheet is a file of shared secrets: who could know which, who rotates it, and how.
// There is no column for a value, and there never will be.
var secretSheet = sheet{columns: []string{"principal", "secret", "owner", "how"}, required: 3}

// secretReader reads one file.
type secretReader struct {
	mistakes
	lines map[secretName]int
	out   []store.SharedSecret
}

type secretName struct{ principal, secret string }

// readSecrets reads CSV with a header line, or JSON: a list of objects with the same
// fields, or an object with the list "secrets". Each secret of a principal may be there
// once.
func readSecrets(text document, source string) ([]store.SharedSecret, []problem) {
	r := secretReader{lines: map[secretName]int{}}
	if !isJSON(source, text) {
		r.readCSV(text.reader(), secretSheet, r.secret)
		return r.out, r.problems
	}
	if v, ok := r.readJSON(text); ok {
		list, there := r.lists(v, "secrets", "secrets")["secrets"]
		switch {
		case there:
			r.objects(list, secretSheet, r.secret)
		case len(r.problems) == 0:
			r.problemf(v.line, v.column, "", `the list "secrets" is missing`)
		}
	}
	return r.out, r.problems
}

// secret takes one entry, or says everything that is wrong with it.
func (r *secretReader) secret(e entry) {
	if !r.valid(e, secretSheet, nil) {
		return
	}
	name := secretName{e.text("principal"), e.text("secret")}
	if first, twice := r.lines[name]; twice {
		c := e.cells["secret"]
		r.problemf(c.line, c.column, "secret", "%q of %s is there twice, first in line %d", name.secret, name.principal, first)
		return
	}
	r.lines[name] = e.line
	r.out = append(r.out, secretOf(e))
}
