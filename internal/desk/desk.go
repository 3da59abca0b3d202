// Package desk is where Sever is asked for something: to end somebody's access, to
// approve, hold, cancel or give back. The command line, the HTTP interface and what
// arrives from other systems all come here, so that the same is checked whatever the
// way: the words, the roles, the records, and that a worker is there to do it.
//
// Nothing here reaches a provider. What is accepted is an update of a workflow, and
// the worker checks it again by its own settings.
package desk

import (
	"cmp"
	"fmt"
	"strings"

	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Desk takes requests. It is safe for concurrent use.
type Desk struct {
	Store    *store.Store
	Temporal client.Client
	// Namespace is Temporal's, for messages.
	Namespace string
	// Connections are those configured here; nil where none are, as on a machine that
	// only gives commands. Names of connections are then taken as they are.
	Connections *catalog.Connections
	Roles       roles.Roles // the zero value: everybody may do everything
	// Queue is that of the workflows, and WorkflowID names the one of a principal;
	// empty and nil are the ordinary ones.
	Queue      string
	WorkflowID func(access.PrincipalID) string
	// Vars are the settings that change the policy of a reason; see PolicyOf.
	Vars config.Vars
}

func (d *Desk) queue() string { return cmp.Or(d.Queue, workflows.TaskQueue) }

func (d *Desk) workflowID(who access.PrincipalID) string {
	if d.WorkflowID == nil {
		return workflows.WorkflowID(who)
	}
	return d.WorkflowID(who)
}

// KnownConnection refuses a name that no configured connection has. Where conns is
// nil every name will do that could be one.
func KnownConnection(conns *catalog.Connections, name string) error {
	if err := ValidName("the name of a connection", name); err != nil || conns == nil {
		return err
	}
	if _, err := conns.For(name); err == nil {
		return nil
	}
	return Invalidf("there is no connection %q", name).Then("the configured ones are: %s", strings.Join(Names(conns), ", "))
}

// Names are the names of the connections, in their order.
func Names(conns *catalog.Connections) []string {
	var out []string
	for _, c := range conns.All() {
		out = append(out, c.Name)
	}
	return out
}

// Person is a principal by name and id.
func Person(name string, id access.PrincipalID) string {
	if name == "" {
		return string(id)
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

// Short is as much of a plan's hash as people read and type.
func Short(hash string) string { return fmt.Sprintf("%.12s", hash) }
