package main

import (
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sweep"
)

// entitlementSheet is a file of what people and accounts may have.
var entitlementSheet = sheet{columns: []string{"connection", "database", "privileges", "principal", "account"}, required: 3}

// entitlementReader reads one file.
type entitlementReader struct {
	mistakes
	known func(string) error
	out   []sweep.Entitlement
}

// readEntitlements reads CSV with a header line, or JSON: a list of objects with the same
// fields, or an object with the list "entitlements". known says what is wrong with the
// name of a connection; nil takes every name.
func readEntitlements(text document, source string, known func(string) error) ([]sweep.Entitlement, []problem) {
	r := entitlementReader{known: known}
	if !isJSON(source, text) {
		r.readCSV(text.reader(), entitlementSheet, r.entitlement)
	} else if v, ok := r.readJSON(text); ok {
		list, there := r.lists(v, "entitlements", "entitlements")["entitlements"]
		switch {
		case there:
			r.objects(list, entitlementSheet, r.entitlement)
		case len(r.problems) == 0:
			r.problemf(v.line, v.column, "", `the list "entitlements" is missing`)
		}
	}
	if len(r.out) == 0 && len(r.problems) == 0 {
		r.problemf(1, 1, "", "it allows nothing at all: every grant would be one too many")
	}
	return r.out, r.problems
}

// entitlement takes one entry, or says everything that is wrong with it.
func (r *entitlementReader) entitlement(e entry) {
	if !r.valid(e, entitlementSheet, func(column, value string) error {
		if column == "connection" && value != sweep.Any && r.known != nil {
			return r.known(value)
		}
		return nil
	}) {
		return
	}
	one := sweep.Entitlement{Connection: e.text("connection"), Principal: access.PrincipalID(e.text("principal")), Account: e.text("account"),
		Database: e.text("database"), Privileges: privilegesOf(e.text("privileges"))}
	if err := one.Check(); err != nil {
		r.problemf(e.line, e.column, "", "%v", err)
		return
	}
	r.out = append(r.out, one)
}

// privilegesOf reads privileges with commas or semicolons between them, or, where there
// are none, with spaces: a privilege such as ALL PRIVILEGES has one within.
func privilegesOf(text string) []string {
	between := func(r rune) bool { return r == ',' || r == ';' }
	if !strings.ContainsFunc(text, between) && !strings.EqualFold(text, "all privileges") {
		return strings.Fields(text)
	}
	var out []string
	for word := range strings.FieldsFuncSeq(text, between) {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}
