package simulator

import (
	"fmt"
	"slices"
	"strconv"
)

func (c call) addUser(op node) []xmlResult {
	u := User{
		Login: op.text("login"), Password: op.text("password"), Role: op.text("role"),
		Hosts: op.texts("acl", "host"), Addresses: op.texts("allow-access-from", "ip-address"),
	}
	db, _ := op.child("db-id")
	sub, _ := op.child("webspace-id")
	server, _ := op.child("db-server-id")
	u.Database, u.Subscription, u.Server = db.number(), sub.number(), server.number()
	id, code, text := c.insert(c.by, u)
	if code != 0 {
		return []xmlResult{failed(code, text)}
	}
	return []xmlResult{{Status: "ok", ID: id}}
}

// insert makes a user for both interfaces, or says why not.
func (s *Server) insert(by *Account, u User) (id, code int, text string) {
	if u.Database != 0 {
		if db := s.state.databases[u.Database]; db == nil || !by.sees(db.Subscription) {
			return 0, codeNoObject, noDatabase
		}
	} else if s.state.subscriptions[u.Subscription] == "" || !by.sees(u.Subscription) || s.state.servers[u.Server].ID == 0 {
		return 0, codeNoObject, "Subscription or database server does not exist"
	}
	switch {
	case by.ReadOnly:
		return 0, codePermission, "Permission denied"
	case u.Login == "":
		return 0, codeValue, "Invalid login"
	case s.state.taken(u.Login, s.state.server(&u), 0):
		return 0, codeExists, "Database user " + u.Login + " already exists"
	}
	if code, text := s.policy(u.Password); code != 0 {
		return 0, code, text
	}
	return s.state.insert(u, s.switches.ReuseIDs), 0, ""
}

// policy is the server's own about passwords.
func (s *Server) policy(password string) (code int, text string) {
	if len(password) < max(6, s.switches.PasswordMin) {
		return codeValue, fmt.Sprintf("The password %q is not strong enough", password)
	}
	return 0, ""
}

func (c call) setUser(op node) []xmlResult {
	first, _ := op.child("id")
	id := first.number()
	if !slices.Contains(c.visibleUsers(), id) {
		return []xmlResult{failed(codeNoObject, noUser)}
	}
	u := c.state.users[id]
	if c.by.ReadOnly {
		return []xmlResult{failed(codePermission, "Permission denied")}
	}
	if login, there := op.child("login"); there {
		if c.state.taken(login.Text, c.state.server(u), id) {
			return []xmlResult{failed(codeExists, "Database user already exists")}
		}
		u.Login = login.Text
	}
	if password, there := op.child("password"); there {
		if code, text := c.policy(password.Text); code != 0 {
			return []xmlResult{failed(code, text)}
		}
		u.Password = password.Text
	}
	if _, there := op.child("acl"); there {
		u.Hosts = op.texts("acl", "host")
	}
	if _, there := op.child("allow-access-from"); there {
		u.Addresses = op.texts("allow-access-from", "ip-address")
	}
	if role, there := op.child("role"); there {
		u.Role = role.Text
	}
	return []xmlResult{{Status: "ok", ID: id}}
}

func (c call) getDefault(op node) []xmlResult {
	list := rules(op)
	if len(list) == 0 {
		for _, id := range c.visibleDatabases() {
			list = append(list, node{Name: "db-id", Text: strconv.Itoa(id)})
		}
	}
	var out []xmlResult
	for _, rule := range list {
		text := strconv.Itoa(rule.number())
		if c.hiddenDatabase(rule.number()) {
			out = append(out, c.noObject(noDatabase, text))
			continue
		}
		out = append(out, xmlResult{Status: "ok", Filter: text, ID: c.state.databases[rule.number()].Default})
	}
	return orNothing(out)
}

func (c call) setDefault(op node) []xmlResult {
	first, _ := op.child("db-id")
	second, _ := op.child("default-user-id")
	db, u := c.state.databases[first.number()], c.state.users[second.number()]
	switch {
	case c.hiddenDatabase(first.number()):
		return []xmlResult{failed(codeNoObject, noDatabase)}
	case u == nil || !c.state.reaches(u, db):
		return []xmlResult{failed(codeNoObject, noUser)}
	case c.by.ReadOnly:
		return []xmlResult{failed(codePermission, "Permission denied")}
	}
	db.Default = u.ID
	return []xmlResult{{Status: "ok"}}
}
