package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf8"
)

// Value is a value of a JSON text with its place, so that a mistake can be shown.
type Value struct {
	kind         jsonKind
	text         string // of a string
	items        []Value
	fields       []jsonField
	Line, Column int
}

type jsonField struct {
	name         string
	line, column int
	value        Value
}

type jsonKind string

const (
	jsonObject jsonKind = "an object"
	jsonList   jsonKind = "a list"
	jsonString jsonKind = "text"
	jsonNumber jsonKind = "a number"
	jsonBool   jsonKind = "true or false"
	jsonNull   jsonKind = "null"
)

// jsonDepth is deeper than any of our files; it keeps a hostile one from growing our
// stack.
const jsonDepth = 16

// jsonReader reads one text. The positions of the tokens come from where the decoder
// stands between them.
type jsonReader struct {
	text  []byte
	lines []int // where each line begins
	dec   *json.Decoder
}

// ReadJSON reads one JSON value and nothing after it. A text that is none is a
// mistake; then there is nothing to go on with.
func (m *Mistakes) ReadJSON(text []byte) (Value, bool) {
	r := jsonReader{text: bytes.TrimPrefix(text, mark), lines: []int{0}}
	for i, c := range r.text {
		if c == '\n' {
			r.lines = append(r.lines, i+1)
		}
	}
	if bad := invalid(r.text); bad >= 0 {
		line, column := r.place(bad)
		m.Problemf(line, column, "", "it is not UTF-8 text")
		return Value{}, false
	}
	r.dec = json.NewDecoder(bytes.NewReader(r.text))
	r.dec.UseNumber()
	v, err := r.value(0)
	if err == nil && r.next() < len(r.text) {
		err = errors.New("the value has ended, and something follows")
	}
	if err == nil {
		return v, true
	}
	line, column := r.place(r.next())
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the text ends too early")
	}
	m.Problemf(line, column, "", "%v", err)
	return Value{}, false
}

// invalid is the first byte that is not UTF-8, or -1.
func invalid(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// next is where the next token begins.
func (r *jsonReader) next() int {
	at := int(r.dec.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return at
}

// place is a line and a column, both from 1.
func (r *jsonReader) place(at int) (line, column int) {
	line = sort.Search(len(r.lines), func(i int) bool { return r.lines[i] > at })
	return line, at - r.lines[line-1] + 1
}

var errDeep = errors.New("it is nested too deeply")

func (r *jsonReader) value(depth int) (v Value, err error) {
	v.Line, v.Column = r.place(r.next())
	token, err := r.dec.Token()
	if err != nil {
		return v, err
	}
	if depth > jsonDepth {
		return v, errDeep
	}
	switch t := token.(type) {
	case string:
		v.kind, v.text = jsonString, t
	case json.Number:
		v.kind = jsonNumber
	case bool:
		v.kind = jsonBool
	case nil:
		v.kind = jsonNull
	case json.Delim:
		if t == '{' {
			v.kind = jsonObject
			return v, r.object(&v, depth)
		}
		v.kind = jsonList
		return v, r.list(&v, depth)
	}
	return v, nil
}

func (r *jsonReader) list(v *Value, depth int) error {
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	_, err := r.dec.Token()
	return err
}

func (r *jsonReader) object(v *Value, depth int) error {
	for r.dec.More() {
		name, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.fields = append(v.fields, jsonField{name.text, name.Line, name.Column, value})
	}
	_, err := r.dec.Token()
	return err
}
