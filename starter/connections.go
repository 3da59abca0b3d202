package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/provider/catalog"
)

// connectionList is the JSON of connections.
type connectionList struct {
	Connections []connectionLine `json:"connections"`
}

type connectionLine struct {
	Name           string   `json:"name"`
	Kind           string   `json:"kind"`
	Queue          string   `json:"queue"`
	Owner          string   `json:"owner,omitempty"`
	TasksPerSecond float64  `json:"tasks_per_second,omitempty"`
	Parallel       int      `json:"parallel"`
	Protected      []string `json:"protected,omitempty"`
}

func (a *app) connectionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "connections",
		Short: "List the connections that are configured here",
		Args:  cobra.NoArgs,
		RunE:  does(func(context.Context, []string) error { return a.listConnections() }),
	}
}

// configured are the connections of this machine; having none is an error.
func (a *app) configured() (*catalog.Connections, error) {
	conns, err := a.connections()
	if err == nil && conns == nil {
		err = desk.Invalidf("SEVER_CONNECTIONS is not set: no connections are configured here").
			Then("for example: SEVER_CONNECTIONS=pg-main=postgres SEVER_CONN_PG_MAIN_URL=postgres://... (sever help settings)")
	}
	return conns, err
}

func (a *app) listConnections() error {
	conns, err := a.configured()
	if err != nil {
		return err
	}
	defer conns.Close()
	list := connectionList{}
	rows := [][]string{}
	for _, c := range conns.All() {
		list.Connections = append(list.Connections, connectionLine{c.Name, c.Kind, c.Queue(), c.Owner, c.Limits.TasksPerSecond, c.Limits.Parallel, c.Protected})
		rate := "no limit"
		if c.Limits.TasksPerSecond > 0 {
			rate = fmt.Sprintf("%v/s", c.Limits.TasksPerSecond)
		}
		rows = append(rows, []string{c.Name, c.Kind, rate, fmt.Sprint(c.Limits.Parallel), c.Queue(), printable(c.Owner), printable(strings.Join(c.Protected, ", "))})
	}
	if a.json {
		a.out.document(list)
		return nil
	}
	a.out.table([]string{"connection", "kind", "rate", "parallel", "queue", "owner", "protected"}, rows)
	return nil
}
