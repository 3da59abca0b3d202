package scim

import (
	"errors"
	"slices"
	"strings"

	"github.com/elimity-com/scim/schema"
	"github.com/scim2/filter-parser/v2"
)

// target is what a path leads to.
type target struct {
	urn    string // of the schema
	attr   schema.CoreAttribute
	sub    *schema.CoreAttribute
	where  filter.Expression // which values of attr; nil: all
	whole  bool              // all of an extension
	passed bool              // something that we do not keep
}

// maxPath is the longest path or filter, in bytes.
const maxPath = 2000

// resolve reads the path of an operation.
func resolve(path string) (target, error) {
	if x, ok := extension(path); ok {
		return target{urn: x.ID, whole: true}, nil
	}
	if len(path) > maxPath {
		return target{}, bad(invalidPath, "the path is %d bytes long; at most %d are allowed", len(path), maxPath)
	}
	p, err := filter.ParsePath([]byte(path))
	if err != nil {
		return target{}, bad(invalidPath, "the path %q cannot be read: %v", path, err)
	}
	t, err := find(p.AttributePath)
	if no, ok := errors.AsType[*refusal](err); ok {
		return t, bad(no.kind, "the path %q: %s", path, no.detail)
	}
	if t.passed {
		return t, nil
	}
	if p.ValueExpression != nil {
		if !t.attr.MultiValued() {
			return t, bad(invalidPath, "the path %q: %s has one value, and takes no filter", path, t.attr.Name())
		}
		if err := known(p.ValueExpression, &t.attr); err != nil {
			return t, bad(invalidPath, "the path %q: %v", path, err)
		}
		t.where = p.ValueExpression
	}
	if name := p.SubAttributeName(); name != "" {
		sub, ok := t.attr.SubAttributes().ContainsAttribute(name)
		if !ok {
			return t, bad(invalidPath, "the path %q: %s has no part %q", path, t.attr.Name(), name)
		}
		t.sub = &sub
	}
	return t, nil
}

// find is the attribute that a path or filter names. One of an extension may be
// named without its URN where the core has none of that name.
func find(p filter.AttributePath) (target, error) {
	name := p.AttributeName
	if strings.EqualFold(name, "id") || strings.EqualFold(name, "meta") || strings.EqualFold(name, "schemas") {
		return target{}, bad(mutability, "%s is not for a directory to change", name)
	}
	t := target{urn: p.URI()}
	var ok bool
	switch x, of := extension(t.urn); {
	case of:
		t.urn = x.ID
		if t.attr, ok = x.Attributes.ContainsAttribute(name); !ok {
			return t, bad(invalidPath, "there is no attribute %s in %s", name, x.ID)
		}
	case t.urn != "" && !strings.EqualFold(t.urn, coreURN):
		t.passed = true // of somebody else's extension
		return t, nil
	default:
		if t, ok = unqualified(name); !ok {
			return t, bad(invalidPath, "there is no attribute %s in %s", name, coreURN)
		}
		if t.passed {
			return t, nil
		}
	}
	if part := p.SubAttributeName(); part != "" {
		sub, ok := t.attr.SubAttributes().ContainsAttribute(part)
		if !ok {
			return t, bad(invalidPath, "%s has no part %q", t.attr.Name(), part)
		}
		t.sub = &sub
	}
	return t, nil
}

// unqualified is the attribute of a name without a URN.
func unqualified(name string) (target, bool) {
	if slices.ContainsFunc(passed, func(p string) bool { return strings.EqualFold(p, name) }) {
		return target{passed: true}, true
	}
	if a, ok := core.Attributes.ContainsAttribute(name); ok {
		return target{urn: coreURN, attr: a, passed: !keeps(a)}, true
	}
	for _, x := range extensions {
		if a, ok := x.Attributes.ContainsAttribute(name); ok {
			return target{urn: x.ID, attr: a}, true
		}
	}
	return target{}, false
}
