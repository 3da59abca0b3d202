package plan

import (
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Question is a link that is not certain. Until a person has answered it, nothing is
// done to the account, and the case stays open.
type Question struct {
	ID      int64      `json:"id"` // of the record; zero before it has one
	Kind    Doubt      `json:"kind"`
	Account access.Ref `json:"account"`
	// Rule is the naming rule that could not be applied; then there is no account.
	Rule  string `json:"rule,omitempty"`
	Words string `json:"words"`
}

// Doubt says why a link is not certain.
type Doubt string

// The doubts.
const (
	OtherLetters Doubt = "other letters"     // the names differ in large and small letters only
	NoHost       Doubt = "no host"           // the link names no host, and the account has one
	OtherHost    Doubt = "other host"        // the link names another host, and nobody claims this one
	Contested    Doubt = "contested"         // a rule makes it somebody else's as well
	MadeAgain    Doubt = "made again"        // the account is younger than the link
	NoAttribute  Doubt = "attribute missing" // a rule cannot be applied
)

// Subject is what the question is about, in a word.
func (q Question) Subject() string {
	if q.Rule != "" {
		return q.Account.Connection + ": " + q.Rule
	}
	return q.Account.String()
}

// rival is somebody else who may have the account.
type rival struct {
	who      access.PrincipalID
	evidence access.Evidence
}

func otherLetters(a access.Ref, m link) Question {
	return Question{Kind: OtherLetters, Account: a, Words: fmt.Sprintf("the link says %s, and there is %s: is it hers?", m.words(), spelt(a))}
}

func withoutHost(a access.Ref, m link) Question {
	return Question{Kind: NoHost, Account: a, Words: fmt.Sprintf("the link to %s names no host, and there is %s: is it hers?", m.words(), spelt(a))}
}

func atAnotherHost(a access.Ref, m link) Question {
	return Question{Kind: OtherHost, Account: a, Words: fmt.Sprintf("the link says %s, there is %s as well, and no identity says whose it is: is it hers?", m.words(), spelt(a))}
}

func madeAgain(a access.Ref) Question {
	return Question{Kind: MadeAgain, Account: a, Words: "an account of this name was made after the link was recorded; is it hers?"}
}

func contested(a access.Ref, m link, rivals []rival) Question {
	var others []string
	for _, r := range rivals {
		words := string(r.who) + " has the name by a rule"
		if r.evidence != access.ByRule {
			words = fmt.Sprintf("%s is linked to it (%s)", r.who, r.evidence)
		}
		others = append(others, words)
	}
	mine := fmt.Sprintf("the link to %s is %s", m.words(), m.evidence)
	switch {
	case m.rule != "":
		mine = fmt.Sprintf("the rule %s gives %s", m.rule, m.words())
	case m.evidence == access.ByRule:
		mine = fmt.Sprintf("a rule gave %s", m.words())
	}
	return Question{Kind: Contested, Account: a, Words: mine + ", and " + strings.Join(others, ", ") + ": is it hers?"}
}

// unruly is a rule that gives no name.
func unruly(connection string, r Rule, missing []string, err error) Question {
	q := Question{Kind: NoAttribute, Account: access.Ref{Connection: connection}, Rule: r.String()}
	if err != nil {
		q.Words = fmt.Sprintf("the rule %s cannot be applied to her: %v", r, err)
		return q
	}
	q.Words = fmt.Sprintf("the rule %s needs %s, and the roster has none for her", r, strings.Join(missing, " and "))
	return q
}

func (m link) words() string { return spelt(access.Ref{Name: m.name, Host: m.host}) }

// spelt is an account without its connection.
func spelt(a access.Ref) string {
	if a.Host == "" {
		return a.Name
	}
	return a.Name + "@" + a.Host
}
