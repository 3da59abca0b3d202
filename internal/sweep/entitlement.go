package sweep

import (
	"errors"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Any stands for everything, where an entitlement may say so.
const Any = "*"

// Entitlement is what somebody may have. Names are compared letter for letter, and
// privileges without regard to their letters.
type Entitlement struct {
	Connection string `json:"connection"` // or Any
	// Principal or Account says who: one of them.
	Principal access.PrincipalID `json:"principal,omitempty"`
	Account   string             `json:"account,omitempty"` // name, or name@host
	Database  string             `json:"database"`          // or Any, which the whole resource takes
	// Privileges are the system's words: SELECT, ALL PRIVILEGES, MEMBERSHIP, OWNERSHIP;
	// or Any.
	Privileges []string `json:"privileges"`
}

// Check says what is wrong with an entitlement.
func (e Entitlement) Check() error {
	switch {
	case e.Connection == "":
		return errors.New("it names no connection")
	case (e.Principal == "") == (e.Account == ""):
		return errors.New("it names a principal or an account: one of them")
	case e.Account == Any || e.Principal == Any:
		return errors.New("* is no principal and no account: what everybody may have allows nobody to be found")
	case e.Database == "":
		return errors.New("it names no database: * stands for all, and for what reaches the whole resource")
	case len(e.Privileges) == 0 || slices.Contains(e.Privileges, ""):
		return errors.New("it names no privilege: * stands for all")
	}
	return nil
}

// of reports whether the entitlement is for an account, which is that of some principals.
func (e Entitlement) of(a access.Ref, owners []access.PrincipalID) bool {
	if e.Connection != Any && e.Connection != a.Connection {
		return false
	}
	if e.Principal != "" {
		return slices.Contains(owners, e.Principal)
	}
	return e.Account == spelt(a)
}

// spelt is an account without its connection.
func spelt(a access.Ref) string {
	if a.Host == "" {
		return a.Name
	}
	return a.Name + "@" + a.Host
}

// allows reports whether the entitlement covers one privilege of a grant. What reaches
// further than one database, or nobody knows how far, is covered by Any alone.
func (e Entitlement) allows(g access.Grant, privilege string) bool {
	wide := g.Database == "" || g.Extent != access.ExtentDatabase
	if e.Database != Any && (wide || e.Database != g.Database) {
		return false
	}
	return slices.ContainsFunc(e.Privileges, func(p string) bool { return p == Any || normal(p) == privilege })
}

// privileges are the words of a grant, one by one. A grant that is none of privileges is
// called by its kind; one that says nothing of itself has a word that only Any covers.
func privileges(g access.Grant) []string {
	switch g.Kind {
	case access.Ownership, access.Membership, access.Issued:
		return []string{normal(string(g.Kind))}
	}
	var out []string
	for word := range strings.SplitSeq(g.Privilege, ",") {
		if word = normal(word); word != "" {
			out = append(out, word)
		}
	}
	if len(out) == 0 {
		return []string{normal(string(g.Kind))}
	}
	return out
}

// normal is a privilege as it is compared.
func normal(word string) string {
	word = strings.ToUpper(strings.Join(strings.Fields(word), " "))
	if word == "ALL" {
		return "ALL PRIVILEGES"
	}
	return word
}

// beyond are the privileges of a grant that none of the entitlements covers.
func beyond(allowed []Entitlement, g access.Grant) []string {
	var out []string
	for _, p := range privileges(g) {
		if !slices.ContainsFunc(allowed, func(e Entitlement) bool { return e.allows(g, p) }) {
			out = append(out, p)
		}
	}
	return out
}
