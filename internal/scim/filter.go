package scim

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/elimity-com/scim/schema"
	"github.com/scim2/filter-parser/v2"

	"github.com/severhq/sever/internal/store"
)

// parseFilter reads a filter and refuses one that asks for what no user has.
func parseFilter(text string) (filter.Expression, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > maxPath {
		return nil, bad(invalidFilter, "the filter is %d bytes long; at most %d are allowed", len(text), maxPath)
	}
	e, err := parse(strings.TrimSpace(text))
	if err != nil {
		return nil, bad(invalidFilter, "the filter %q cannot be read: %v", text, err)
	}
	if err := known(e, nil); err != nil {
		return nil, bad(invalidFilter, "the filter %q: %v", text, err)
	}
	return e, nil
}

// known refuses a filter about attributes that nobody has. Within a value filter the
// names are parts of an attribute.
func known(e filter.Expression, of *schema.CoreAttribute) error {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if err := known(e.Left, of); err != nil {
			return err
		}
		return known(e.Right, of)
	case *filter.NotExpression:
		return known(e.Expression, of)
	case *filter.ValuePath:
		t, err := find(e.AttributePath)
		switch {
		case of != nil:
			return fmt.Errorf("a filter within the filter of %s", of.Name())
		case err != nil || t.passed:
			return err
		case !t.attr.MultiValued():
			return fmt.Errorf("%s has one value, and takes no filter", t.attr.Name())
		}
		return known(e.ValueFilter, &t.attr)
	case *filter.AttributeExpression:
		name := e.AttributePath.AttributeName
		switch {
		case of != nil:
			if _, ok := of.SubAttributes().ContainsAttribute(name); !ok {
				return fmt.Errorf("%s has no part %q", of.Name(), name)
			}
			return nil
		case strings.EqualFold(name, "id"), strings.EqualFold(name, "meta"):
			return nil
		}
		_, err := find(e.AttributePath)
		return err
	}
	return fmt.Errorf("it cannot be understood")
}

// narrow is as much of a filter as the records can look up, and whether that is all
// of it. What is found is what the filter lets through, or more.
func narrow(e filter.Expression) (f store.SCIMFilter, all bool) {
	switch e := e.(type) {
	case nil:
		return f, true
	case *filter.LogicalExpression:
		if e.Operator != filter.AND {
			return f, false
		}
		left, allLeft := narrow(e.Left)
		right, allRight := narrow(e.Right)
		both, ok := joined(left, right)
		return both, ok && allLeft && allRight
	case *filter.ValuePath:
		if strings.EqualFold(e.AttributePath.AttributeName, "emails") {
			f.Email = emailIn(e.ValueFilter)
		}
		return f, false
	case *filter.AttributeExpression:
		return narrowOne(e)
	}
	return f, false
}

func narrowOne(e *filter.AttributeExpression) (f store.SCIMFilter, all bool) {
	value := unquoted(e.CompareValue)
	words, isText := value.(string)
	truth, isTruth := value.(bool)
	switch part := e.AttributePath.SubAttributeName(); {
	case e.Operator != filter.EQ || isText && words == "":
		return f, false
	case isTruth && part == "" && strings.EqualFold(e.AttributePath.AttributeName, "active"):
		f.Active = &truth
		return f, true
	case !isText:
		return f, false
	case strings.EqualFold(e.AttributePath.AttributeName, "emails") && (part == "" || strings.EqualFold(part, "value")):
		f.Email = words
		return f, false
	case part != "" || e.AttributePath.URI() != "" && !strings.EqualFold(e.AttributePath.URI(), coreURN):
		return f, false
	}
	switch strings.ToLower(e.AttributePath.AttributeName) {
	case "id":
		f.ID = words
	case "externalid":
		f.ExternalID = words
	case "username":
		f.UserName = words
	default:
		return f, false
	}
	return f, true
}

// emailIn is the address that a filter on emails demands; empty when it demands none.
func emailIn(e filter.Expression) string {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			if left := emailIn(e.Left); left != "" {
				return left
			}
			return emailIn(e.Right)
		}
	case *filter.AttributeExpression:
		if e.Operator == filter.EQ && strings.EqualFold(e.AttributePath.AttributeName, "value") {
			words, _ := unquoted(e.CompareValue).(string)
			return words
		}
	}
	return ""
}

// joined is what holds for both; not all of it when they ask for the same in two ways.
func joined(a, b store.SCIMFilter) (store.SCIMFilter, bool) {
	all := true
	for _, f := range []struct {
		to   *string
		from string
	}{{&a.ID, b.ID}, {&a.ExternalID, b.ExternalID}, {&a.UserName, b.UserName}, {&a.Email, b.Email}} {
		switch {
		case f.from == "":
		case *f.to == "":
			*f.to = f.from
		default:
			all = all && *f.to == f.from
		}
	}
	switch {
	case b.Active == nil:
	case a.Active == nil:
		a.Active = b.Active
	default:
		all = all && *a.Active == *b.Active
	}
	return a, all
}

// unquoted is a value of a filter without the escapes in which it was written; the
// grammar leaves them in.
func unquoted(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	var out string
	if json.Unmarshal([]byte(`"`+s+`"`), &out) != nil {
		return s
	}
	return out
}
