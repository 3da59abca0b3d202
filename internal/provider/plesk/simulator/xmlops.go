package simulator

import (
	"strconv"
	"strings"
)

// operations are what the database operator can do here.
var operations map[string]func(call, node) []xmlResult

func init() { //nolint:gochecknoinits // the table and its functions name each other
	operations = map[string]func(call, node) []xmlResult{
		"get-db": call.getDB, "get-db-users": call.getUsers, "del-db-user": call.deleteUsers,
		"add-db-user": call.addUser, "set-db-user": call.setUser,
		"get-default-user": call.getDefault, "set-default-user": call.setDefault,
	}
}

const noUser, noDatabase = "Database user does not exist", "Database does not exist"

// rules are the rules of the filter; none means everything.
func rules(op node) []node {
	filter, _ := op.child("filter")
	return filter.Children
}

// visible are the ids of what the sender sees.
func (c call) visibleDatabases() []int {
	var out []int
	for _, id := range sortedKeys(c.state.databases) {
		if c.by.sees(c.state.databases[id].Subscription) {
			out = append(out, id)
		}
	}
	return out
}

func (c call) visibleUsers() []int {
	var out []int
	for _, id := range sortedKeys(c.state.users) {
		u := c.state.users[id]
		if sub := c.state.subscription(u); c.by.sees(sub) && (sub != 0 || c.by.Admin) {
			out = append(out, id)
		}
	}
	return out
}

func (c call) getDB(op node) []xmlResult {
	show := func(id int, filter string) xmlResult {
		db := c.state.databases[id]
		return xmlResult{
			Status: "ok", Filter: filter, ID: id, Name: db.Name, Type: c.state.servers[db.Server].Type,
			Webspace: db.Subscription, Server: db.Server, Default: db.Default,
		}
	}
	var out []xmlResult
	if len(rules(op)) == 0 {
		for _, id := range c.visibleDatabases() {
			out = append(out, show(id, strconv.Itoa(id)))
		}
	}
	for _, rule := range rules(op) {
		text, found := strings.TrimSpace(rule.Text), false
		for _, id := range c.visibleDatabases() {
			db := c.state.databases[id]
			fits := map[string]string{
				"id": strconv.Itoa(id), "webspace-id": strconv.Itoa(db.Subscription), "webspace-name": c.state.subscriptions[db.Subscription],
			}
			if fits[rule.Name] == text {
				out, found = append(out, show(id, text)), true
			}
		}
		if !found && rule.Name == "id" {
			out = append(out, c.noObject(noDatabase, text))
		} else if !found {
			out = append(out, xmlResult{Status: "ok", Filter: text})
		}
	}
	return orNothing(out)
}

// orNothing: the schema wants one result at least.
func orNothing(results []xmlResult) []xmlResult {
	if len(results) == 0 {
		return []xmlResult{{Status: "ok"}}
	}
	return results
}

func (c call) noObject(text, filter string) xmlResult {
	out := failed(codeNoObject, text)
	out.Filter = filter
	return out
}

func (c call) showUser(id int, filter string) xmlResult {
	u := c.state.users[id]
	out := xmlResult{Status: "ok", Filter: filter, ID: id, Login: u.Login}
	if u.Database != 0 || c.switches.UniversalZero {
		db := u.Database
		out.Database = &db
	}
	if len(u.Hosts) > 0 {
		out.Hosts = &xmlHosts{u.Hosts}
	}
	if len(u.Addresses) > 0 {
		out.Addresses = &xmlAddrs{u.Addresses}
	}
	return out
}

func (c call) getUsers(op node) []xmlResult {
	var out []xmlResult
	if len(rules(op)) == 0 {
		for _, id := range c.visibleUsers() {
			if c.state.users[id].Database != 0 || !c.switches.UniversalOnlyListed {
				out = append(out, c.showUser(id, strconv.Itoa(id)))
			}
		}
	}
	for _, rule := range rules(op) {
		text := strconv.Itoa(rule.number())
		found := c.matching(rule)
		for _, id := range found {
			out = append(out, c.showUser(id, text))
		}
		switch {
		case len(found) > 0:
		case rule.Name == "id" && !c.switches.UnknownIsEmpty:
			out = append(out, c.noObject(noUser, text))
		case rule.Name == "db-id" && c.hiddenDatabase(rule.number()):
			out = append(out, c.noObject(noDatabase, text))
		default:
			out = append(out, xmlResult{Status: "ok", Filter: text})
		}
	}
	return orNothing(out)
}

// matching are the visible users that a rule selects for reading.
func (c call) matching(rule node) []int {
	var out []int
	for _, id := range c.visibleUsers() {
		u := c.state.users[id]
		listed := u.Database == 0 && (c.switches.UniversalListed || c.switches.UniversalOnlyListed)
		switch db := c.state.databases[rule.number()]; {
		case rule.Name == "id" && id == rule.number():
			out = append(out, id)
		case rule.Name != "db-id" || db == nil || !c.by.sees(db.Subscription):
		case u.Database == db.ID, listed && c.state.reaches(u, db):
			out = append(out, id)
		}
	}
	return out
}

func (c call) hiddenDatabase(id int) bool {
	db := c.state.databases[id]
	return db == nil || !c.by.sees(db.Subscription)
}

// deleteUsers does what the documentation says, whatever that means for everybody.
func (c call) deleteUsers(op node) []xmlResult {
	if c.by.ReadOnly {
		return []xmlResult{failed(codePermission, "Permission denied")}
	}
	list := rules(op)
	if _, there := op.child("filter"); !there {
		c.alarm("del-db-user without a filter")
	}
	if len(list) == 0 {
		c.alarm("del-db-user with an empty filter: every user is deleted")
		var out []xmlResult
		for _, id := range c.visibleUsers() {
			out = append(out, c.deleteOne(id, strconv.Itoa(id)))
		}
		return orNothing(out)
	}
	if len(list) > 1 {
		c.alarm("del-db-user with several rules")
	}
	var out []xmlResult
	for _, rule := range list {
		text := strconv.Itoa(rule.number())
		if rule.Name == "db-id" {
			c.alarm("del-db-user of a whole database")
		}
		found := c.matching(rule)
		for _, id := range found {
			out = append(out, c.deleteOne(id, text))
		}
		if len(found) == 0 {
			if c.switches.NoFilterID {
				text = ""
			}
			out = append(out, c.noObject(noUser, text))
		}
	}
	return out
}

func (c call) deleteOne(id int, filter string) xmlResult {
	if c.state.remove(id, c.switches.Default) {
		return xmlResult{Status: "ok", Filter: filter, ID: id}
	}
	out := failed(codeFailed, "The default user of a database cannot be deleted")
	out.Code = codeDefault
	if !c.switches.NoFilterID {
		out.Filter = filter
	}
	return out
}

// codeDefault is a guess: nobody has documented the refusal.
const codeDefault = 1019
