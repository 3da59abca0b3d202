package sheet

import (
	"regexp"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/desk"
)

// AttributePrefix begins the columns of attributes, which naming rules read.
const AttributePrefix = "attr."

// attributeRule keeps names fit for {{.Name}} in a naming rule.
var attributeRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// attribute says what is wrong with the name of one.
func (m *Mistakes) attribute(name string, line, column int) {
	switch {
	case !attributeRule.MatchString(name):
		m.Problemf(line, column, "", "%q is no name for an attribute: letters, digits and _, a letter first", name)
	case slices.Contains([]string{"ID", "Login", "Name", "Email"}, name):
		m.Problemf(line, column, "", "the attribute %q would hide the principal's own; naming rules have that already", name)
	}
}

// AttributesOf are the attributes of an entry; nil when the file says nothing about
// any. One that is empty is not known.
func (m *Mistakes) AttributesOf(e Entry) map[string]string {
	var out map[string]string
	for column, c := range e.Cells {
		name, is := strings.CutPrefix(column, AttributePrefix)
		if !is {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		if c.Text == "" {
			continue
		}
		if err := desk.ValidText("it", c.Text, desk.MaxName); err != nil {
			m.Problemf(c.Line, c.Column, column, "%v", err)
		}
		out[name] = c.Text
	}
	return out
}
