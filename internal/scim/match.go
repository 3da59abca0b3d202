package scim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/elimity-com/scim/schema"
	"github.com/scim2/filter-parser/v2"
)

// subject is what a filter is asked about: a user, or one value of a list.
type subject interface {
	// values are those that a path leads to, and how they are compared.
	values(filter.AttributePath) ([]any, comparing)
	// each are the values of a list, for a filter within a filter.
	each(filter.AttributePath) []subject
}

// comparing says how values are compared.
type comparing struct{ exact, time bool }

func comparingOf(a schema.CoreAttribute) comparing {
	return comparing{a.CaseExact(), a.AttributeType() == "dateTime"}
}

// matches reports whether a filter lets a subject through. No filter does.
func matches(e filter.Expression, s subject) bool {
	switch e := e.(type) {
	case nil:
		return true
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			return matches(e.Left, s) && matches(e.Right, s)
		}
		return matches(e.Left, s) || matches(e.Right, s)
	case *filter.NotExpression:
		return !matches(e.Expression, s)
	case *filter.ValuePath:
		return slices.ContainsFunc(s.each(e.AttributePath), func(one subject) bool { return matches(e.ValueFilter, one) })
	case *filter.AttributeExpression:
		have, how := s.values(e.AttributePath)
		want := unquoted(e.CompareValue)
		switch {
		case e.Operator == filter.PR:
			return len(have) > 0
		case len(have) == 0:
			return e.Operator == filter.NE && want != nil || e.Operator == filter.EQ && want == nil
		}
		return slices.ContainsFunc(have, func(v any) bool { return compares(e.Operator, v, want, how) })
	}
	return false
}

// compares holds one value against what a filter asks for.
func compares(op filter.CompareOperator, have, want any, how comparing) bool {
	if is, ok := have.(bool); ok {
		asked, ok := truthIn(want)
		return ok && (op == filter.EQ && is == asked || op == filter.NE && is != asked)
	}
	h, ok := have.(string)
	w, isText := want.(string)
	if !ok || !isText {
		return op == filter.NE
	}
	if how.time {
		a, errA := time.Parse(time.RFC3339, h)
		b, errB := time.Parse(time.RFC3339, w)
		return errA == nil && errB == nil && ordered(op, a.Compare(b))
	}
	if !how.exact {
		h, w = strings.ToLower(h), strings.ToLower(w)
	}
	switch op {
	case filter.CO:
		return strings.Contains(h, w)
	case filter.SW:
		return strings.HasPrefix(h, w)
	case filter.EW:
		return strings.HasSuffix(h, w)
	}
	return ordered(op, cmp.Compare(h, w))
}

func ordered(op filter.CompareOperator, c int) bool {
	switch op {
	case filter.EQ:
		return c == 0
	case filter.NE:
		return c != 0
	case filter.GT:
		return c > 0
	case filter.GE:
		return c >= 0
	case filter.LT:
		return c < 0
	case filter.LE:
		return c <= 0
	}
	return false
}

func truthIn(v any) (value, ok bool) {
	t, err := truth("", v)
	value, ok = t.(bool)
	return value, ok && err == nil
}

// values are those of a whole user.
func (u user) values(p filter.AttributePath) ([]any, comparing) {
	switch name, part := strings.ToLower(p.AttributeName), strings.ToLower(p.SubAttributeName()); {
	case name == "id":
		return []any{u.ID}, comparing{exact: true}
	case name == "meta" && part == "created":
		return []any{u.CreatedAt.UTC().Format(time.RFC3339)}, comparing{time: true}
	case name == "meta" && part == "lastmodified":
		return []any{u.UpdatedAt.UTC().Format(time.RFC3339)}, comparing{time: true}
	case name == "meta" && part == "resourcetype":
		return []any{"User"}, comparing{exact: true}
	}
	t, err := find(p)
	if err != nil || t.passed {
		return nil, comparing{}
	}
	have, there := u.doc.at(t.urn)[t.attr.Name()]
	if !there {
		return nil, comparingOf(t.attr)
	}
	all := []any{have}
	if t.attr.MultiValued() {
		all, _ = have.([]any)
	}
	if t.attr.AttributeType() != "complex" {
		return all, comparingOf(t.attr)
	}
	sub := t.sub
	if sub == nil { // emails eq "x" is about their values
		v, ok := t.attr.SubAttributes().ContainsAttribute("value")
		if !ok {
			return all, comparing{}
		}
		sub = &v
	}
	var out []any
	for _, one := range all {
		fields, _ := one.(map[string]any)
		if v, ok := fields[sub.Name()]; ok {
			out = append(out, v)
		}
	}
	return out, comparingOf(*sub)
}

func (u user) each(p filter.AttributePath) []subject {
	t, err := find(p)
	if err != nil || t.passed {
		return nil
	}
	var out []subject
	all, _ := u.doc.at(t.urn)[t.attr.Name()].([]any)
	for _, one := range all {
		if fields, ok := one.(map[string]any); ok {
			out = append(out, inside{t.attr, fields})
		}
	}
	return out
}

// at is the document of a schema, empty where there is none.
func (d document) at(urn string) document {
	if urn == "" || urn == coreURN {
		return d
	}
	inner, _ := d[urn].(map[string]any)
	return inner
}

// inside is one value of a list.
type inside struct {
	attr   schema.CoreAttribute
	fields map[string]any
}

func (i inside) values(p filter.AttributePath) ([]any, comparing) {
	sub, ok := i.attr.SubAttributes().ContainsAttribute(p.AttributeName)
	if !ok {
		return nil, comparing{}
	}
	if v, there := i.fields[sub.Name()]; there {
		return []any{v}, comparingOf(sub)
	}
	return nil, comparingOf(sub)
}

func (i inside) each(filter.AttributePath) []subject { return nil }
