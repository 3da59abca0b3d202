package memory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/severhq/sever/internal/access"
)

// Account is what a test plants. Name is required; the rest has defaults.
type Account struct {
	Name     string
	Host     string
	Resource string // "main" when empty
	Engine   string // "memory" when empty
	// Password opens a session (see Connect). It is never shown again.
	Password string
	// Locked accounts open no session.
	Locked bool
	// Protected says why the account may never be touched.
	Protected  string
	Attributes map[string]string
	Grants     []access.Grant
	// Sessions are alive from the start.
	Sessions int
	// Reconnects makes the sessions come back as soon as they were ended, for as
	// long as the account opens any.
	Reconnects bool
	// Stubborn sessions survive so many calls of EndSessions.
	Stubborn int
	// ConnectionLimit is a setting that only the Snapshot records.
	ConnectionLimit int
	// Use is what the system has on record of when the account was used; zero: nothing.
	Use access.Use
	// Leaves is what stays behind when the account is deleted.
	Leaves []string
}

// System is a provider with all of its world inside.
type System struct {
	connection string

	mu       sync.Mutex // guards all below
	accounts map[place]*account
	remains  []remains
	lastID   int
	trouble  trouble
	journal  []Call
}

// place is where an account is; two accounts cannot be in one.
type place struct{ resource, name, host string }

// account is a planted account as it is now.
type account struct {
	Account
	id string
	// origin is the id of the deleted account that this one was made for by
	// Restore, so that a repeated Restore recognizes its own work.
	origin string
	// dead is true when there is no credential: nothing opens a session.
	dead bool
	// unclaimed is true from the moment Restore made a secret until somebody
	// logged in with it. Until then a repeated Restore makes another, because the
	// answer that carried the first one may have been lost.
	unclaimed bool
	clients   int // sessions that come back
}

// remains is what a deleted account left: live sessions and leftovers.
type remains struct {
	place
	id       string
	sessions int
	leaves   []string
}

// New is an empty system behind the connection of that name.
func New(connection string) *System {
	return &System{connection: connection, accounts: map[place]*account{}}
}

// Add plants accounts, each with a foreign id that was never used before. It
// panics when one is there already.
func (s *System) Add(planted ...Account) *System {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range planted {
		p.Resource = cmp.Or(p.Resource, "main")
		p.Engine = cmp.Or(p.Engine, "memory")
		p.Grants = sorted(p.Grants)
		p.Attributes = maps.Clone(p.Attributes)
		at := place{p.Resource, p.Name, p.Host}
		if s.accounts[at] != nil || p.Name == "" {
			panic(fmt.Sprintf("memory: cannot add %q: no name, or already there", p.Name))
		}
		a := &account{Account: p, id: s.nextID()}
		if p.Reconnects {
			a.clients = p.Sessions
		}
		s.accounts[at] = a
	}
	return s
}

// nextID is an id that no account had before.
func (s *System) nextID() string {
	s.lastID++
	return strconv.Itoa(1000 + s.lastID)
}

// Close does nothing: the world outlives its connections.
func (s *System) Close() {}

// find is the account that ref names, or nil.
func (s *System) find(ref access.Ref) *account {
	return s.accounts[place{ref.Resource, ref.Name, ref.Host}]
}

// ref addresses the account.
func (s *System) ref(a *account) access.Ref {
	return access.Ref{Connection: s.connection, Resource: a.Resource, Name: a.Name, Host: a.Host, ForeignID: a.id}
}

// all are the accounts in the order of their places.
func (s *System) all() []*account {
	return slices.SortedFunc(maps.Values(s.accounts), func(a, b *account) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Host, b.Host))
	})
}

// snapshot is what Restore needs and access.Account has no field for.
type snapshot struct {
	ConnectionLimit int `json:"connection_limit"`
}

// show is the account as the contract describes it, with everything readable.
func (s *System) show(a *account) access.Account {
	record, _ := json.Marshal(snapshot{a.ConnectionLimit}) // a struct of one int
	return access.Account{
		Ref:        s.ref(a),
		Engine:     a.Engine,
		Contained:  a.Locked || a.dead,
		Protected:  a.Protected,
		Attributes: maps.Clone(a.Attributes),
		Grants:     slices.Clone(a.Grants),
		Snapshot:   record,
	}
}

// alive are the sessions of the planned account, and those of its remains.
func (s *System) alive(ref access.Ref) int {
	n := 0
	if a := s.find(ref); a != nil {
		n = a.Sessions
	}
	for _, r := range s.remainsOf(ref) {
		n += r.sessions
	}
	return n
}

// remainsOf are the remains of the account with the id of ref; without an id, of
// every account that had its name.
func (s *System) remainsOf(ref access.Ref) []*remains {
	var out []*remains
	for i := range s.remains {
		r := &s.remains[i]
		if r.place == (place{ref.Resource, ref.Name, ref.Host}) && (ref.ForeignID == "" || r.id == ref.ForeignID) {
			out = append(out, r)
		}
	}
	return out
}
