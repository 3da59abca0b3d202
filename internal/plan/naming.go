package plan

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"

	"github.com/severhq/sever/internal/access"
)

// Rule generates the exact name of a principal's account at a connection:
// "{{.Hosting}}_{{.Login}}". It knows ID, Login, Name, Email and every attribute of
// the roster, and the functions lower and upper.
type Rule struct {
	text   string
	fields []string // that it needs, each once, in their order
	form   *template.Template
}

// String is the rule as it was configured.
func (r Rule) String() string { return r.text }

var functions = template.FuncMap{"lower": strings.ToLower, "upper": strings.ToUpper}

// ParseRules reads rules with commas between them; a comma within braces belongs to a
// rule. A rule is text and fields: without a field it would give everybody one name,
// and with conditions it could not be said what it needs.
func ParseRules(list string) ([]Rule, error) {
	var out []Rule
	var errs []error
	for _, text := range splitRules(list) {
		r, err := parseRule(text)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("the rule %q: %w", text, err))
		case slices.ContainsFunc(out, func(o Rule) bool { return o.text == text }):
			errs = append(errs, fmt.Errorf("the rule %q is there twice", text))
		default:
			out = append(out, r)
		}
	}
	return out, errors.Join(errs...)
}

// splitRules cuts at the commas that are outside braces.
func splitRules(list string) []string {
	var out []string
	for list != "" {
		end := 0
		for end < len(list) && list[end] != ',' {
			if strings.HasPrefix(list[end:], "{{") {
				if n := strings.Index(list[end:], "}}"); n >= 0 {
					end += n + 2
					continue
				}
			}
			end++
		}
		if text := strings.TrimSpace(list[:end]); text != "" {
			out = append(out, text)
		}
		list = list[min(end+1, len(list)):]
	}
	return out
}

func parseRule(text string) (Rule, error) {
	form, err := template.New("rule").Funcs(functions).Option("missingkey=error").Parse(text)
	if err != nil {
		return Rule{}, errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	r := Rule{text: text, form: form}
	if len(form.Templates()) != 1 || form.Tree == nil {
		return r, errOnlyFields
	}
	for _, n := range form.Root.Nodes {
		if err := r.read(n); err != nil {
			return r, err
		}
	}
	if len(r.fields) == 0 {
		return r, errors.New("it has no field, and would give everybody the same name")
	}
	return r, nil
}

var errOnlyFields = errors.New("it may have text and fields such as {{.Login}}, and no conditions, variables or templates")

// read notes the fields that a part of the rule needs.
func (r *Rule) read(n parse.Node) error {
	switch n := n.(type) {
	case *parse.TextNode, *parse.StringNode, *parse.NumberNode, *parse.IdentifierNode:
	case *parse.ActionNode:
		return r.read(n.Pipe)
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			return errOnlyFields
		}
		for _, c := range n.Cmds {
			for _, arg := range c.Args {
				if err := r.read(arg); err != nil {
					return err
				}
			}
		}
	case *parse.FieldNode:
		if len(n.Ident) != 1 {
			return fmt.Errorf("%s: an attribute is one word", n)
		}
		if !slices.Contains(r.fields, n.Ident[0]) {
			r.fields = append(r.fields, n.Ident[0])
		}
	default:
		return errOnlyFields
	}
	return nil
}

// Profile is what rules are applied to.
type Profile struct {
	access.Principal
	Attributes map[string]string
}

// fields are the values by name; what is empty is not known.
func (p Profile) fields() map[string]string {
	out := maps.Clone(p.Attributes)
	if out == nil {
		out = map[string]string{}
	}
	out["ID"], out["Login"], out["Name"], out["Email"] = string(p.ID), p.Login, p.Name, p.Email
	return out
}

// Name is what the rule generates for a person. Where it needs something that is not
// known of her, missing names it and there is no name: unknown is never none. An error
// says why the rule cannot be applied to what is known.
func (r Rule) Name(p Profile) (name string, missing []string, err error) {
	values := p.fields()
	for _, f := range r.fields {
		if values[f] == "" {
			missing = append(missing, f)
		}
	}
	if len(missing) > 0 {
		return "", missing, nil
	}
	var b strings.Builder
	if err := r.form.Execute(limited{&b}, values); err != nil {
		return "", nil, errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	name = b.String()
	if name != strings.TrimSpace(name) || name == "" || strings.ContainsFunc(name, unicode.IsControl) {
		return "", nil, fmt.Errorf("it generates %q, which is no name of an account", name)
	}
	return name, nil, nil
}

// limited keeps a rule such as {{printf "%999999d" 1}} out of our memory.
type limited struct{ to *strings.Builder }

const longestName = 256

func (l limited) Write(b []byte) (int, error) {
	if l.to.Len()+len(b) > longestName {
		return 0, fmt.Errorf("the name would be longer than %d bytes: %w", longestName, io.ErrShortWrite)
	}
	return l.to.Write(b)
}

// NameIndex is who else has a name by the rules of a connection.
type NameIndex map[string][]access.PrincipalID

// IndexNames applies the rules to everybody. Who lacks an attribute has no name by
// that rule.
func IndexNames(rules []Rule, people []Profile) NameIndex {
	index := NameIndex{}
	for _, p := range people {
		for _, r := range rules {
			name, missing, err := r.Name(p)
			if err == nil && len(missing) == 0 && !slices.Contains(index[name], p.ID) {
				index[name] = append(index[name], p.ID)
			}
		}
	}
	return index
}
