package main

import (
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sheet"
)

// identitySheet is a file of identities. people is the part of its JSON form that
// describes principals without an account.
var (
	identitySheet = sheet.Sheet{Columns: []string{"principal", "connection", "account", "host", "login", "name", "email"}, Required: 3}
	peopleSheet   = sheet.Sheet{Columns: []string{"principal", "login", "name", "email"}, Required: 1}
)

// identityFile is what a file says: people, and which accounts are theirs.
type identityFile struct {
	People     []access.Principal
	Identities []access.Identity
}

// identityReader reads one file.
type identityReader struct {
	sheet.Mistakes
	source string
	known  func(string) error
	people map[access.PrincipalID]sighting
	links  map[access.Identity]bool
	out    identityFile
}

// sighting is where a person was first described.
type sighting struct {
	index int // in out.People
	line  int
}

// readIdentities reads CSV with a header line, or JSON: a list of objects with the same
// fields, or an object with the lists "principals" and "identities". known says what is
// wrong with the name of a connection.
func readIdentities(text document, source string, known func(string) error) (identityFile, []problem) {
	r := identityReader{source: source, known: known, people: map[access.PrincipalID]sighting{}, links: map[access.Identity]bool{}}
	if !sheet.IsJSON(source, text) {
		r.ReadCSV(text, identitySheet, r.identity)
		return r.out, r.Problems
	}
	if v, ok := r.ReadJSON(text); ok {
		lists := r.Lists(v, "identities", "principals", "identities")
		if people, there := lists["principals"]; there {
			r.Objects(people, peopleSheet, r.person)
		}
		if links, there := lists["identities"]; there {
			r.Objects(links, identitySheet, r.identity)
		}
	}
	return r.out, r.Problems
}

// identity takes one line, or says everything that is wrong with it.
func (r *identityReader) identity(e sheet.Entry) {
	if !r.Valid(e, identitySheet, func(column, value string) error {
		if column == "connection" && r.known != nil {
			return r.known(value)
		}
		return nil
	}) {
		return
	}
	r.describe(e)
	id := access.Identity{Principal: access.PrincipalID(e.Text("principal")), Connection: e.Text("connection"), Account: e.Text("account"), Host: e.Text("host"),
		Evidence: access.Imported, Source: r.source}
	if !r.links[id] {
		r.links[id] = true
		r.out.Identities = append(r.out.Identities, id)
	}
}

func (r *identityReader) person(e sheet.Entry) {
	if r.Valid(e, peopleSheet, nil) {
		r.describe(e)
	}
}

// describe takes what an entry says about its principal. Entries about the same one may
// leave things out, and may not contradict each other.
func (r *identityReader) describe(e sheet.Entry) {
	p := access.Principal{ID: access.PrincipalID(e.Text("principal")), Login: e.Text("login"), Name: e.Text("name"), Email: e.Text("email")}
	s, seen := r.people[p.ID]
	if !seen {
		r.people[p.ID] = sighting{len(r.out.People), e.Line}
		r.out.People = append(r.out.People, p)
		return
	}
	was := &r.out.People[s.index]
	for _, f := range []struct {
		name string
		old  *string
		new  string
	}{{"login", &was.Login, p.Login}, {"name", &was.Name, p.Name}, {"email", &was.Email, p.Email}} {
		switch {
		case *f.old == "":
			*f.old = f.new
		case f.new != "" && f.new != *f.old:
			c := e.Cells[f.name]
			r.Problemf(c.Line, c.Column, f.name, "%q contradicts line %d, where %s of %s is %q", f.new, s.line, f.name, p.ID, *f.old)
		}
	}
}
