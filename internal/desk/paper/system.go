package paper

import (
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider/catalog"
)

// ConnectionList are the connections that are configured.
type ConnectionList struct {
	Connections []ConnectionLine `json:"connections"`
}

// ConnectionLine is one of them.
type ConnectionLine struct {
	Name           string   `json:"name"`
	Kind           string   `json:"kind"`
	Queue          string   `json:"queue"`
	Owner          string   `json:"owner,omitempty"`
	TasksPerSecond float64  `json:"tasks_per_second,omitempty"`
	Parallel       int      `json:"parallel"`
	Protected      []string `json:"protected,omitempty"`
}

// Connections lists those that are configured here.
func Connections(conns *catalog.Connections) ConnectionList {
	list := ConnectionList{Connections: []ConnectionLine{}}
	for _, c := range conns.All() {
		list.Connections = append(list.Connections, ConnectionLine{c.Name, c.Kind, c.Queue(), c.Owner, c.Limits.TasksPerSecond, c.Limits.Parallel, c.Protected})
	}
	return list
}

// Honesty is what Sever can do on which kind of system, and what it cannot.
type Honesty struct {
	Capabilities []Capability `json:"capabilities"`
}

// Capability is one line of it.
type Capability struct {
	Provider string         `json:"provider"`
	Engine   string         `json:"engine"`
	Action   access.Action  `json:"action"`
	Support  access.Support `json:"support"`
	How      string         `json:"how,omitempty"`
}

// Providers is the table of all.
func Providers() Honesty {
	out := Honesty{Capabilities: []Capability{}}
	for _, r := range catalog.Honesty() {
		out.Capabilities = append(out.Capabilities, Capability{r.Provider, r.Engine, r.Action, r.Support, r.How})
	}
	return out
}
