package access

import "time"

// Use is what a system can tell about when an account was last used. The zero value
// tells nothing, and nothing may be concluded from it.
type Use struct {
	// Last is the last use that the system knows of; zero if it knows of none.
	Last time.Time `json:"last,omitzero"`
	// Since is from when on the system has written down every use, without a gap; zero
	// if it does not.
	Since time.Time `json:"since,omitzero"`
	// Source is where the system keeps that: "the access log of the panel".
	Source string `json:"source,omitempty"`
	// Why says why nothing can be told, in the system's own terms.
	Why string `json:"why,omitempty"`
}
