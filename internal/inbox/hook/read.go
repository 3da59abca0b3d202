package hook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/inbox"
)

// Read says what a message asks for. It asks nobody, and assumes nothing.
func (m *Mapping) Read(body []byte) (inbox.Order, error) {
	none := inbox.Order{Act: inbox.None}
	if !gjson.ValidBytes(body) {
		return none, fmt.Errorf("it is not JSON")
	}
	root := gjson.ParseBytes(body)
	if !root.IsObject() {
		return none, fmt.Errorf("it is JSON, and no object")
	}
	for _, c := range m.When {
		value, err := scalar(root, c.Path)
		if err != nil {
			return none, err
		}
		if !slices.Contains(c.In, value) {
			none.Why = short(fmt.Sprintf("%s is %s", c.Path, value))
			return none, nil
		}
	}
	value, err := scalar(root, m.Act.Path)
	if err != nil {
		return none, err
	}
	act, known := m.Act.Values[value]
	if !known {
		return none, fmt.Errorf("%s is %q, and the mapping does not say what that asks for", m.Act.Path, short(value))
	}
	o := inbox.Order{Act: act, Why: short(value)}
	if act == inbox.None {
		return o, nil
	}
	if err := m.who(root, &o); err != nil || act == inbox.Hold {
		return o, err
	}
	o.Reason, o.Hold = access.Reason(m.Reason), m.Hold
	if m.Ticket != nil {
		if o.Ticket, err = text(root, *m.Ticket); err != nil {
			return o, err
		}
	}
	if m.At != nil {
		o.At, err = m.when(root)
	}
	return o, err
}

// who is the principal, or what leads to her.
func (m *Mapping) who(root gjson.Result, o *inbox.Order) error {
	value, err := scalar(root, m.Principal.Path)
	if err != nil {
		return err
	}
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("%s is empty", m.Principal.Path)
	}
	if m.Principal.Field == "id" {
		o.Principal = access.PrincipalID(value)
	} else {
		o.Subject = &inbox.Subject{Format: m.Principal.Field, Value: value, Field: m.Principal.Field}
	}
	return nil
}

// when is the date that a message names.
func (m *Mapping) when(root gjson.Result) (at time.Time, err error) {
	value, err := text(root, Text{m.At.Path, m.At.Optional})
	if err != nil || value == "" {
		return at, err
	}
	switch m.At.Format {
	case "rfc3339":
		at, err = time.Parse(time.RFC3339, value)
	case "unix":
		var seconds int64
		seconds, err = strconv.ParseInt(value, 10, 64)
		at = time.Unix(seconds, 0)
	case "date":
		if at, err = time.ParseInLocation(time.DateOnly, value, m.zone); err == nil {
			at = time.Date(at.Year(), at.Month(), at.Day(), int(m.clock.Hours()), int(m.clock.Minutes())%60, 0, 0, m.zone)
		}
	}
	switch {
	case err != nil:
		return at, fmt.Errorf("%s is %q, which is not %s", m.At.Path, short(value), m.At.Format)
	case at.Year() < 1970 || at.Year() > 2200:
		return at, fmt.Errorf("%s is %q: nobody leaves in the year %d", m.At.Path, short(value), at.Year())
	}
	return at.UTC(), nil
}

// text is a field that may be left out, or be null, where that is said.
func text(root gjson.Result, t Text) (string, error) {
	r := root.Get(t.Path)
	if t.Optional && (!r.Exists() || r.Type == gjson.Null) {
		return "", nil
	}
	value, err := scalar(root, t.Path)
	if err == nil && !t.Optional && value == "" {
		err = fmt.Errorf("%s is empty", t.Path)
	}
	return value, err
}

// scalar is a field that has to be there: a text, a whole number, true or false.
func scalar(root gjson.Result, path string) (string, error) {
	r := root.Get(path)
	switch {
	case !r.Exists():
		return "", fmt.Errorf("%s is missing", path)
	case r.Type == gjson.Null:
		return "", fmt.Errorf("%s is null", path)
	case r.IsObject(), r.IsArray():
		return "", fmt.Errorf("%s is no single value", path)
	case r.Type == gjson.Number && strings.ContainsAny(r.Raw, ".eE"):
		return "", fmt.Errorf("%s is %s, which is no whole number", path, short(r.Raw))
	case r.Type == gjson.Number:
		return r.Raw, nil
	}
	return r.String(), nil
}

// short is as much of a sender's words as a person reads.
func short(s string) string {
	const most = 80
	runes := []rune(s)
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
