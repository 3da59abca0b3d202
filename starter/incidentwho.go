package main

import (
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/sheet"
)

// meant are the principals whom an incident is about, and where each was named.
type meant struct {
	ids   []access.PrincipalID // once each
	where map[access.PrincipalID]string
}

// add names a principal. The first place where that happens is kept.
func (m *meant) add(who access.PrincipalID, where string) {
	if m.where == nil {
		m.where = map[access.PrincipalID]string{}
	}
	if _, twice := m.where[who]; twice {
		return
	}
	m.where[who] = where
	m.ids = append(m.ids, who)
}

// origin is where a principal was named, for the end of a line.
func (m meant) origin(who access.PrincipalID) string {
	if m.where[who] == "" {
		return ""
	}
	return " (" + m.where[who] + ")"
}

// named reads who is named on the command line and in the file.
func (a *app) named(s strike) (meant, error) {
	var m meant
	for _, who := range s.people {
		m.add(access.PrincipalID(who), "")
	}
	if s.file == "" {
		if len(s.people)+len(s.accounts) == 0 {
			return m, desk.Invalidf("nobody is named").Then("name people by their ids, by a file (--file), or by an account (--account): sever incident --help")
		}
		return m, nil
	}
	text, source, err := a.readInput(s.file)
	if err != nil {
		return m, err
	}
	people, problems := readPeople(text, source)
	if len(problems) > 0 {
		return m, sheet.Broken(s.file, problems, "nothing was started")
	}
	if len(people) == 0 {
		return m, desk.Invalidf("%s names nobody, nothing was started", source)
	}
	for _, p := range people {
		m.add(p.id, fmt.Sprintf("%s, line %d", source, p.line))
	}
	return m, nil
}

// namedPerson is a line of a file of people.
type namedPerson struct {
	id   access.PrincipalID
	line int
}

// peopleReader reads one file of people.
type peopleReader struct {
	sheet.Mistakes
	out []namedPerson
}

// readPeople reads CSV with a header line, or JSON: a list of objects, or an object with
// the list "principals". What a line says beside the principal is checked, and not used.
func readPeople(text document, source string) ([]namedPerson, []problem) {
	var r peopleReader
	r.ReadList(text, source, peopleSheet, "principals", r.person)
	return r.out, r.Problems
}

func (r *peopleReader) person(e sheet.Entry) {
	if r.Valid(e, peopleSheet, nil) {
		r.out = append(r.out, namedPerson{access.PrincipalID(e.Text("principal")), e.Line})
	}
}

// absent is the refusal of an incident because of those whose access cannot be ended.
func (m meant) absent(list []desk.Absence) error {
	const most = 20
	f := desk.Failf(list[0].Why.Kind, "the access of %s cannot be ended, nothing was started", plural(len(list), "person", "people"))
	for i, x := range list {
		if i == most {
			f.Err = fmt.Errorf("%w\n  ... and %d more", f.Err, len(list)-most)
			break
		}
		f.Err = fmt.Errorf("%w\n  %s%s: %w", f.Err, x.Principal, m.origin(x.Principal), x.Why)
	}
	f.Next = list[0].Why.Next
	return f.Then("or go on without them, and look after them yourself: --partial")
}

func (m meant) absentLines(list []desk.Absence) []absentLine {
	out := []absentLine{}
	for _, x := range list {
		out = append(out, absentLine{x.Principal, m.where[x.Principal], x.Why.Error()})
	}
	return out
}
