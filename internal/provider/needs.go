package provider

import "strings"

// Reach is how far the rights of our own login go on a system. Each reach needs the
// rights of those before it.
type Reach string

// The reaches, from the least to the most.
const (
	ToLook    Reach = "look"    // find accounts, look at them, rehearse: nothing can be changed
	ToContain Reach = "contain" // lock, end sessions
	ToRemove  Reach = "remove"  // take away, hand over, delete
	ToRestore Reach = "restore" // give back
)

// Reaches are all reaches in their order.
var Reaches = []Reach{ToLook, ToContain, ToRemove, ToRestore}

// Need is one right that our own login needs. Preflight, the documentation and the tests
// are all about the same list of them.
type Need struct {
	Reach Reach
	// Check begins the line of preflight that says whether we have it. It is empty where
	// the system does not tell.
	Check string
	// Give is the statement or the scope that gives it. {login} is our login; the other
	// words in braces are what it has to be given for, each.
	Give string
	// On says where it is needed, when that is not everywhere.
	On string
	// Without is what cannot be done without it.
	Without string
	// Source is where the system's maker says so.
	Source string
	// Seen are the versions on which a login with exactly these rights was tried. It is
	// empty when nobody has: then it is known from the source alone.
	Seen string
	// Rare is true for what is needed by some accounts only, or costs more than it gives:
	// without it everything else works.
	Rare bool
}

// Fill writes names into the statement, which come already quoted.
func (n Need) Fill(names map[string]string) string {
	give := n.Give
	for word, name := range names {
		give = strings.ReplaceAll(give, "{"+word+"}", name)
	}
	return give
}
