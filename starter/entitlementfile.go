package main

import (
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/sheet"
	"github.com/severhq/sever/internal/sweep"
)

// entitlementSheet is a file of what people and accounts may have.
var entitlementSheet = sheet.Sheet{Columns: []string{"connection", "database", "privileges", "principal", "account"}, Required: 3}

// entitlementReader reads one file.
type entitlementReader struct {
	sheet.Mistakes
	known func(string) error
	out   []sweep.Entitlement
}

// readEntitlements reads CSV with a header line, or JSON: a list of objects with the same
// fields, or an object with the list "entitlements". known says what is wrong with the
// name of a connection; nil takes every name.
func readEntitlements(text document, source string, known func(string) error) ([]sweep.Entitlement, []problem) {
	r := entitlementReader{known: known}
	r.ReadList(text, source, entitlementSheet, "entitlements", r.entitlement)
	if len(r.out) == 0 && len(r.Problems) == 0 {
		r.Problemf(1, 1, "", "it allows nothing at all: every grant would be one too many")
	}
	return r.out, r.Problems
}

// entitlement takes one entry, or says everything that is wrong with it.
func (r *entitlementReader) entitlement(e sheet.Entry) {
	if !r.Valid(e, entitlementSheet, func(column, value string) error {
		if column == "connection" && value != sweep.Any && r.known != nil {
			return r.known(value)
		}
		return nil
	}) {
		return
	}
	one := sweep.Entitlement{Connection: e.Text("connection"), Principal: access.PrincipalID(e.Text("principal")), Account: e.Text("account"),
		Database: e.Text("database"), Privileges: privilegesOf(e.Text("privileges"))}
	if err := one.Check(); err != nil {
		r.Problemf(e.Line, e.Column, "", "%v", err)
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
