package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/elimity-com/scim/schema"
)

// document is a user as far as we keep it: attributes by the names of their schemas,
// those of an extension in a document of their own below its URN. What is not known
// is not there.
type document map[string]any

// maxValue is the longest value of an attribute, in bytes.
const maxValue = 2000

// decode reads one JSON value, and nothing after it.
func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return bad(invalidSyntax, "the body is not the JSON that belongs here: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bad(invalidSyntax, "the body goes on after its JSON")
	}
	return nil
}

// read is a whole user as a directory sends it.
func read(body []byte) (document, error) {
	var raw map[string]any
	if err := decode(body, &raw); err != nil {
		return nil, err
	}
	if err := declares(raw, coreURN); err != nil {
		return nil, err
	}
	d := document{}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		low := strings.ToLower(name)
		if seen[low] {
			return nil, bad(invalidSyntax, "the attribute %s is there twice", name)
		}
		seen[low] = true
		if err := d.put(name, raw[name]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// declares refuses a body that says that it is something else.
func declares(raw map[string]any, urn string) error {
	for name, v := range raw {
		if !strings.EqualFold(name, "schemas") {
			continue
		}
		all, _ := v.([]any)
		if slices.ContainsFunc(all, func(v any) bool { s, ok := v.(string); return ok && strings.EqualFold(s, urn) }) {
			return nil
		}
	}
	return bad(invalidSyntax, "schemas does not list %s", urn)
}

// put sets one attribute of a whole user.
func (d document) put(name string, value any) error {
	if slices.ContainsFunc(passed, func(p string) bool { return strings.EqualFold(p, name) }) {
		return nil
	}
	if x, ok := extension(name); ok {
		fields, ok := value.(map[string]any)
		if !ok && value != nil {
			return bad(invalidValue, "%s is %s, and an object belongs there", x.ID, kindOf(value))
		}
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			a, ok := x.Attributes.ContainsAttribute(field)
			if !ok {
				return bad(invalidValue, "there is no attribute %s in %s", field, x.ID)
			}
			if err := d.within(x.ID).set(a, fields[field]); err != nil {
				return err
			}
		}
		d.tidy(x.ID)
		return nil
	}
	if isURN(name) {
		return nil // of somebody else's extension
	}
	a, ok := core.Attributes.ContainsAttribute(name)
	switch {
	case !ok:
		return bad(invalidValue, "there is no attribute %s in %s", name, coreURN)
	case !keeps(a):
		return nil
	}
	return d.set(a, value)
}

// within is the document of an extension, made where there is none.
func (d document) within(urn string) document {
	if urn == "" || urn == coreURN {
		return d
	}
	if inner, ok := d[urn].(map[string]any); ok {
		return inner
	}
	inner := map[string]any{}
	d[urn] = inner
	return inner
}

// tidy takes an extension away that says nothing.
func (d document) tidy(urn string) {
	if inner, ok := d[urn].(map[string]any); ok && len(inner) == 0 {
		delete(d, urn)
	}
}

// set gives an attribute its value; nothing takes it away.
func (d document) set(a schema.CoreAttribute, value any) error {
	v, err := take(a, a.Name(), value)
	switch {
	case err != nil:
		return err
	case v == nil:
		delete(d, a.Name())
	default:
		d[a.Name()] = v
	}
	return nil
}

// take is a value as it is kept, or why it cannot be. Nothing, an empty text and an
// empty list are nothing.
func take(a schema.CoreAttribute, path string, value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	if a.MultiValued() {
		return takeMany(a, path, value)
	}
	return takeOne(a, path, value)
}

func takeMany(a schema.CoreAttribute, path string, value any) (any, error) {
	all, ok := value.([]any)
	if !ok {
		all = []any{value} // some directories leave the brackets out around one
	}
	out := []any{}
	for _, one := range all {
		v, err := takeOne(a, path, one)
		if err != nil {
			return nil, err
		}
		if v != nil && !contains(out, v) {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func takeOne(a schema.CoreAttribute, path string, value any) (any, error) {
	if all, ok := value.([]any); ok && len(all) == 1 {
		value = all[0] // Entra ID wraps single values into lists, under its older flags
	}
	if a.AttributeType() == "complex" {
		return takeComplex(a, path, value)
	}
	if wrapped, ok := value.(map[string]any); ok && wrapped["value"] != nil {
		value = wrapped["value"] // likewise
	}
	switch a.AttributeType() {
	case "boolean":
		return truth(path, value)
	case "dateTime":
		return moment(path, value)
	}
	return text(path, value)
}

func takeComplex(a schema.CoreAttribute, path string, value any) (any, error) {
	fields, ok := value.(map[string]any)
	if s, is := value.(string); is { // Entra ID sends the id of a manager as text
		fields, ok = map[string]any{"value": s}, true
	}
	if !ok {
		return nil, bad(invalidValue, "%s is %s, and an object belongs there", path, kindOf(value))
	}
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		sub, ok := a.SubAttributes().ContainsAttribute(name)
		if !ok {
			continue
		}
		v, err := take(sub, path+"."+sub.Name(), fields[name])
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[sub.Name()] = v
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// truth reads a boolean. Entra ID writes some as text.
func truth(path string, value any) (any, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, bad(invalidValue, "%s is %q: write true or false", path, v)
	}
	return nil, bad(invalidValue, "%s is %s: write true or false", path, kindOf(value))
}

func moment(path string, value any) (any, error) {
	s, ok := value.(string)
	if s == "" && ok {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return nil, bad(invalidValue, "%s is %v: write a time with its zone, such as 2026-05-01T17:00:00Z", path, value)
	}
	return at.UTC().Format(time.RFC3339), nil
}

func text(path string, value any) (any, error) {
	s, ok := value.(string)
	if n, is := value.(json.Number); is { // an employee number without its quotes
		s, ok = n.String(), true
	}
	s = strings.TrimSpace(s)
	switch {
	case !ok:
		return nil, bad(invalidValue, "%s is %s, and text belongs there", path, kindOf(value))
	case s == "":
		return nil, nil
	case len(s) > maxValue:
		return nil, bad(invalidValue, "%s is %d bytes long; at most %d are allowed", path, len(s), maxValue)
	case strings.ContainsFunc(s, unicode.IsControl):
		return nil, bad(invalidValue, "%s has a character that cannot be seen", path)
	}
	return s, nil
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "nothing"
	case bool:
		return "true or false"
	case json.Number:
		return "a number"
	case string:
		return "text"
	case []any:
		return "a list"
	}
	return "an object"
}
