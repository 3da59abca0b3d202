// Package sheet reads the files that people bring: CSV with a header line, or JSON with
// the same fields. It says everything that is wrong with a file at once, and where; what
// the lines mean is for who reads them.
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
)

// Sheet says what the lines of a file may have. The same lines come as CSV with a
// header, or as JSON objects.
type Sheet struct {
	Columns    []string // the required ones first
	Required   int
	Attributes bool // any column attr.<name> too; in JSON an object "attributes"
}

// Entry is one line of a CSV file, or one object of a JSON file.
type Entry struct {
	Line, Column int
	Cells        map[string]Cell // by column; what the file does not have is not there
}

// Cell is a value and where it stands.
type Cell struct {
	Text         string
	Line, Column int
}

// Text is the value in a column; nothing when there is none.
func (e Entry) Text(column string) string { return e.Cells[column].Text }

// Problem is one mistake in a file, and where it is.
type Problem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"` // the byte within the line at which the field begins, from 1
	Field  string `json:"field,omitempty"`
	What   string `json:"what"`
}

func (p Problem) String() string {
	at := fmt.Sprintf("line %d, column %d", p.Line, p.Column)
	if p.Field != "" {
		at += " (" + p.Field + ")"
	}
	return at + ": " + p.What
}

// Mistakes are all that is wrong with a file: a reader reads on after one, so that
// all are told at once. A file with mistakes counts for nothing.
type Mistakes struct{ Problems []Problem }

// Problemf adds one.
func (m *Mistakes) Problemf(line, column int, field, format string, args ...any) {
	m.Problems = append(m.Problems, Problem{line, column, field, fmt.Sprintf(format, args...)})
}

// IsJSON decides by the name of a file, else by how its text begins.
func IsJSON(name string, text []byte) bool {
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

// csvReader reads one file.
type csvReader struct {
	*Mistakes
	Sheet
	csv  *csv.Reader
	at   map[string]int // column by name
	wide int            // columns of the header
}

// ReadCSV reads lines below a header, and hands each to take.
func (m *Mistakes) ReadCSV(text []byte, s Sheet, take func(Entry)) {
	r := csvReader{Mistakes: m, Sheet: s, csv: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, mark))), at: map[string]int{}}
	r.csv.FieldsPerRecord = -1 // counted here, with a better message
	r.csv.ReuseRecord = true
	if r.header() {
		r.rows(take)
	}
}

// broken tells what the CSV reader could not read; after that nothing is certain.
func (r *csvReader) broken(err error) {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		r.Problemf(e.Line, e.Column, "", "%v", e.Err)
		return
	}
	r.Problemf(1, 1, "", "%v", err) // the text is in memory: reading it does not fail
}

func (r *csvReader) header() bool {
	fields, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		r.Problemf(1, 1, "", "the file is empty; it begins with: %s", strings.Join(r.Columns[:r.Required], ","))
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
		attribute, is := strings.CutPrefix(name, AttributePrefix)
		_, twice := r.at[name]
		switch {
		case twice:
			r.Problemf(line, column, "", "the column %q is there twice", name)
		case is && r.Attributes:
			r.attribute(attribute, line, column)
		case !slices.Contains(r.Columns, name):
			r.Problemf(line, column, "", "there is no column %q; there are: %s", name, r.known())
		}
		r.at[name] = i
	}
	for _, name := range r.Columns[:r.Required] {
		if _, ok := r.at[name]; !ok {
			r.Problemf(1, 1, "", "the column %q is missing from the header", name)
		}
	}
	return len(r.Problems) == 0
}

// canonical is the name of a column as we write it. Attributes keep their letters.
func (s Sheet) canonical(name string) string {
	name = strings.TrimSpace(name)
	if n := len(AttributePrefix); s.Attributes && len(name) > n && strings.EqualFold(name[:n], AttributePrefix) {
		return AttributePrefix + name[n:]
	}
	return strings.ToLower(name)
}

func (s Sheet) known() string {
	words := strings.Join(s.Columns, ", ")
	if s.Attributes {
		words += ", " + AttributePrefix + "<name>"
	}
	return words
}

func (r *csvReader) rows(take func(Entry)) {
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
			r.Problemf(line, column, "", "the header has %s and this line has %d", access.Count(r.wide, "column"), len(fields))
			continue
		}
		e := Entry{line, column, map[string]Cell{}}
		for name, i := range r.at {
			line, column := r.csv.FieldPos(i)
			e.Cells[name] = Cell{strings.Clone(fields[i]), line, column}
		}
		take(e)
	}
}

// Valid says what is wrong with the values of an entry, column by column. check adds
// to what is asked of every value. Empty values are only wrong where they are required.
func (m *Mistakes) Valid(e Entry, s Sheet, check func(column, value string) error) bool {
	before := len(m.Problems)
	for i, name := range s.Columns {
		c, limit := e.Cells[name], desk.MaxName
		if name == "principal" {
			limit = desk.MaxPrincipal
		}
		if c.Text == "" && i >= s.Required {
			continue
		}
		err := desk.ValidText("it", c.Text, limit)
		if err == nil && check != nil {
			err = check(name, c.Text)
		}
		if err != nil {
			m.Problemf(c.Line, c.Column, name, "%v", err)
		}
	}
	return len(m.Problems) == before
}
