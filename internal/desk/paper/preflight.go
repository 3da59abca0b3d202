package paper

import (
	"context"
	"sync"
	"time"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roles"
)

// Checked is what the preflight of one connection came to.
type Checked struct {
	Connection string           `json:"connection"`
	Kind       string           `json:"kind"`
	Checks     []provider.Check `json:"checks"`
	// Error says why it could not be asked, in its own words.
	Error string `json:"error,omitempty"`
}

// PreflightReport says what our own rights lack.
type PreflightReport struct {
	// Sever are the checks of this installation itself; none where one connection was asked about.
	Sever       []provider.Check `json:"sever"`
	Connections []Checked        `json:"connections"`
}

// preflightWithin is how long one connection may take.
const preflightWithin = 30 * time.Second

// WhoMayWhat tells the roles as a check of this installation.
func WhoMayWhat(r roles.Roles) provider.Check {
	return provider.Check{Name: "who may do what", OK: true, Detail: r.String()}
}

// Preflight asks each connection, or the named ones, what our own login may do. It
// changes nothing. own are the checks of this installation, which count where all are
// asked.
func Preflight(ctx context.Context, conns *catalog.Connections, own []provider.Check, names ...string) (PreflightReport, error) {
	list := conns.All()
	if len(names) > 0 {
		list, own = nil, []provider.Check{}
	}
	for _, name := range names {
		if err := desk.KnownConnection(conns, name); err != nil {
			return PreflightReport{}, err
		}
		one, err := conns.For(name)
		if err != nil {
			return PreflightReport{}, err
		}
		list = append(list, one)
	}
	report := PreflightReport{Sever: own, Connections: make([]Checked, len(list))}
	var all sync.WaitGroup
	for i, c := range list {
		all.Go(func() { report.Connections[i] = check(ctx, c) })
	}
	all.Wait()
	return report, nil
}

func check(ctx context.Context, c *catalog.Connection) Checked {
	out := Checked{Connection: c.Name, Kind: c.Kind, Checks: []provider.Check{}}
	p, ok := c.Provider.(provider.Preflighter)
	if !ok {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, preflightWithin)
	defer cancel()
	checks, err := p.Preflight(ctx)
	if err != nil {
		out.Error = err.Error()
	}
	out.Checks = append(out.Checks, checks...)
	return out
}
