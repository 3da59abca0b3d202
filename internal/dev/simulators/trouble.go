package simulators

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	digitalocean "github.com/severhq/sever/internal/provider/digitalocean/simulator"
	netim "github.com/severhq/sever/internal/provider/netim/simulator"
	plesk "github.com/severhq/sever/internal/provider/plesk/simulator"
	trove "github.com/severhq/sever/internal/provider/trove/simulator"
)

// Trouble is a kind of failure that all four know.
type Trouble string

// The kinds. All but down and up are for the next requests, as many as asked for.
const (
	Throttled Trouble = "throttled"  // too many requests, come back in a second
	CutBefore Trouble = "cut-before" // the connection ends, and nothing was done
	CutAfter  Trouble = "cut-after"  // it was done, and the connection ends
	HTML      Trouble = "html"       // a page of a proxy in the place of an answer
	Broken    Trouble = "error"      // 500, and nothing was done
	Down      Trouble = "down"       // every connection ends, until up
	Up        Trouble = "up"
)

// Troubles says what each kind does.
var Troubles = []struct {
	Trouble
	Means string
}{
	{Throttled, "the next changes are answered: too many requests, come back in a second"},
	{CutBefore, "the next changes are not made, and the connection ends without an answer"},
	{CutAfter, "the next changes are made, and the connection ends without an answer"},
	{HTML, "the next changes are answered with the page of a proxy"},
	{Broken, "the next changes are answered with error 500"},
	{Down, "every connection is cut, until up"},
	{Up, "ends down"},
}

// Fault is trouble for one of the four.
type Fault struct {
	On      string
	Trouble Trouble
	Times   int
}

// ParseFault reads "plesk=cut-after", "trove=throttled:3", or with a space for the =.
func ParseFault(text string) (Fault, error) {
	on, what, ok := strings.Cut(strings.Replace(strings.TrimSpace(text), " ", "=", 1), "=")
	what, number, counted := strings.Cut(what, ":")
	f := Fault{on, Trouble(strings.TrimSpace(what)), 1}
	if !ok || !slices.Contains(Names, f.On) {
		return f, fmt.Errorf("%q is not SIMULATOR=FAULT; the simulators are %s", text, strings.Join(Names, ", "))
	}
	var known []string
	for _, t := range Troubles {
		known = append(known, string(t.Trouble))
	}
	if !slices.Contains(known, string(f.Trouble)) {
		return f, fmt.Errorf("there is no fault %q; there are %s", what, strings.Join(known, ", "))
	}
	if counted {
		n, err := strconv.Atoi(strings.TrimSpace(number))
		if err != nil || n < 1 || n > 10000 {
			return f, fmt.Errorf("%q is no number of times", number)
		}
		f.Times = n
	}
	return f, nil
}

// Switch arranges a fault.
func (s *Site) Switch(f Fault) {
	f.Times = max(f.Times, 1)
	switch f.Trouble {
	case Down, Up:
		s.power(f.On, f.Trouble == Up)
		return
	}
	switch f.On {
	case DigitalOcean:
		s.failClusters(f)
	case Netim:
		s.failHostings(f)
	case Plesk:
		s.failPanel(f)
	case Trove:
		s.failInstances(f)
	}
}

// Calm drops the faults that were not used up, of all four. What is down stays so.
func (s *Site) Calm() {
	s.DigitalOcean.Calm()
	s.Netim.Calm()
	s.Plesk.Calm()
	s.Trove.Mend()
}

func (s *Site) power(on string, up bool) {
	sim := map[string]interface {
		Up()
		Down()
	}{DigitalOcean: s.DigitalOcean, Netim: s.Netim, Plesk: s.Plesk, Trove: s.Trove}[on]
	if up {
		sim.Up()
		return
	}
	sim.Down()
}

func (s *Site) failClusters(f Fault) {
	fault := digitalocean.Fault{Method: "POST|PUT|DELETE", Times: f.Times, After: f.Trouble == CutAfter}
	switch f.Trouble {
	case Throttled:
		fault.Status, fault.Headers = http.StatusTooManyRequests, map[string]string{"Retry-After": "1"}
		fault.Body = `{"id":"too_many_requests","message":"API Rate limit exceeded."}`
	case HTML:
		fault.Status, fault.Body = http.StatusBadGateway, digitalocean.HTML
	case Broken:
		fault.Status = http.StatusInternalServerError
	}
	s.DigitalOcean.Fail(fault)
}

func (s *Site) failHostings(f Fault) {
	fault := netim.Fault{Orders: true, Times: f.Times, After: f.Trouble == CutAfter}
	switch f.Trouble {
	case Throttled:
		fault.Status, fault.RetryAfter, fault.Body = http.StatusTooManyRequests, 1, `{"message":"Too many requests"}`
	case HTML:
		fault.Status, fault.HTML = http.StatusBadGateway, true
	case Broken:
		fault.Status, fault.Body = http.StatusInternalServerError, `{"message":"Internal error"}`
	}
	s.Netim.Fail(fault)
}

func (s *Site) failPanel(f Fault) {
	fault := plesk.Fault{Op: "change", Times: f.Times}
	switch f.Trouble {
	case Throttled:
		fault.Kind, fault.Status, fault.RetryAfter = plesk.Status, http.StatusTooManyRequests, "1"
	case CutBefore:
		fault.Kind = plesk.CutBefore
	case CutAfter:
		fault.Kind = plesk.CutAfter
	case HTML:
		fault.Kind, fault.Status = plesk.HTML, http.StatusBadGateway
	case Broken:
		fault.Kind, fault.Status = plesk.Status, http.StatusInternalServerError
	}
	s.Plesk.Fail(fault)
}

// failInstances arranges the fault for passwords and deletions, which every departure
// needs, and for revokes.
func (s *Site) failInstances(f Fault) {
	for _, op := range []string{trove.OpPassword, trove.OpRevoke, trove.OpDelete} {
		fault := trove.Fault{Op: op, Times: f.Times, After: f.Trouble == CutAfter}
		switch f.Trouble {
		case Throttled:
			fault.Status, fault.Message = http.StatusRequestEntityTooLarge, "This request was rate-limited."
			fault.Header = map[string]string{"Retry-After": "1"}
		case HTML:
			fault.Status, fault.HTML, fault.Message = http.StatusBadGateway, true, "Bad Gateway"
		case Broken:
			fault.Status, fault.Message = http.StatusInternalServerError, "The server has encountered an error."
		}
		s.Trove.Fail(fault)
	}
}
