package severtest

import (
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
)

// Desk is where this Sever is asked for something by what asks as a person does. The
// policies of its cases have short waits.
func (w *World) Desk() *desk.Desk {
	return &desk.Desk{Store: w.Parts.Store, Temporal: w.Parts.Temporal, Namespace: w.Parts.Temporal.Namespace, Connections: w.Parts.Connections,
		Roles: w.Parts.Roles, Queue: w.Queue, WorkflowID: w.ID,
		Vars: config.Vars{"SEVER_SECOND_LOOK": "300ms", "SEVER_RETRY_EVERY": "500ms", "SEVER_PATIENCE": "10s"}}
}
