package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Kind is what a rule looks for.
type Kind string

// The kinds of rule.
const (
	// Left looks for accounts of principals who have left.
	Left Kind = "left"
	// Unissued looks for accounts that no link and no naming rule gives to anybody.
	Unissued Kind = "unissued"
	// Unused looks for accounts that were not used for so many days.
	Unused Kind = "unused"
	// Entitlements looks for grants beyond what a file allows.
	Entitlements Kind = "entitlements"
	// Orphans looks for links that lead to no account.
	Orphans Kind = "orphans"
	// ACL warns of accounts with a great many grants.
	ACL Kind = "acl"
)

// Rule is what a sweep looks for. It is data: it is stored with the sweep, and a change
// of the defaults changes no sweep that is there.
type Rule struct {
	Kind Kind `json:"kind"`
	// Days is for Unused: 35, 45 or 90.
	Days int `json:"days,omitempty"`
	// Most is for ACL: more grants than these are too many to be looked after.
	Most int `json:"most,omitempty"`
	// Allowed is for Entitlements, from the file Source with the hash SHA256.
	Allowed []Entitlement `json:"allowed,omitempty"`
	Source  string        `json:"source,omitempty"`
	SHA256  string        `json:"sha256,omitempty"`
}

// The days for which Unused can ask. They are those of the common standards.
var days = []int{35, 45, 90}

// defaultMost is where a list of grants is longer than anybody reads.
const defaultMost = 100

// ParseRule reads the text of a rule: left, unissued, unused:45, entitlements:FILE,
// orphans, acl or acl:200. Of entitlements it returns the file in Source; what it allows
// is for the caller to read.
func ParseRule(text string) (Rule, error) {
	word, value, with := strings.Cut(text, ":")
	r := Rule{Kind: Kind(word)}
	switch r.Kind {
	case Left, Unissued, Orphans:
		if with {
			return r, fmt.Errorf("the rule %q takes nothing after its name", word)
		}
		return r, nil
	case Unused:
		n, err := strconv.Atoi(value)
		if err != nil || !slices.Contains(days, n) {
			return r, fmt.Errorf("the rule %q names no days that can be asked for: write unused:35, unused:45 or unused:90", text)
		}
		r.Days = n
		return r, nil
	case Entitlements:
		if value == "" {
			return r, errors.New("the rule entitlements names no file: write entitlements:FILE")
		}
		r.Source = value
		return r, nil
	case ACL:
		r.Most = defaultMost
		if with {
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > 1_000_000 {
				return r, fmt.Errorf("the rule %q names no number of grants: write acl, or acl:200", text)
			}
			r.Most = n
		}
		return r, nil
	}
	return r, fmt.Errorf("there is no rule %q; there are: left, unissued, unused:DAYS, entitlements:FILE, orphans, acl", word)
}

// String is the rule as it was written.
func (r Rule) String() string {
	switch r.Kind {
	case Unused:
		return fmt.Sprintf("%s:%d", r.Kind, r.Days)
	case Entitlements:
		return fmt.Sprintf("%s:%s", r.Kind, r.Source)
	case ACL:
		return fmt.Sprintf("%s:%d", r.Kind, r.Most)
	}
	return string(r.Kind)
}

// Looks reports whether every account has to be looked at for itself: the list of a
// system says who is there, and not what they may do.
func (r Rule) Looks() bool { return r.Kind == Unused || r.Kind == Entitlements || r.Kind == ACL }

// Check says what is wrong with a rule.
func (r Rule) Check() error {
	text := r.String()
	if _, err := ParseRule(text); err != nil {
		return err
	}
	if r.Kind != Entitlements {
		if len(r.Allowed) > 0 || r.Source != "" || r.SHA256 != "" {
			return fmt.Errorf("the rule %s has no entitlements", text)
		}
		return nil
	}
	if len(r.Allowed) == 0 {
		return errors.New("the entitlements allow nothing at all: every grant would be one too many")
	}
	for i, e := range r.Allowed {
		if err := e.Check(); err != nil {
			return fmt.Errorf("entitlement %d: %w", i+1, err)
		}
	}
	return nil
}

// Decode reads a rule and refuses what it does not know: a misspelt field would make
// another rule of it.
func Decode(text []byte) (Rule, error) {
	var r Rule
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, fmt.Errorf("read the rule: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("read the rule: something follows it")
	}
	return r, r.Check()
}
