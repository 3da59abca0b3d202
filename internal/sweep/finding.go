package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// What says what a finding is.
type What string

// What can be found.
const (
	OfLeaver     What = "left"     // an account of somebody who has left
	OfNobody     What = "unissued" // an account that nobody is known to have
	NotUsed      What = "unused"   // an account that was not used for long
	Beyond       What = "beyond"   // a grant that is not allowed
	Orphan       What = "orphan"   // a link that leads to no account
	TooMany      What = "bloat"    // an account with a great many grants
	CannotBeTold What = "unknown"  // and why
)

// Whats are all of them, the worst first.
var Whats = []What{OfLeaver, OfNobody, Beyond, NotUsed, Orphan, TooMany, CannotBeTold}

// Finding is one thing that a sweep found. Its account may be empty: then it is about
// the whole connection.
type Finding struct {
	What What `json:"kind"`
	access.Ref
	Principal access.PrincipalID `json:"principal,omitempty"`
	// Object is what of the account is meant: a grant.
	Object string `json:"object,omitempty"`
	// Words say what was found, in a sentence that a person can act upon.
	Words string `json:"words"`
	// Evidence is what was seen, by name. Never a secret.
	Evidence map[string]string `json:"evidence,omitempty"`
	// loose is true where ids change although the account stays the same.
	loose bool
}

// Key is the same in every run for as long as the same thing is found. An account that
// was deleted and made anew is another one, where the system's ids tell.
func (f Finding) Key() string {
	id := f.ForeignID
	if f.loose {
		id = ""
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{string(f.What), f.Connection, f.Resource, f.Name, f.Host, id, string(f.Principal), f.Object}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// Silent is the finding about a connection that could not be asked: what is there is
// unknown, which is not the same as nothing.
func Silent(connection, why string) Finding {
	return Finding{What: CannotBeTold, Ref: access.Ref{Connection: connection},
		Words: "the accounts of " + connection + " could not be listed, so nothing is known of them: " + why}
}
