package simulator

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// node is an element as it came.
type node struct {
	Name       string
	Attributes map[string]string
	Text       string
	Children   []node
}

// parse reads a document of one root.
func parse(body []byte) (node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	var root *node
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return node{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			if root != nil {
				return node{}, errors.New("two roots")
			}
			n, err := element(d, start, 0)
			if err != nil {
				return node{}, err
			}
			root = &n
		}
	}
	if root == nil {
		return node{}, errors.New("no root")
	}
	return *root, nil
}

func element(d *xml.Decoder, start xml.StartElement, depth int) (node, error) {
	n := node{Name: start.Name.Local, Attributes: map[string]string{}}
	for _, a := range start.Attr {
		n.Attributes[a.Name.Local] = a.Value
	}
	if depth > 10 {
		return n, errors.New("too deep")
	}
	for {
		t, err := d.Token()
		if err != nil {
			return n, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			child, err := element(d, t, depth+1)
			if err != nil {
				return n, err
			}
			n.Children = append(n.Children, child)
		case xml.CharData:
			n.Text += string(t)
		case xml.EndElement:
			return n, nil
		}
	}
}

// operation is the name of the first operation, for faults and the journal.
func (n node) operation() string {
	if len(n.Children) > 0 && len(n.Children[0].Children) > 0 {
		return n.Children[0].Children[0].Name
	}
	return ""
}

// child is the child of that name; an empty one when there is none.
func (n node) child(name string) (node, bool) {
	for _, c := range n.Children {
		if c.Name == name {
			return c, true
		}
	}
	return node{}, false
}

func (n node) text(name string) string {
	c, _ := n.child(name)
	return c.Text
}

func (n node) texts(list, item string) []string {
	c, _ := n.child(list)
	var out []string
	for _, one := range c.Children {
		if one.Name == item {
			out = append(out, one.Text)
		}
	}
	return out
}

func (n node) number() int {
	i, _ := strconv.Atoi(strings.TrimSpace(n.Text))
	return i
}

// ids are the numbers that an operation names.
func (n node) ids() []int {
	var out []int
	filter, _ := n.child("filter")
	for _, c := range slices.Concat(n.Children, filter.Children) {
		if slices.Contains([]string{"id", "db-id", "default-user-id", "webspace-id"}, c.Name) {
			out = append(out, c.number())
		}
	}
	return out
}

// shapes are the children of each operation: their names and order. A ? may be left
// out; what follows a number is text.
var shapes = map[string]*regexp.Regexp{
	"get-db":           regexp.MustCompile(`^filter $`),
	"get-db-users":     regexp.MustCompile(`^filter $`),
	"del-db-user":      regexp.MustCompile(`^filter $`),
	"get-default-user": regexp.MustCompile(`^filter $`),
	"set-default-user": regexp.MustCompile(`^db-id default-user-id $`),
	"set-db-user":      regexp.MustCompile(`^id (login )?(password (password-type )?)?(acl )?(allow-access-from )?(role )?$`),
	"add-db-user": regexp.MustCompile(
		`^(db-id |webspace-id db-server-id )login password (password-type )?(acl )?(allow-access-from )?(role )?$`),
}

// filters are the kinds of rules of each filter; one kind at a time.
var filters = map[string][]string{
	"get-db":           {"id", "webspace-id", "webspace-name"},
	"get-db-users":     {"id", "db-id"},
	"del-db-user":      {"id", "db-id"},
	"get-default-user": {"db-id"},
}

var numbers = []string{"id", "db-id", "webspace-id", "db-server-id", "default-user-id"}

// grammar holds an operation against the schema.
func (s *Server) grammar(op node) error {
	shape, known := shapes[op.Name]
	if !known {
		return fmt.Errorf("unexpected element %s", op.Name)
	}
	if len(op.Attributes) > 0 {
		return errors.New("unexpected attribute")
	}
	order := ""
	for _, c := range op.Children {
		order += c.Name + " "
	}
	missing := order == "" && filters[op.Name] != nil
	if !shape.MatchString(order) && (!missing || !s.switches.Lenient) {
		return fmt.Errorf("element %s: this is not expected: %s", op.Name, order)
	}
	filter, _ := op.child("filter")
	for i, rule := range filter.Children {
		if !slices.Contains(filters[op.Name], rule.Name) || rule.Name != filter.Children[0].Name {
			return fmt.Errorf("element filter, rule %d: this is not expected", i+1)
		}
	}
	for _, c := range slices.Concat(op.Children, filter.Children) {
		if slices.Contains(numbers, c.Name) && (c.number() <= 0 || len(c.Children) > 0) {
			return fmt.Errorf("element %s: not a positive integer", c.Name)
		}
	}
	return nil
}
