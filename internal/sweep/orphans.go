package sweep

import (
	"crypto/sha256"
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// Met are the names of the accounts that a system listed, to be asked about links
// afterwards. It keeps a hash of each and no name, so that a million of them fit in
// some tens of megabytes.
type Met struct{ names map[[16]byte]struct{} }

// NewMet knows no account.
func NewMet() *Met { return &Met{map[[16]byte]struct{}{}} }

func hash(name, host string) (h [16]byte) {
	sum := sha256.Sum256([]byte(name + "\x00" + host))
	copy(h[:], sum[:])
	return h
}

// somewhere stands for the host when a name has accounts with hosts. No host is spelt so.
const somewhere = "\x00"

// Add notes an account.
func (m *Met) Add(a access.Ref) {
	m.names[hash(a.Name, a.Host)] = struct{}{}
	if a.Host != "" {
		m.names[hash(a.Name, somewhere)] = struct{}{}
	}
}

func (m *Met) account(name, host string) bool {
	_, ok := m.names[hash(name, host)]
	return ok
}

// hosted reports whether the name has an account at some host.
func (m *Met) hosted(name string) bool { return m.account(name, somewhere) }

// Orphaned says which links lead to no account, once the whole list was met. A link
// without a host to a name that has accounts with one is in doubt, and no orphan.
func (s Scene) Orphaned(links []access.Identity, m *Met) []Finding {
	var out []Finding
	for _, id := range links {
		ref := access.Ref{Connection: s.Connection, Name: id.Account, Host: id.Host}
		switch {
		case m.account(id.Account, id.Host), id.Host == Any && (m.account(id.Account, "") || m.hosted(id.Account)):
			continue
		case id.Host == "" && m.hosted(id.Account):
			out = append(out, Finding{What: CannotBeTold, Ref: ref, Principal: id.Principal,
				Words: fmt.Sprintf("the link of %s to %s names no host, and the accounts of that name have one: which is meant is for a person to say", id.Principal, id.Account)})
			continue
		}
		out = append(out, Finding{What: Orphan, Ref: ref, Principal: id.Principal,
			Words:    fmt.Sprintf("%s lists no account %s, to which a link of %s leads", s.Connection, spelt(ref), id.Principal),
			Evidence: map[string]string{"link": string(id.Evidence), "source": id.Source}})
	}
	return out
}
