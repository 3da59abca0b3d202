package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/desk"
)

// sheet says what the lines of a file may have. The same lines come as CSV with a
// header, or as JSON objects.
type sheet struct {
	columns    []string // the required ones first
	required   int
	attributes bool // any column attr.<name> too; in JSON an object "attributes"
}

// entry is one line of a CSV file, or one object of a JSON file.
type entry struct {
	line, column int
	cells        map[string]cell // by column; what the file does not have is not there
}

// cell is a value and where it stands.
type cell struct {
	text         string
	line, column int
}

func (e entry) text(column string) string { return e.cells[column].text }

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

// mistakes are all that is wrong with a file: a reader reads on after one, so that
// all are told at once. A file with mistakes counts for nothing.
type mistakes struct{ problems []problem }

func (m *mistakes) problemf(line, column int, field, format string, args ...any) {
	m.problems = append(m.problems, problem{line, column, field, fmt.Sprintf(format, args...)})
}

// isJSON decides by the name of a file, else by how its text begins.
func isJSON(name string, text document) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".json":
		return true
	case ".csv":
		return false
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(text, mark), " \t\r\n")
	return bytes.HasPrefix(start, []byte("{")) || bytes.HasPrefix(start, []byte("["))
}

// mark is the byte order mark that spreadsheets write.
var mark = []byte("\xEF\xBB\xBF")

func withoutMark(in io.Reader) io.Reader {
	b := bufio.NewReader(in)
	if start, _ := b.Peek(len(mark)); bytes.Equal(start, mark) {
		_, _ = b.Discard(len(mark))
	}
	return b
}

// csvReader reads one file.
type csvReader struct {
	*mistakes
	sheet
	csv  *csv.Reader
	at   map[string]int // column by name
	wide int            // columns of the header
}

// readCSV reads lines below a header, and hands each to take.
func (m *mistakes) readCSV(in io.Reader, s sheet, take func(entry)) {
	r := csvReader{mistakes: m, sheet: s, csv: csv.NewReader(withoutMark(in)), at: map[string]int{}}
	r.csv.FieldsPerRecord = -1 // counted here, with a better message
	r.csv.ReuseRecord = true
	if r.header() {
		r.rows(take)
	}
}

// broken tells what the CSV reader could not read; after that nothing is certain.
func (r *csvReader) broken(err error) {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		r.problemf(e.Line, e.Column, "", "%v", e.Err)
		return
	}
	r.problemf(1, 1, "", "%v", err) // the text is in memory: reading it does not fail
}

func (r *csvReader) header() bool {
	fields, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		r.problemf(1, 1, "", "the file is empty; it begins with: %s", strings.Join(r.columns[:r.required], ","))
		return false
	}
	if err != nil {
		r.broken(err)
		return false
	}
	r.wide = len(fields)
	for i, name := range fields {
		line, column := r.csv.FieldPos(i)
		name = r.canonical(name)
		attribute, is := strings.CutPrefix(name, attributePrefix)
		_, twice := r.at[name]
		switch {
		case twice:
			r.problemf(line, column, "", "the column %q is there twice", name)
		case is && r.attributes:
			r.attribute(attribute, line, column)
		case !slices.Contains(r.columns, name):
			r.problemf(line, column, "", "there is no column %q; there are: %s", name, r.known())
		}
		r.at[name] = i
	}
	for _, name := range r.columns[:r.required] {
		if _, ok := r.at[name]; !ok {
			r.problemf(1, 1, "", "the column %q is missing from the header", name)
		}
	}
	return len(r.problems) == 0
}

// canonical is the name of a column as we write it. Attributes keep their letters.
func (s sheet) canonical(name string) string {
	name = strings.TrimSpace(name)
	if n := len(attributePrefix); s.attributes && len(name) > n && strings.EqualFold(name[:n], attributePrefix) {
		return attributePrefix + name[n:]
	}
	return strings.ToLower(name)
}

func (s sheet) known() string {
	words := strings.Join(s.columns, ", ")
	if s.attributes {
		words += ", " + attributePrefix + "<name>"
	}
	return words
}

func (r *csvReader) rows(take func(entry)) {
	for {
		fields, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.broken(err)
			return
		}
		line, column := r.csv.FieldPos(0)
		if len(fields) != r.wide {
			_, column := r.csv.FieldPos(len(fields) - 1)
			r.problemf(line, column, "", "the header has %s and this line has %d", plural(r.wide, "column", "columns"), len(fields))
			continue
		}
		e := entry{line, column, map[string]cell{}}
		for name, i := range r.at {
			line, column := r.csv.FieldPos(i)
			e.cells[name] = cell{strings.Clone(fields[i]), line, column}
		}
		take(e)
	}
}

// valid says what is wrong with the values of an entry, column by column. check adds
// to what is asked of every value. Empty values are only wrong where they are required.
func (m *mistakes) valid(e entry, s sheet, check func(column, value string) error) bool {
	before := len(m.problems)
	for i, name := range s.columns {
		c, limit := e.cells[name], desk.MaxName
		if name == "principal" {
			limit = desk.MaxPrincipal
		}
		if c.text == "" && i >= s.required {
			continue
		}
		err := desk.ValidText("it", c.text, limit)
		if err == nil && check != nil {
			err = check(name, c.text)
		}
		if err != nil {
			m.problemf(c.line, c.column, name, "%v", err)
		}
	}
	return len(m.problems) == before
}

// badFile is every problem of a file that was to be imported.
func badFile(path string, problems []problem) *desk.Error {
	return brokenFile(path, problems, "nothing was imported")
}

// brokenFile is every problem of a file, and what did not happen for it.
func brokenFile(path string, problems []problem, so string) *desk.Error {
	const most = 20
	f := desk.Invalidf("%s: %s, %s", path, plural(len(problems), "mistake", "mistakes"), so)
	for i, p := range problems {
		if i == most {
			f.Err = fmt.Errorf("%w\n  ... and %d more", f.Err, len(problems)-most)
			break
		}
		f.Err = fmt.Errorf("%w\n  %s", f.Err, p)
	}
	return f
}
