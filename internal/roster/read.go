package roster

import (
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sheet"
	"github.com/severhq/sever/internal/store"
)

// form is that of a whole roster.
var form = sheet.Sheet{Columns: []string{"principal", "login", "name", "email", "status"}, Required: 1, Attributes: true}

// reader reads one roster.
type reader struct {
	sheet.Mistakes
	lines map[access.PrincipalID]int
	out   []store.Entry
}

// Read reads CSV with a header line, or JSON: a list of objects, or an object
// with the list "principals". Everybody may be there once.
func Read(text []byte, source string) ([]store.Entry, []sheet.Problem) {
	r := reader{lines: map[access.PrincipalID]int{}}
	r.ReadList(text, source, form, "principals", r.entry)
	return r.out, r.Problems
}

// entry takes one person, or says everything that is wrong with the line.
func (r *reader) entry(e sheet.Entry) {
	ok := r.Valid(e, form, func(column, value string) error {
		if column == "status" && value != "active" && value != "left" {
			return fmt.Errorf("it is %q: write active or left", value)
		}
		return nil
	})
	status, said := e.Cells["status"]
	if said && status.Text == "" {
		r.Problemf(status.Line, status.Column, "status", "it is empty: write active or left")
	}
	p := store.Entry{Attributes: r.AttributesOf(e), Left: status.Text == "left", Principal: access.Principal{
		ID: access.PrincipalID(e.Text("principal")), Login: e.Text("login"), Name: e.Text("name"), Email: e.Text("email")}}
	if !ok {
		return
	}
	if first, twice := r.lines[p.ID]; twice {
		c := e.Cells["principal"]
		r.Problemf(c.Line, c.Column, "principal", "%s is there twice, first in line %d", p.ID, first)
		return
	}
	r.lines[p.ID] = e.Line
	r.out = append(r.out, p)
}
