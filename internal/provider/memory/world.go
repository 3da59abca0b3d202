package memory

import (
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
)

// The methods of this file are for tests: they see and change the world from
// outside, past the journal and past all trouble.

// Ref addresses the one account of that name, with its id. It panics when there
// are none or several.
func (s *System) Ref(name string) access.Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []access.Ref
	for _, a := range s.all() {
		if a.Name == name {
			found = append(found, s.ref(a))
		}
	}
	if len(found) != 1 {
		panic(fmt.Sprintf("memory: %d accounts are called %q", len(found), name))
	}
	return found[0]
}

// World is all there is, in the order of the list: what Look would find if
// nothing were in its way.
func (s *System) World() []access.Sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	hidden := s.trouble.hidden
	s.trouble.hidden = nil
	defer func() { s.trouble.hidden = hidden }()
	var out []access.Sighting
	for _, a := range s.all() {
		out = append(out, s.sight(s.ref(a)))
	}
	return out
}

// Connect opens a session of the account, if it is open and the password right.
func (s *System) Connect(ref access.Ref, password string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.find(ref)
	if a == nil || a.Locked || a.dead || a.Password != password {
		return false
	}
	a.Sessions++
	a.unclaimed = false
	return true
}

// Grant gives the account more, as somebody else would in the middle of a case.
func (s *System) Grant(ref access.Ref, grants ...access.Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.find(ref)
	a.Grants = sorted(append(a.Grants, grants...))
}

// Open unlocks the account, as somebody else would behind our back.
func (s *System) Open(ref access.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(ref).Locked = false
}

// Drop deletes the account with all its grants and sessions, as somebody else
// would; Add afterwards makes another account of that name.
func (s *System) Drop(ref access.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, place{ref.Resource, ref.Name, ref.Host})
}

// Clear removes what a deleted account left behind.
func (s *System) Clear(ref access.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remains = slices.DeleteFunc(s.remains, func(r remains) bool {
		return r.place == place{ref.Resource, ref.Name, ref.Host}
	})
}
