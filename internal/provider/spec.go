package provider

import (
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
)

// Spec describes a kind of system before anything is connected. It is what a
// provider's folder contributes to the catalog.
type Spec struct {
	Name string // "postgres"
	// Engines are what the provider can do, by engine.
	Engines map[string]access.Capabilities
	// Needs are the rights of our own login, from the least to the most.
	Needs []Need
	// Limits are the defaults of a connection; its settings may narrow them.
	Limits Limits
	// Hosts is true where an account is a name and a host.
	Hosts bool
	// Queues is true where an order may be carried out at any later time, beyond Settle
	// too: one that was accepted and had no effect is for a person to know.
	Queues bool
	// LooseIDs is true where the id of an account changes with its password, too, so
	// that another id after a year does not mean another account.
	LooseIDs bool
	// Open makes a provider from the settings of one connection. It connects to
	// nothing: a server that is down is found out by Discover, not by the start of
	// the worker. An error names the variables that are missing or malformed.
	Open func(Settings) (Provider, error)
}

// Settings are what a connection was configured with.
type Settings struct {
	Connection string // its name
	Vars       config.Vars
	Prefix     string // of its variables: "SEVER_CONN_PG_MAIN_"
}

// Limits keep a connection inside what the system allows.
type Limits struct {
	// TasksPerSecond is the rate at which the task queue of the connection hands
	// out activities, all workers together. Zero means no limit.
	TasksPerSecond float64
	// Parallel is how many activities one worker runs at a time.
	Parallel int
	// Settle is for how long a request that was sent may take effect although nobody saw
	// it do so: what is given back is looked at again until then. Zero means that what
	// has no effect when the call ends will have none.
	Settle time.Duration
	// ContainAlone is true for systems that take one mutation at a time even for
	// containing. Elsewhere containing waits for no other case on the lane.
	ContainAlone bool
}
