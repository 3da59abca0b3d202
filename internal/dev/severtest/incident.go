package severtest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Strike asks for the end of many people's access at once, as the command line does.
func (w *World) Strike(a desk.Alarm) store.Incident {
	w.T.Helper()
	d := w.Desk()
	roll, err := d.UnderstandAlarm(a, time.Now())
	require.NoError(w.T, err)
	roll, err = d.Call(w.Ctx, roll)
	require.NoError(w.T, err)
	require.Empty(w.T, roll.Absent)
	in, err := d.Incident(w.Ctx, roll, time.Now())
	require.NoError(w.T, err)
	return in
}

// WriteDown writes an incident into the records and starts nothing, as if whoever asked
// had died between the two. Its people are tried for as long as the horizon.
func (w *World) WriteDown(a desk.Alarm, horizon time.Duration) store.Incident {
	w.T.Helper()
	policy, err := desk.PolicyOf(w.Desk().Vars, access.Incident)
	require.NoError(w.T, err)
	policy.Horizon = horizon
	body, err := json.Marshal(policy)
	require.NoError(w.T, err)
	in := store.Incident{ID: "I-" + Unique(), Key: a.Key, Requester: a.By, Words: a.Words, Policy: body, OpenedAt: time.Now()}
	require.NoError(w.T, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		in, _, err = tx.OpenIncident(w.Ctx, in, a.Principals)
		return err
	}))
	return in
}

// Disbanded waits until the workflow of an incident has nothing left to do.
func (w *World) Disbanded(id string) activities.Disbanded {
	w.T.Helper()
	var out activities.Disbanded
	require.NoError(w.T, w.Parts.Temporal.GetWorkflow(w.Ctx, workflows.IncidentID(id), "").Get(w.Ctx, &out))
	w.recordAs(workflows.IncidentID(id), fmt.Sprintf("-took-%d", out.Taken))
	return out
}

// People are those of an incident, by their place.
func (w *World) People(id string) []store.IncidentPerson {
	w.T.Helper()
	people, err := w.Parts.Store.IncidentPeople(w.Ctx, id)
	require.NoError(w.T, err)
	return people
}
