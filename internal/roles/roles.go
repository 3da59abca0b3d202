// Package roles says who may do what. It is configuration: four variables list the
// people of four roles. It decides and does nothing else; the command line asks it
// before anything is sent, and the worker asks it again before anything is written.
package roles

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Role is what a person may be.
type Role string

// The roles. One person may have several; that who requested a case may not approve
// its plan holds whatever the roles are.
const (
	Requester Role = "requester" // opens cases, and rehearses them
	Approver  Role = "approver"  // approves and denies plans
	Operator  Role = "operator"  // everything else that changes something
	Auditor   Role = "auditor"   // reads; every other role may read as well
)

// All are the roles in the order in which they are told.
var All = []Role{Requester, Approver, Operator, Auditor}

// Variable is the environment variable that lists the people of a role.
func (r Role) Variable() string { return "SEVER_ROLE_" + strings.ToUpper(string(r)) }

// everybody stands for all people in a list.
const everybody = "*"

// Roles are the people of each role. The zero value is a configuration without roles:
// everybody may do everything.
type Roles struct {
	set    bool
	people map[Role][]string // of a role that is not here the variable was not set
}

// Parse reads the variables that are set: name and value. Names are separated by
// commas; * alone is everybody. When none is set there are no roles. As soon as one is
// set, who is not listed may not: a role that is empty or not set has nobody. The error
// names every malformed variable.
func Parse(vars map[string]string) (Roles, error) {
	var r Roles
	var errs []error
	for _, role := range All {
		value, set := vars[role.Variable()]
		if !set {
			continue
		}
		people, err := list(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", role.Variable(), err))
		}
		if r.people == nil {
			r = Roles{set: true, people: map[Role][]string{}}
		}
		r.people[role] = people
	}
	return r, errors.Join(errs...)
}

// list reads one variable. An empty one lists nobody.
func list(value string) ([]string, error) {
	people := []string{}
	if strings.TrimSpace(value) == "" {
		return people, nil
	}
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return nil, errors.New("there is a comma without a name beside it")
		case strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }):
			return nil, fmt.Errorf("the name %q has a character that cannot be seen: separate names by commas", name)
		case name != everybody && strings.Contains(name, everybody):
			return nil, fmt.Errorf("%q is no name: * stands alone, for everybody", name)
		}
		people = append(people, name)
	}
	if len(people) > 1 && slices.Contains(people, everybody) {
		return nil, errors.New("* is everybody, and needs no other names beside it")
	}
	return people, nil
}

// Any reports whether roles are configured at all.
func (r Roles) Any() bool { return r.set }

// Has reports whether a person has a role. Names are compared without regard to case
// and outer spaces, as the four eyes compare them. Nobody has the empty name.
func (r Roles) Has(who string, role Role) bool {
	who = strings.TrimSpace(who)
	if who == "" {
		return false
	}
	return slices.ContainsFunc(r.people[role], func(p string) bool { return p == everybody || strings.EqualFold(p, who) })
}

// May says why a person may not do something, or nothing when they may.
func (r Roles) May(who string, a Act) error {
	need, known := needs[a]
	switch {
	case !r.set:
		return nil
	case !known: // fail closed
		return &RefusalError{Who: who, Act: a}
	case slices.ContainsFunc(need, func(role Role) bool { return r.Has(who, role) }):
		return nil
	}
	return &RefusalError{Who: who, Act: a, Needs: need, unset: r.unset(need)}
}

// Who are the people that may do something, or everybody.
func (r Roles) Who(a Act) (people []string, all bool) {
	if !r.set {
		return nil, true
	}
	for _, role := range needs[a] {
		for _, p := range r.people[role] {
			all = all || p == everybody
			if !slices.Contains(people, p) {
				people = append(people, p)
			}
		}
	}
	return people, all
}

// unset are the roles whose variable is not there at all.
func (r Roles) unset(need []Role) (out []Role) {
	for _, role := range need {
		if _, ok := r.people[role]; !ok {
			out = append(out, role)
		}
	}
	return out
}

// String says who may do what, on a line.
func (r Roles) String() string {
	if !r.set {
		return "no roles are configured: everybody may do everything, and who requests a case still cannot approve its plan"
	}
	parts := make([]string, len(All))
	for i, role := range All {
		parts[i] = string(role) + ": " + inWords(r.people[role])
	}
	return strings.Join(parts, "; ")
}

func inWords(people []string) string {
	switch {
	case len(people) == 0:
		return "nobody"
	case people[0] == everybody:
		return "everybody"
	}
	return strings.Join(people, ", ")
}
