package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider"
)

// Connection is one configured provider account or server.
type Connection struct {
	Name string
	Kind string // the name of its Spec
	Spec provider.Spec
	// Limits are those of the Spec, narrowed by the settings.
	Limits provider.Limits
	// Owner is the person who gets the tasks; empty when nobody is named.
	Owner string
	// Protected are account names that may never be touched: exact, or with a * in
	// front, at the end, or both.
	Protected []string
	// Names are the rules that generate the names of a principal's accounts.
	Names    []plan.Rule
	Provider provider.Provider
}

// Queue is the task queue whose workers reach this connection.
func (c *Connection) Queue() string { return "conn-" + c.Name }

// Connections are the connections of this process.
type Connections struct{ byName []*Connection }

// ErrNotConfigured says that this process does not know the connection. Another
// worker may.
var ErrNotConfigured = errors.New("the connection is not configured here")

// For is the connection of that name, or an error that is ErrNotConfigured.
func (c *Connections) For(name string) (*Connection, error) {
	i, found := slices.BinarySearchFunc(c.byName, name, func(c *Connection, name string) int { return cmp.Compare(c.Name, name) })
	if !found {
		return nil, fmt.Errorf("connection %q: %w", name, ErrNotConfigured)
	}
	return c.byName[i], nil
}

// All are the connections by name.
func (c *Connections) All() []*Connection { return slices.Clone(c.byName) }

// Close closes every provider.
func (c *Connections) Close() {
	for _, conn := range c.byName {
		conn.Provider.Close()
	}
}

// Of makes Connections from providers that are open already, for tests. Kind and
// Limits come from the Spec where they are empty. It panics on a name that Open
// would refuse.
func Of(conns ...Connection) *Connections {
	var (
		out   Connections
		names claims
	)
	for _, c := range conns {
		if err := names.claim(c.Name); err != nil {
			panic("catalog: " + err.Error())
		}
		c.Kind = cmp.Or(c.Kind, c.Spec.Name)
		c.Limits = cmp.Or(c.Limits, c.Spec.Limits)
		out.add(&c)
	}
	return &out
}

// add keeps the order by name.
func (c *Connections) add(conn *Connection) {
	i, _ := slices.BinarySearchFunc(c.byName, conn.Name, func(c *Connection, name string) int { return cmp.Compare(c.Name, name) })
	c.byName = slices.Insert(c.byName, i, conn)
}
