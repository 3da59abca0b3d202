package chaos

import (
	"math/rand/v2"
	"time"
)

// Maria is the MariaDB server that people have accounts on.
const Maria = "maria-main"

// MariaHosts are the hosts of a person's accounts there. Whoever has both logs in, from
// the machine that all this runs on, with the narrower one.
var MariaHosts = []string{"%", "127.0.0.%"}

// onMaria gives some of the people accounts there, and where it did breaks something of
// it. It draws from a source of its own, so that it does not matter what else is drawn.
func onMaria(s *Schedule) {
	r := rand.New(rand.NewPCG(s.Seed, 0x3a41a)) //nolint:gosec // nobody has to be unable to guess it
	there := false
	for i := range s.People {
		p := &s.People[i]
		if r.IntN(3) > 0 {
			continue
		}
		p.Systems, p.Hosts, there = append(p.Systems, Maria), 1+r.IntN(len(MariaHosts)), true
	}
	if !there {
		return
	}
	for range 1 + r.IntN(2) {
		f := Fault{On: Maria, For: ms(r, 100, 1500), After: 1 + r.IntN(16), Before: r.IntN(2) == 0}
		f.Kind = []Kind{KillTarget, KillTarget, KillTarget, CutAnswer, CutAnswer, Latency, Reset, Silence, Outage}[r.IntN(9)]
		if r.IntN(4) == 0 {
			f.After, f.Before, f.Wait = 0, false, ms(r, 0, 4000)
		}
		s.Faults = append(s.Faults, f)
	}
	for i, f := range s.Faults { // a change of an account is several writes, which take a millisecond or two
		if f.On == Maria && f.Kind == KillTarget && f.Before {
			s.Faults[i].Lag = time.Duration(r.IntN(2500)) * time.Microsecond
		}
	}
}
