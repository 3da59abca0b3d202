package scim

import (
	"maps"
	"slices"
	"strings"

	"github.com/elimity-com/scim/schema"
)

// patchURN is the schema of a PATCH.
const patchURN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// maxOperations keeps one PATCH from being a bulk request.
const maxOperations = 100

// operation is one change of a PATCH.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// readPatch reads the operations of a PATCH.
func readPatch(body []byte) ([]operation, error) {
	var raw map[string]any
	if err := decode(body, &raw); err != nil {
		return nil, err
	}
	if err := declares(raw, patchURN); err != nil {
		return nil, err
	}
	var in struct {
		Operations []operation `json:"operations"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	switch n := len(in.Operations); {
	case n == 0:
		return nil, bad(invalidSyntax, "Operations is empty: nothing is asked for")
	case n > maxOperations:
		return nil, bad(tooMany, "there are %d operations; at most %d are allowed", n, maxOperations)
	}
	return in.Operations, nil
}

// patched is a document after some operations, or why they make no sense. They are
// carried out all, or none.
func (d document) patched(operations []operation) (document, error) {
	out := d.clone()
	for _, o := range operations {
		if err := out.patch(o); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (d document) patch(o operation) error {
	op := strings.ToLower(o.Op) // Entra ID writes them with a capital
	if !slices.Contains([]string{"add", "replace", "remove"}, op) {
		return bad(invalidSyntax, "there is no operation %q: write add, replace or remove", o.Op)
	}
	if o.Path == "" {
		return d.patchMany(op, o.Value)
	}
	t, err := resolve(o.Path)
	if err != nil || t.passed {
		return err
	}
	return d.patchOne(op, t, o.Value)
}

// patchMany carries out an operation without a path: its value has the attributes.
func (d document) patchMany(op string, value any) error {
	fields, ok := value.(map[string]any)
	switch {
	case op == "remove":
		return bad("noTarget", "a remove needs a path")
	case !ok:
		return bad(invalidValue, "an operation without a path has an object as its value, and not %s", kindOf(value))
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if slices.ContainsFunc(passed, func(p string) bool { return strings.EqualFold(p, name) }) {
			continue
		}
		if err := d.patch(operation{Op: op, Path: name, Value: fields[name]}); err != nil {
			return err
		}
	}
	return nil
}

// patchOne carries out an operation on one attribute.
func (d document) patchOne(op string, t target, value any) error {
	if t.whole {
		return d.patchExtension(op, t, value)
	}
	in := d.within(t.urn)
	defer d.tidy(t.urn)
	if op == "remove" || value == nil {
		return in.remove(t)
	}
	switch {
	case t.attr.MultiValued():
		return in.patchList(op, t, value)
	case t.sub != nil:
		v, err := take(*t.sub, t.attr.Name()+"."+t.sub.Name(), value)
		if err != nil {
			return err
		}
		return in.merge(t.attr, map[string]any{t.sub.Name(): v})
	case t.attr.AttributeType() == "complex":
		v, err := take(t.attr, t.attr.Name(), value)
		if err != nil {
			return err
		}
		fields, _ := v.(map[string]any)
		return in.merge(t.attr, fields)
	}
	return in.set(t.attr, value)
}

// patchExtension adds to an extension, or takes it away as a whole.
func (d document) patchExtension(op string, t target, value any) error {
	if op == "remove" || value == nil {
		delete(d, t.urn)
		return nil
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return bad(invalidValue, "%s is %s, and an object belongs there", t.urn, kindOf(value))
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := d.patch(operation{Op: op, Path: t.urn + ":" + name, Value: fields[name]}); err != nil {
			return err
		}
	}
	return nil
}

// merge sets those parts of a complex attribute that are given; nil takes one away.
func (d document) merge(a schema.CoreAttribute, fields map[string]any) error {
	have, ok := d[a.Name()].(map[string]any)
	if !ok {
		have = map[string]any{}
	}
	for name, v := range fields {
		if v == nil {
			delete(have, name)
		} else {
			have[name] = v
		}
	}
	delete(d, a.Name())
	if len(have) > 0 {
		d[a.Name()] = have
	}
	return nil
}

// remove takes away what a path leads to. What is not there is no error.
func (d document) remove(t target) error {
	name := t.attr.Name()
	if t.urn == coreURN && (name == "userName" || name == "active") {
		return bad(mutability, "%s cannot be taken away", name)
	}
	switch {
	case t.where != nil:
		return d.each(t, func(all []any, i int) []any {
			if t.sub == nil {
				return slices.Delete(all, i, i+1)
			}
			one, _ := all[i].(map[string]any)
			delete(one, t.sub.Name())
			if len(one) == 0 {
				return slices.Delete(all, i, i+1)
			}
			return all
		})
	case t.sub != nil && !t.attr.MultiValued():
		return d.merge(t.attr, map[string]any{t.sub.Name(): nil})
	}
	delete(d, name)
	return nil
}
