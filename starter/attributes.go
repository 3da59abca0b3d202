package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/desk"
)

// attributePrefix begins the columns of attributes, which naming rules read.
const attributePrefix = "attr."

// attributeRule keeps names fit for {{.Name}} in a naming rule.
var attributeRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// attribute says what is wrong with the name of one.
func (m *mistakes) attribute(name string, line, column int) {
	switch {
	case !attributeRule.MatchString(name):
		m.problemf(line, column, "", "%q is no name for an attribute: letters, digits and _, a letter first", name)
	case slices.Contains([]string{"ID", "Login", "Name", "Email"}, name):
		m.problemf(line, column, "", "the attribute %q would hide the principal's own; naming rules have that already", name)
	}
}

// attributesOf are the attributes of an entry; nil when the file says nothing about
// any. One that is empty is not known.
func (m *mistakes) attributesOf(e entry) map[string]string {
	var out map[string]string
	for column, c := range e.cells {
		name, is := strings.CutPrefix(column, attributePrefix)
		if !is {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		if c.text == "" {
			continue
		}
		if err := desk.ValidText("it", c.text, desk.MaxName); err != nil {
			m.problemf(c.line, c.column, column, "%v", err)
		}
		out[name] = c.text
	}
	return out
}
