package wire

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Allow declares one kind of request.
type Allow struct {
	Method string
	// Pattern is a path of literal segments and {variable} ones:
	// "/v2/databases/{cluster}/users/{name}". A variable stands for exactly one
	// segment that Segment approves of. {variable*} stands for one that may hold
	// slashes, escaped, between parts that are approved of; it is safe only with
	// systems that are known not to unescape a path before they take it apart.
	Pattern string
	// Query are the parameters that may be there, once each, and Needs those that
	// must be there and have a value. Others are refused.
	Query []string
	Needs []string
	// Body is shown the whole body and refuses it with an error. Without it the
	// request may not have a body.
	Body func([]byte) error
}

// rule is an Allow that makes sense.
type rule struct {
	Allow
	method   string
	segments []string // escaped; variables in braces
}

var (
	methodRule   = regexp.MustCompile(`^(GET|HEAD|POST|PUT|PATCH|DELETE)$`)
	literalRule  = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)
	variableRule = regexp.MustCompile(`^\{[a-z][a-z_]*\*?\}$`)

	errOtherPath = errors.New("another path")
)

// compile reads a pattern that follows the prefix of the base.
func compile(prefix string, a Allow) (rule, error) {
	if !methodRule.MatchString(a.Method) {
		return rule{}, errors.New("the method is none that a provider sends")
	}
	if !strings.HasPrefix(a.Pattern, "/") {
		return rule{}, errors.New("the pattern must begin with /")
	}
	r := rule{Allow: a, method: a.Method, segments: strings.Split((prefix + a.Pattern)[1:], "/")}
	for i, s := range r.segments {
		last := i == len(r.segments)-1
		switch {
		case s == "" && last: // a path that ends with a slash
		case variableRule.MatchString(s):
		case literalRule.MatchString(s) && s != "." && s != "..":
		default:
			return rule{}, fmt.Errorf("the segment %q is neither plain nor a {variable}", s)
		}
	}
	return r, nil
}

// matchPath holds an escaped path against the pattern. The error is errOtherPath
// unless everything but a variable fits.
func (r rule) matchPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return errOtherPath
	}
	segments := strings.Split(path[1:], "/")
	if len(segments) != len(r.segments) {
		return errOtherPath
	}
	var bad error
	for i, want := range r.segments {
		if !strings.HasPrefix(want, "{") {
			// A literal is never escaped by us, so an escaped one is not ours.
			if segments[i] != want {
				return errOtherPath
			}
			continue
		}
		if err := escaped(segments[i], strings.HasSuffix(want, "*}")); err != nil && bad == nil {
			bad = fmt.Errorf("%s: %w", want, err)
		}
	}
	return bad
}

// matchQuery holds a raw query against the declared parameters. A ? with nothing
// behind it is refused too: it may be the end of a name that was not escaped, and
// what stands before it another name.
func (r rule) matchQuery(raw string, asked bool) error {
	if asked && strings.Trim(raw, "&") == "" {
		return errors.New("a ? has no parameter behind it")
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return errors.New("the query cannot be read")
	}
	for name, all := range values {
		if !slices.Contains(r.Query, name) && !slices.Contains(r.Needs, name) {
			return fmt.Errorf("the parameter %q is not declared", brief(name))
		}
		if len(all) != 1 {
			return fmt.Errorf("the parameter %q is there twice", name)
		}
		if err := printable(all[0], maxValue); err != nil {
			return fmt.Errorf("the parameter %q: %w", name, err)
		}
	}
	for _, name := range r.Needs {
		if values.Get(name) == "" {
			return fmt.Errorf("the parameter %q is missing", name)
		}
	}
	return nil
}
