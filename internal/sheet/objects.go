package sheet

import (
	"slices"
	"strings"
)

// Objects hands every object of a list to take. An object that has mistakes of its
// own is not handed on.
func (m *Mistakes) Objects(v Value, s Sheet, take func(Entry)) {
	if v.kind != jsonList {
		m.Problemf(v.Line, v.Column, "", "it is %s, and a list of objects belongs here", v.kind)
		return
	}
	for _, item := range v.items {
		if item.kind != jsonObject {
			m.Problemf(item.Line, item.Column, "", "it is %s, and an object belongs here", item.kind)
			continue
		}
		if e, ok := m.object(item, s); ok {
			take(e)
		}
	}
}

// object reads the fields of one. Unknown fields are refused: a misspelt one would be
// lost without a word.
func (m *Mistakes) object(v Value, s Sheet) (Entry, bool) {
	before := len(m.Problems)
	e := Entry{v.Line, v.Column, map[string]Cell{}}
	m.fields(v, func(f jsonField) {
		switch {
		case f.name == "attributes" && s.Attributes:
			m.attributeObject(f.value, e)
		case !slices.Contains(s.Columns, f.name):
			m.Problemf(f.line, f.column, "", "there is no field %q; there are: %s", f.name, s.fieldNames())
		case f.value.kind != jsonString:
			m.Problemf(f.value.Line, f.value.Column, f.name, "it is %s, and text in quotes belongs here", f.value.kind)
		default:
			e.Cells[f.name] = Cell{f.value.text, f.value.Line, f.value.Column}
		}
	})
	for _, name := range s.Columns[:s.Required] {
		if _, there := e.Cells[name]; !there && len(m.Problems) == before {
			m.Problemf(v.Line, v.Column, "", "the field %q is missing", name)
		}
	}
	return e, len(m.Problems) == before
}

// fields hands on each field once: of two with one name nobody knows which is meant.
func (m *Mistakes) fields(v Value, take func(jsonField)) {
	seen := map[string]bool{}
	for _, f := range v.fields {
		if seen[f.name] {
			m.Problemf(f.line, f.column, "", "the field %q is there twice", f.name)
			continue
		}
		seen[f.name] = true
		take(f)
	}
}

func (m *Mistakes) attributeObject(v Value, e Entry) {
	if v.kind != jsonObject {
		m.Problemf(v.Line, v.Column, "attributes", "it is %s, and an object belongs here", v.kind)
		return
	}
	e.Cells[AttributePrefix] = Cell{"", v.Line, v.Column} // also an empty object says something
	m.fields(v, func(f jsonField) {
		m.attribute(f.name, f.line, f.column)
		if f.value.kind != jsonString {
			m.Problemf(f.value.Line, f.value.Column, AttributePrefix+f.name, "it is %s, and text in quotes belongs here", f.value.kind)
			return
		}
		e.Cells[AttributePrefix+f.name] = Cell{f.value.text, f.value.Line, f.value.Column}
	})
}

func (s Sheet) fieldNames() string {
	words := strings.Join(s.Columns, ", ")
	if s.Attributes {
		words += ", attributes"
	}
	return words
}

// Lists are the lists of a JSON file: the file is the one list itself, or an object
// with some of the named ones.
func (m *Mistakes) Lists(v Value, itself string, named ...string) map[string]Value {
	if v.kind == jsonList {
		return map[string]Value{itself: v}
	}
	if v.kind != jsonObject {
		m.Problemf(v.Line, v.Column, "", "it is %s, and a list of objects belongs here", v.kind)
		return nil
	}
	out := map[string]Value{}
	m.fields(v, func(f jsonField) {
		if !slices.Contains(named, f.name) {
			m.Problemf(f.line, f.column, "", "there is no list %q; there are: %s", f.name, strings.Join(named, ", "))
			return
		}
		out[f.name] = f.value
	})
	return out
}
