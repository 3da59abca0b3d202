package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Facts are all that a plan is made from.
type Facts struct {
	Case        string
	Principal   access.PrincipalID
	Policy      Policy
	Connections []Connection
	Accounts    []Account
	Questions   []Question // that nobody has answered yet
	// Successors receive what the leaver owns: account name by connection; the key
	// "" is the default for every connection.
	Successors map[string]string
	// Supplement is set when the connections answered after a plan was made without them.
	Supplement *Supplement
	Person     Person
	Delay      Delay
}

// Connection is what is known of a connection when a plan is made.
type Connection struct {
	Name string
	Kind string
	// Unknown says why the connection could not be asked; empty when it answered.
	Unknown   string
	Listed    int                            // accounts on it in all
	Engines   map[string]access.Capabilities // what its provider can do
	Protected []string                       // configured patterns
	Hour      Hour
}

// Hour is what all cases together began to do on one connection within the last
// hour, or are about to do by a plan in force. Its zero value is not known.
type Hour struct {
	Known    bool
	Accounts []access.Ref // acted upon, or about to be; ids do not count
}

// Account is an account that was found for the principal.
type Account struct {
	ID int64 // of the record; not part of the hash
	access.Account
	Evidence   access.Evidence
	Exists     bool
	Gaps       []access.Gap
	SharedWith []access.PrincipalID
	// Rotated is what was said when this case gave the account a new password; empty
	// when it did not.
	Rotated string
	// Recreated is true when this case saw another account of the same name before:
	// somebody deleted it and made it again.
	Recreated bool
	// WasContained is true when this case has contained it, and not opened it since.
	WasContained bool
	// ContainedAs is how, the hardest of all times.
	ContainedAs access.Mode
}

// Plan is what will be done, in order, and what will not be and why. Its hash
// covers all of it: who approves the hash approves exactly this.
type Plan struct {
	Case      string             `json:"case"`
	Principal access.PrincipalID `json:"principal"`
	Reason    access.Reason      `json:"reason"`
	Accounts  []Verdict          `json:"accounts"`
	Steps     []access.Step      `json:"steps"`
	Unknown   []Silent           `json:"unknown,omitempty"`
	// Questions are the links that are not certain; the plan has no step for them.
	Questions []Question `json:"questions,omitempty"`
	Guards    []string   `json:"guards,omitempty"`
	// Supplement is set when the plan is for connections that answered late.
	Supplement *Supplement `json:"supplement,omitempty"`
}

// Supplement says to which plan another one adds, and for which connections: they
// had not answered when that plan was made. It has a hash, and where the policy asks
// for one an approval, of its own.
type Supplement struct {
	To   int      `json:"to"`
	Late []string `json:"late"`
}

// String is the supplement in words.
func (s Supplement) String() string {
	return fmt.Sprintf("supplement to plan %d: %s answered late", s.To, strings.Join(s.Late, ", "))
}

// Verdict is what a plan makes of one account.
type Verdict struct {
	Account  access.Ref      `json:"account"`
	Engine   string          `json:"engine"`
	Evidence access.Evidence `json:"evidence"`
	Grants   int             `json:"grants"`
	// Act is true when the plan has steps for the account.
	Act bool `json:"act"`
	// Outcome is what can be said already when the plan does not act.
	Outcome access.Outcome `json:"outcome,omitempty"`
	Why     string         `json:"why,omitempty"`
	// SharedWith are the others who claim the account. One that is acted upon is
	// rotated, and goes on.
	SharedWith []access.PrincipalID `json:"shared_with,omitempty"`
	ID         int64                `json:"-"`
}

// Silent is a connection that could not be asked.
type Silent struct {
	Connection string `json:"connection"`
	Why        string `json:"why"`
}

// Canonical is the JSON that is hashed: fields in declaration order, lists in the
// order of the plan, no maps.
func (p Plan) Canonical() []byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic("plan: " + err.Error()) // no field of it can fail to marshal
	}
	return b
}

// Hash is the SHA-256 of the canonical form, in hexadecimal.
func (p Plan) Hash() string {
	sum := sha256.Sum256(p.Canonical())
	return hex.EncodeToString(sum[:])
}

// NeedsWord reports whether the plan waits for a person's approval under a policy.
// A plan that changes nothing needs nobody's word. A rule that is not known asks for
// one always.
func (p Plan) NeedsWord(policy Policy) bool {
	return p.Mutates() && (policy.Approval != ApproveGuarded || len(p.Guards) > 0)
}

// Mutates reports whether the plan changes anything: to look again changes nothing.
func (p Plan) Mutates() bool {
	return slices.ContainsFunc(p.Steps, func(s access.Step) bool { return s.Action != access.Confirm })
}

// Within reports whether every mutating step of p stands in the approved plan
// already, and no guard tripped that had not tripped there, so that the approval
// covers p as well. The state may have moved by shrinking; anything new needs a new
// word.
func (p Plan) Within(approved Plan) bool {
	have, tripped := map[string]bool{}, map[string]bool{}
	for _, s := range approved.Steps {
		have[identity(s)] = true
	}
	for _, g := range approved.Guards {
		tripped[guardOf(g)] = true
	}
	return !slices.ContainsFunc(p.Steps, func(s access.Step) bool { return s.Action != access.Confirm && !have[identity(s)] }) &&
		!slices.ContainsFunc(p.Guards, func(g string) bool { return !tripped[guardOf(g)] })
}

// guardOf is the guard that speaks: what stands before the colon, without numbers,
// which move.
func guardOf(words string) string {
	name, _, _ := strings.Cut(words, ":")
	return name
}

// identity is what a step does to what, whatever its place in the order.
func identity(s access.Step) string {
	s.Ordinal, s.Blocked, s.Irreversible = 0, nil, ""
	b, _ := json.Marshal(s) // a step is strings and numbers
	return string(b)
}
