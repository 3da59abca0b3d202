package netim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What the elements of DATABASES and DATABASE_USERS look like is documented nowhere.
// The functions of this file take a list for what it is in all likely shapes: an array
// or an object keyed by name (an array of PHP may be written as either), of objects or
// of bare names. What fits none of them makes the whole list unreadable; nothing is
// skipped.

// databasesOf are the databases, or why they cannot be read. The number of them in WEB
// must not be greater than what is listed.
func databasesOf(m fields) ([]database, error) {
	list, err := listOf(m, "DATABASES", "dbName", "name")
	if err != nil {
		return nil, err
	}
	var out []database
	for _, e := range list {
		users, err := linksIn(e.fields, "username", "users", "dbUsers", "databaseUsers")
		if err != nil {
			return nil, fmt.Errorf("the users of database %s: %w", brief(e.name), err)
		}
		out = append(out, database{e.name, users})
	}
	if n, counted := count(m); counted && n > len(out) {
		return nil, fmt.Errorf("%d databases are counted and %d listed", n, len(out))
	}
	return out, nil
}

// usersOf are the database users, or why they cannot be read.
func usersOf(m fields) ([]user, error) {
	list, err := listOf(m, "DATABASE_USERS", "username", "name")
	if err != nil {
		return nil, err
	}
	var out []user
	for _, e := range list {
		linked, err := linksIn(e.fields, "dbName", "databases", "dbNames")
		if err != nil {
			return nil, fmt.Errorf("the databases of user %s: %w", brief(e.name), err)
		}
		u := user{name: e.name, databases: linked}
		u.rights = rights{strings.ToUpper(e.fields.text("internalAccess")), strings.ToUpper(e.fields.text("externalAccess"))}
		if !u.rights.known() {
			u.rights = rights{}
		}
		out = append(out, u)
	}
	return out, nil
}

// element is one element of a list, by its name.
type element struct {
	name   string
	fields fields // nil for a bare name
}

// listOf reads a list of named things. A member that is not there, or null, is no
// empty list.
func listOf(m fields, member string, nameIn ...string) ([]element, error) {
	raw, ok := m.get(member)
	if !ok {
		return nil, fmt.Errorf("the answer has no %s", member)
	}
	out, err := elements(raw, nameIn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", member, err)
	}
	slices.SortFunc(out, func(a, b element) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(out); i++ {
		if out[i].name == out[i-1].name {
			return nil, fmt.Errorf("%s: %s is there twice", member, brief(out[i].name))
		}
	}
	return out, nil
}

func elements(raw json.RawMessage, nameIn []string) ([]element, error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && list != nil {
		out := make([]element, len(list))
		for i, one := range list {
			var err error
			if out[i], err = elementOf(one, nameIn); err != nil {
				return nil, fmt.Errorf("element %d: %w", i+1, err)
			}
		}
		return out, nil
	}
	return keyed(raw, nameIn)
}

// keyed reads an object whose members are named after the things. It goes through the
// text itself: decoding into a map would hide a name that is there twice.
func keyed(raw json.RawMessage, nameIn []string) ([]element, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is no list")
	}
	var out []element
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, errors.New("it cannot be read")
		}
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return nil, errors.New("it cannot be read")
		}
		e, err := elementOf(one, nameIn)
		switch {
		// PHP writes an array whose numbers have a hole in them as an object.
		case err == nil && isNumber(name):
			name = e.name
		case err == nil && e.name != name:
			return nil, fmt.Errorf("%s is called %s inside", brief(name), brief(e.name))
		case errors.Is(err, errNameless) && name != "" && !isNumber(name):
		case err != nil:
			return nil, fmt.Errorf("%s: %w", brief(name), err)
		}
		out = append(out, element{name, e.fields})
	}
	return out, nil
}

var errNameless = errors.New("it has no name")

// elementOf reads one element. An object without a name keeps its members.
func elementOf(raw json.RawMessage, nameIn []string) (element, error) {
	if name, err := text(raw); err == nil {
		if name == "" {
			return element{}, errors.New("its name is empty")
		}
		return element{name: name}, nil
	}
	m, err := membersOf(raw)
	if err != nil {
		return element{}, errors.New("it is neither a name nor an object")
	}
	for _, in := range nameIn {
		member, ok := m.get(in)
		if !ok {
			continue
		}
		name, err := text(member)
		if err != nil || name == "" {
			return element{}, fmt.Errorf("its %s is no name", in)
		}
		return element{name, m}, nil
	}
	return element{fields: m}, errNameless
}

// linksIn reads the names of the linked things, if one of the members has them.
func linksIn(m fields, nameIn string, members ...string) (links, error) {
	for _, member := range members {
		raw, ok := m.get(member)
		if !ok || string(bytes.TrimSpace(raw)) == "null" {
			continue
		}
		list, err := listOf(m, member, nameIn, "name")
		if err != nil {
			return links{}, err
		}
		out := links{known: true}
		for _, e := range list {
			out.names = append(out.names, e.name)
		}
		return out, nil
	}
	return links{}, nil
}

// count is the number of databases that WEB tells.
func count(m fields) (int, bool) {
	raw, ok := m.get("WEB")
	if !ok {
		return 0, false
	}
	web, err := membersOf(raw)
	if err != nil {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil || len(list) != 1 {
			return 0, false
		}
		if web, err = membersOf(list[0]); err != nil {
			return 0, false
		}
	}
	n, err := json.Number(web.text("nbDatabases")).Int64()
	return int(n), err == nil
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
