package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/provider/catalog"
)

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
	list := paper.Connections(conns)
	if a.json {
		a.out.document(list)
		return nil
	}
	rows := [][]string{}
	for _, c := range list.Connections {
		rate := "no limit"
		if c.TasksPerSecond > 0 {
			rate = fmt.Sprintf("%v/s", c.TasksPerSecond)
		}
		rows = append(rows, []string{c.Name, c.Kind, rate, fmt.Sprint(c.Parallel), c.Queue, printable(c.Owner), printable(strings.Join(c.Protected, ", "))})
	}
	a.out.table([]string{"connection", "kind", "rate", "parallel", "queue", "owner", "protected"}, rows)
	return nil
}
