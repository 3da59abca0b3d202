package simulator

import (
	"maps"
	"slices"
)

// Placed is an instance with the accounts on it.
type Placed struct {
	Instance
	Accounts []Account
}

// World is all there is, by id and name. Orders that are due are carried out first.
func (s *Server) World() []Placed {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apply(s.o.Now())
	var out []Placed
	for _, id := range slices.Sorted(maps.Keys(s.instances)) {
		in := s.instances[id]
		p := Placed{Instance: in.Instance}
		for _, key := range slices.Sorted(maps.Keys(in.accounts)) {
			a := *in.accounts[key]
			a.Databases, a.Hidden, a.Owns = slices.Clone(a.Databases), slices.Clone(a.Hidden), slices.Clone(a.Owns)
			p.Accounts = append(p.Accounts, a)
		}
		out = append(out, p)
	}
	return out
}
