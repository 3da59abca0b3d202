package main

import (
	"slices"
	"strings"
)

// objects hands every object of a list to take. An object that has mistakes of its
// own is not handed on.
func (m *mistakes) objects(v jsonValue, s sheet, take func(entry)) {
	if v.kind != jsonList {
		m.problemf(v.line, v.column, "", "it is %s, and a list of objects belongs here", v.kind)
		return
	}
	for _, item := range v.items {
		if item.kind != jsonObject {
			m.problemf(item.line, item.column, "", "it is %s, and an object belongs here", item.kind)
			continue
		}
		if e, ok := m.object(item, s); ok {
			take(e)
		}
	}
}

// object reads the fields of one. Unknown fields are refused: a misspelt one would be
// lost without a word.
func (m *mistakes) object(v jsonValue, s sheet) (entry, bool) {
	before := len(m.problems)
	e := entry{v.line, v.column, map[string]cell{}}
	m.fields(v, func(f jsonField) {
		switch {
		case f.name == "attributes" && s.attributes:
			m.attributeObject(f.value, e)
		case !slices.Contains(s.columns, f.name):
			m.problemf(f.line, f.column, "", "there is no field %q; there are: %s", f.name, s.fieldNames())
		case f.value.kind != jsonString:
			m.problemf(f.value.line, f.value.column, f.name, "it is %s, and text in quotes belongs here", f.value.kind)
		default:
			e.cells[f.name] = cell{f.value.text, f.value.line, f.value.column}
		}
	})
	for _, name := range s.columns[:s.required] {
		if _, there := e.cells[name]; !there && len(m.problems) == before {
			m.problemf(v.line, v.column, "", "the field %q is missing", name)
		}
	}
	return e, len(m.problems) == before
}

// fields hands on each field once: of two with one name nobody knows which is meant.
func (m *mistakes) fields(v jsonValue, take func(jsonField)) {
	seen := map[string]bool{}
	for _, f := range v.fields {
		if seen[f.name] {
			m.problemf(f.line, f.column, "", "the field %q is there twice", f.name)
			continue
		}
		seen[f.name] = true
		take(f)
	}
}

func (m *mistakes) attributeObject(v jsonValue, e entry) {
	if v.kind != jsonObject {
		m.problemf(v.line, v.column, "attributes", "it is %s, and an object belongs here", v.kind)
		return
	}
	e.cells[attributePrefix] = cell{"", v.line, v.column} // also an empty object says something
	m.fields(v, func(f jsonField) {
		m.attribute(f.name, f.line, f.column)
		if f.value.kind != jsonString {
			m.problemf(f.value.line, f.value.column, attributePrefix+f.name, "it is %s, and text in quotes belongs here", f.value.kind)
			return
		}
		e.cells[attributePrefix+f.name] = cell{f.value.text, f.value.line, f.value.column}
	})
}

func (s sheet) fieldNames() string {
	words := strings.Join(s.columns, ", ")
	if s.attributes {
		words += ", attributes"
	}
	return words
}

// lists are the lists of a JSON file: the file is the one list itself, or an object
// with some of the named ones.
func (m *mistakes) lists(v jsonValue, itself string, named ...string) map[string]jsonValue {
	if v.kind == jsonList {
		return map[string]jsonValue{itself: v}
	}
	if v.kind != jsonObject {
		m.problemf(v.line, v.column, "", "it is %s, and a list of objects belongs here", v.kind)
		return nil
	}
	out := map[string]jsonValue{}
	m.fields(v, func(f jsonField) {
		if !slices.Contains(named, f.name) {
			m.problemf(f.line, f.column, "", "there is no list %q; there are: %s", f.name, strings.Join(named, ", "))
			return
		}
		out[f.name] = f.value
	})
	return out
}
