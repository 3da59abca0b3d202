package chaos

import (
	"math/rand/v2"
	"slices"
)

// lockOut has our own login locked at a database server for a while, in some seeds, as
// when its password is changed and nobody told us. It draws from a source of its own.
func (s *Schedule) lockOut() {
	r := rand.New(rand.NewPCG(s.Seed, 0x10c4)) //nolint:gosec // nobody has to be unable to guess it
	if r.IntN(4) > 0 {
		return
	}
	f := Fault{Kind: LockOut, On: Target, For: ms(r, 500, 4000)}
	f.when(r)
	if r.IntN(2) == 0 && slices.ContainsFunc(s.People, func(p Person) bool { return p.Hosts > 0 }) {
		f.On = Maria
	}
	s.Faults = append(s.Faults, f)
}
