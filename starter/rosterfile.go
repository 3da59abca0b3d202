package main

import (
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
)

// rosterSheet is a file of a whole roster.
var rosterSheet = sheet{columns: []string{"principal", "login", "name", "email", "status"}, required: 1, attributes: true}

// rosterReader reads one roster.
type rosterReader struct {
	mistakes
	lines map[access.PrincipalID]int
	out   []store.Entry
}

// readRoster reads CSV with a header line, or JSON: a list of objects, or an object
// with the list "principals". Everybody may be there once.
func readRoster(text document, source string) ([]store.Entry, []problem) {
	r := rosterReader{lines: map[access.PrincipalID]int{}}
	if !isJSON(source, text) {
		r.readCSV(text.reader(), rosterSheet, r.entry)
		return r.out, r.problems
	}
	if v, ok := r.readJSON(text); ok {
		lists := r.lists(v, "principals", "principals")
		people, there := lists["principals"]
		switch {
		case there:
			r.objects(people, rosterSheet, r.entry)
		case len(r.problems) == 0:
			r.problemf(v.line, v.column, "", `the list "principals" is missing`)
		}
	}
	return r.out, r.problems
}

// entry takes one person, or says everything that is wrong with the line.
func (r *rosterReader) entry(e entry) {
	ok := r.valid(e, rosterSheet, func(column, value string) error {
		if column == "status" && value != "active" && value != "left" {
			return fmt.Errorf("it is %q: write active or left", value)
		}
		return nil
	})
	status, said := e.cells["status"]
	if said && status.text == "" {
		r.problemf(status.line, status.column, "status", "it is empty: write active or left")
	}
	p := store.Entry{Attributes: r.attributesOf(e), Left: status.text == "left", Principal: access.Principal{
		ID: access.PrincipalID(e.text("principal")), Login: e.text("login"), Name: e.text("name"), Email: e.text("email")}}
	if !ok {
		return
	}
	if first, twice := r.lines[p.ID]; twice {
		c := e.cells["principal"]
		r.problemf(c.line, c.column, "principal", "%s is there twice, first in line %d", p.ID, first)
		return
	}
	r.lines[p.ID] = e.line
	r.out = append(r.out, p)
}
