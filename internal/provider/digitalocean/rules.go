package digitalocean

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// rule is one entry of an access control list: of topics on Kafka, of indexes on
// OpenSearch.
type rule struct {
	// ID is the API's. It may be another one after each change, so a rule is told
	// from others by its pattern and its permission.
	ID         string `json:"id,omitempty"`
	Topic      string `json:"topic,omitempty"`
	Index      string `json:"index,omitempty"`
	Permission string `json:"permission"`
}

func (r rule) pattern() string { return cmp.Or(r.Topic, r.Index) }

// spellings are the permissions as they are sent, by the ways in which they have
// been seen in answers.
var spellings = map[string]map[string]string{
	kafka: {
		"admin": "admin", "consume": "consume", "produce": "produce", "produceconsume": "produceconsume",
		"read": "consume", "write": "produce", "readwrite": "produceconsume",
	},
	opensearch: {"deny": deny, "admin": "admin", "read": "read", "write": "write", "readwrite": "readwrite"},
}

const deny = "deny"

// spelled is the rule with its permission as it is sent. A word that nobody knows
// stays, and the rule is not known then.
func (r rule) spelled(engine string) (rule, bool) {
	word, known := spellings[engine][strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(r.Permission))]
	if known {
		r.Permission = word
	}
	return r, known
}

// rulesOf are the rules of a user in a fixed order, and whether all of them could be
// read. Absent is not empty: nil and false.
func rulesOf(engine string, s *settings) (all []rule, whole bool) {
	all, whole = listedRules(engine, s)
	slices.SortStableFunc(all, compareRules)
	return all, whole
}

// listedRules are rulesOf in the API's order, in which they are sent back.
func listedRules(engine string, s *settings) (all []rule, whole bool) {
	var listed *[]rule
	switch {
	case s == nil:
	case engine == kafka:
		listed = s.Topics
	case engine == opensearch:
		listed = s.Indexes
	}
	if listed == nil {
		return nil, false
	}
	whole = true
	for _, r := range *listed {
		r, known := r.spelled(engine)
		whole = whole && known && r.pattern() != ""
		all = append(all, r)
	}
	return all, whole
}

// compareRules puts rules that deny last, so that the last one, which stays until
// the user goes, is one of them where there is any.
func compareRules(a, b rule) int {
	return cmp.Or(
		cmp.Compare(denies(a), denies(b)),
		cmp.Compare(a.pattern(), b.pattern()),
		cmp.Compare(a.Permission, b.Permission),
		cmp.Compare(a.ID, b.ID),
	)
}

func denies(r rule) int {
	if r.Permission == deny {
		return 1
	}
	return 0
}

// same reports whether two rules say the same.
func (r rule) same(o rule) bool {
	return r.pattern() == o.pattern() && r.Permission == o.Permission
}

// object names a rule in a step: "rule consume". Its pattern is the database.
func (r rule) object() string { return "rule " + r.Permission }

// ruleOf is the rule that a step names.
func ruleOf(engine, database, object string) (rule, error) {
	permission, ok := strings.CutPrefix(object, "rule ")
	out := rule{Permission: permission}
	if engine == kafka {
		out.Topic = database
	} else {
		out.Index = database
	}
	switch spelled, known := out.spelled(engine); {
	case !ok || database == "" || !known || spelled.Permission != permission:
		return rule{}, fmt.Errorf("the step names no rule: %q on %q", printable(object), printable(database))
	case permission == deny:
		return rule{}, errors.New("a rule that denies is not taken away: that would give access")
	}
	return out, nil
}

// less are the rules without the one, and how many of them that were.
func less(all []rule, gone rule) (left []rule, n int) {
	left = slices.DeleteFunc(slices.Clone(all), gone.same)
	return left, len(all) - len(left)
}

// settingsWith are settings with these rules and nothing else.
func settingsWith(engine string, all []rule) *settings {
	if engine == kafka {
		return &settings{Topics: &all}
	}
	return &settings{Indexes: &all}
}
