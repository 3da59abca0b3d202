package scim

import (
	"maps"
	"slices"

	"github.com/scim2/filter-parser/v2"
)

// patchList adds to an attribute that has several values, or replaces some or all.
func (d document) patchList(op string, t target, value any) error {
	name := t.attr.Name()
	have, _ := d[name].([]any)
	if t.where == nil && t.sub == nil {
		v, err := take(t.attr, name, value)
		if err != nil {
			return err
		}
		fresh, _ := v.([]any)
		if op == "add" {
			fresh = add(have, fresh)
		}
		d.list(name, fresh)
		return nil
	}
	fields, err := part(t, value)
	if err != nil {
		return err
	}
	found := false
	err = d.each(t, func(all []any, i int) []any {
		found = true
		one, _ := all[i].(map[string]any)
		for field, v := range fields {
			if v == nil {
				delete(one, field)
			} else {
				one[field] = v
			}
		}
		return all
	})
	if err != nil || found {
		return err
	}
	// The RFC lets this fail. Directories send the end of an access together with such
	// trifles, and that must not get lost: what was not there is made.
	one := equalities(t.where)
	for field, v := range fields {
		if v != nil {
			one[field] = v
		}
	}
	v, err := take(t.attr, name, []any{one})
	if err != nil {
		return err
	}
	fresh, _ := v.([]any)
	d.list(name, add(have, fresh))
	return nil
}

// part is what an operation sets within each value that it is about.
func part(t target, value any) (map[string]any, error) {
	name := t.attr.Name()
	if t.sub == nil {
		v, err := takeOne(t.attr, name, value)
		fields, _ := v.(map[string]any)
		return fields, err
	}
	v, err := take(*t.sub, name+"."+t.sub.Name(), value)
	return map[string]any{t.sub.Name(): v}, err
}

// each changes those values of a list that a path leads to, from the last to the
// first.
func (d document) each(t target, change func(all []any, i int) []any) error {
	all, _ := d[t.attr.Name()].([]any)
	for i, v := range slices.Backward(all) {
		one, ok := v.(map[string]any)
		if !ok || t.where != nil && !matches(t.where, inside{t.attr, one}) {
			continue
		}
		all = change(all, i)
	}
	d.list(t.attr.Name(), all)
	return nil
}

// list sets a list; an empty one is nothing.
func (d document) list(name string, all []any) {
	delete(d, name)
	if len(all) > 0 {
		d[name] = all
	}
}

// add puts values into a list that it does not have. There is one primary value at
// most: the newest.
func add(have, fresh []any) []any {
	for _, v := range fresh {
		if contains(have, v) {
			continue
		}
		if one, ok := v.(map[string]any); ok && one["primary"] == true {
			for _, old := range have {
				if o, ok := old.(map[string]any); ok && o["primary"] == true {
					o["primary"] = false
				}
			}
		}
		have = append(have, v)
	}
	return have
}

// equalities are the values that a filter asks for, of one that does not exist yet:
// type, in [type eq "work"].
func equalities(e filter.Expression) map[string]any {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		if e.Operator == filter.EQ && e.CompareValue != nil {
			return map[string]any{e.AttributePath.AttributeName: unquoted(e.CompareValue)}
		}
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			out := equalities(e.Left)
			maps.Copy(out, equalities(e.Right))
			return out
		}
	}
	return map[string]any{}
}
