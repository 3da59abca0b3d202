package scim

import (
	"maps"
	"reflect"
	"slices"
)

// contains reports whether a list has a value.
func contains(all []any, v any) bool {
	return slices.ContainsFunc(all, func(have any) bool { return reflect.DeepEqual(have, v) })
}

// clone is a document that can be changed without the first one changing.
func (d document) clone() document { return deep(map[string]any(d)).(map[string]any) }

func deep(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[name] = deep(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = deep(value)
		}
		return out
	}
	return v
}

// differences names the attributes in which two documents differ.
func differences(a, b document) []string {
	var out []string
	names := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if reflect.DeepEqual(a[name], b[name]) {
			continue
		}
		was, isDoc := a[name].(map[string]any)
		is, areDoc := b[name].(map[string]any)
		if isURN(name) && (isDoc || a[name] == nil) && (areDoc || b[name] == nil) {
			out = append(out, differences(was, is)...)
			continue
		}
		out = append(out, name)
	}
	return out
}
