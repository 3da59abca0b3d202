package set

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/inbox"
)

// members are where each format of a subject has its value (RFC 9493).
var members = map[string]string{
	"email": "email", "iss_sub": "sub", "opaque": "id", "account": "uri", "phone_number": "phone_number", "did": "url", "uri": "uri",
}

// subjects say which field of a principal a format of a subject is.
type subjects map[string]string

// parseSubjects reads "email=email,iss_sub=attr.okta_id".
func parseSubjects(text string) (subjects, error) {
	out := subjects{}
	for part := range strings.SplitSeq(text, ",") {
		format, field, ok := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("%q is not format=field, such as email=email or iss_sub=attr.okta_id", part)
		case members[format] == "":
			return nil, fmt.Errorf("%q is no format of a subject: choose %s", format, strings.Join(slices.Sorted(maps.Keys(members)), ", "))
		case !inbox.FindsBy(field):
			return nil, fmt.Errorf("principals are not found by %q: choose id, login, email or attr.NAME", field)
		case out[format] != "":
			return nil, fmt.Errorf("%s is there twice", format)
		}
		out[format] = field
	}
	return out, nil
}

// subject is who a token is about: sub_id, or where older transmitters have it, in the
// event, or sub. Two that differ are an error, and so is a format without a field.
func (c claims) subject(e event, issuer string, fields subjects) (*inbox.Subject, error) {
	var said []map[string]any
	for _, v := range []any{c.SubID, e.says["subject"]} {
		if v == nil {
			continue
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil, errors.New("the subject is no object")
		}
		said = append(said, m)
	}
	switch {
	case len(said) == 2 && !reflect.DeepEqual(said[0], said[1]):
		return nil, errors.New("it names two subjects that differ")
	case len(said) == 0 && c.Sub != "":
		said = append(said, map[string]any{"format": "iss_sub", "iss": c.Iss, "sub": c.Sub})
	case len(said) == 0:
		return nil, errors.New("it does not say who it is about: sub_id is missing")
	}
	return one(said[0], issuer, fields)
}

// one reads a subject. Of a complex one the user counts.
func one(s map[string]any, issuer string, fields subjects) (*inbox.Subject, error) {
	text := func(name string) string { v, _ := s[name].(string); return v }
	format := text("format")
	if format == "" { // as it was called before RFC 9493
		format = strings.ReplaceAll(text("subject_type"), "-", "_")
	}
	if format == "complex" || format == "" && s["user"] != nil {
		user, ok := s["user"].(map[string]any)
		if !ok || user["format"] == "complex" || user["user"] != nil {
			return nil, errors.New("the complex subject has no user")
		}
		return one(user, issuer, fields)
	}
	field := fields[format]
	if field == "" {
		return nil, fmt.Errorf("the settings do not say who a subject of the format %q is", format)
	}
	if iss := text("iss"); format == "iss_sub" && iss != issuer {
		return nil, fmt.Errorf("the subject is one of the issuer %q", iss)
	}
	value := text(members[format])
	if format == "account" {
		value = strings.TrimPrefix(value, "acct:")
	}
	if value == "" {
		return nil, fmt.Errorf("the subject has no %s", members[format])
	}
	return &inbox.Subject{Format: format, Value: value, Field: field}, nil
}
