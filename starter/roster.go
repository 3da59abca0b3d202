package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// columns are those that a roster file may have, the required ones first.
var columns = []string{"principal", "connection", "account", "host", "login", "name", "email"}

const required = 3

// roster is what a file says: people, and which accounts are theirs.
type roster struct {
	People     []access.Principal
	Identities []access.Identity
}

// problem is one mistake in a file, and where it is.
type problem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"` // the byte within the line at which the field begins, from 1
	Field  string `json:"field,omitempty"`
	What   string `json:"what"`
}

func (p problem) String() string {
	at := fmt.Sprintf("line %d, column %d", p.Line, p.Column)
	if p.Field != "" {
		at += " (" + p.Field + ")"
	}
	return at + ": " + p.What
}

// readRoster reads CSV with a header line. It reads on after a mistake, so that all
// are told at once; a file with mistakes counts for nothing. known says what is
// wrong with the name of a connection.
func readRoster(in io.Reader, source string, known func(string) error) (roster, []problem) {
	r := reader{csv: csv.NewReader(withoutMark(in)), source: source, known: known, people: map[access.PrincipalID]sighting{}, links: map[access.Identity]bool{}}
	r.csv.FieldsPerRecord = -1 // counted here, with a better message
	r.csv.ReuseRecord = true
	if r.header() {
		r.rows()
	}
	return r.out, r.problems
}

// withoutMark drops the byte order mark that spreadsheets write.
func withoutMark(in io.Reader) io.Reader {
	b := bufio.NewReader(in)
	if start, _ := b.Peek(3); bytes.Equal(start, []byte("\xEF\xBB\xBF")) {
		_, _ = b.Discard(3)
	}
	return b
}

// reader reads one file.
type reader struct {
	csv      *csv.Reader
	source   string
	known    func(string) error
	at       map[string]int // column by name
	wide     int            // columns of the header
	people   map[access.PrincipalID]sighting
	links    map[access.Identity]bool
	out      roster
	problems []problem
}

// sighting is where a person was first described.
type sighting struct {
	index int // in out.People
	line  int
}

func (r *reader) problemf(line, column int, field, format string, args ...any) {
	r.problems = append(r.problems, problem{line, column, field, fmt.Sprintf(format, args...)})
}

// broken tells what the CSV reader could not read; after that nothing is certain.
func (r *reader) broken(err error) {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		r.problemf(e.Line, e.Column, "", "%v", e.Err)
		return
	}
	line, _ := r.csv.FieldPos(0)
	r.problemf(line, 1, "", "%v", err)
}

func (r *reader) header() bool {
	fields, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		r.problemf(1, 1, "", "the file is empty; it begins with: %s", strings.Join(columns[:required], ","))
		return false
	}
	if err != nil {
		r.problems = append(r.problems, headerProblem(err))
		return false
	}
	r.at, r.wide = map[string]int{}, len(fields)
	for i, name := range fields {
		line, column := r.csv.FieldPos(i)
		name = strings.ToLower(strings.TrimSpace(name))
		switch _, twice := r.at[name]; {
		case !slices.Contains(columns, name):
			r.problemf(line, column, "", "there is no column %q; there are: %s", name, strings.Join(columns, ", "))
		case twice:
			r.problemf(line, column, "", "the column %q is there twice", name)
		}
		r.at[name] = i
	}
	for _, name := range columns[:required] {
		if _, ok := r.at[name]; !ok {
			r.problemf(1, 1, "", "the column %q is missing from the header", name)
		}
	}
	return len(r.problems) == 0
}

func headerProblem(err error) problem {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return problem{Line: e.Line, Column: e.Column, What: e.Err.Error()}
	}
	return problem{Line: 1, Column: 1, What: err.Error()}
}

func (r *reader) rows() {
	for {
		fields, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.broken(err)
			return
		}
		line, _ := r.csv.FieldPos(0)
		if len(fields) != r.wide {
			_, column := r.csv.FieldPos(len(fields) - 1)
			r.problemf(line, column, "", "the header has %s and this line has %d", plural(r.wide, "column", "columns"), len(fields))
			continue
		}
		r.row(fields, line)
	}
}

// row takes one line, or says everything that is wrong with it.
func (r *reader) row(fields []string, line int) {
	before := len(r.problems)
	get := func(name string) string {
		i, ok := r.at[name]
		if !ok {
			return ""
		}
		return strings.Clone(fields[i])
	}
	for i, name := range columns {
		value, limit := get(name), maxName
		if name == "principal" {
			limit = maxPrincipal
		}
		if value == "" && i >= required {
			continue
		}
		err := validText("it", value, limit)
		if err == nil && name == "connection" && r.known != nil {
			err = r.known(value)
		}
		if err != nil {
			at, column := r.csv.FieldPos(r.at[name])
			r.problemf(at, column, name, "%v", err)
		}
	}
	if len(r.problems) > before {
		return
	}
	r.person(access.Principal{ID: access.PrincipalID(get("principal")), Login: get("login"), Name: get("name"), Email: get("email")}, line)
	id := access.Identity{Principal: access.PrincipalID(get("principal")), Connection: get("connection"), Account: get("account"), Host: get("host"),
		Evidence: access.Imported, Source: r.source}
	if !r.links[id] {
		r.links[id] = true
		r.out.Identities = append(r.out.Identities, id)
	}
}

// person describes a principal. Lines about the same one may leave things out, and
// may not contradict each other.
func (r *reader) person(p access.Principal, line int) {
	s, seen := r.people[p.ID]
	if !seen {
		r.people[p.ID] = sighting{len(r.out.People), line}
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
			at, column := r.csv.FieldPos(r.at[f.name])
			r.problemf(at, column, f.name, "%q contradicts line %d, where %s of %s is %q", f.new, s.line, f.name, p.ID, *f.old)
		}
	}
}
