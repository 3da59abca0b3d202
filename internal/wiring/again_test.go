package wiring_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

func TestASecondLookThatFindsSomethingOpensTheCaseAgain(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Policy.SecondLook = 3 * time.Second
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "proven", severtest.InPhase(workflows.PhaseSecondLook))
	system.Add(hers())

	p := w.Reaches(ada, "found again, waiting for a word", severtest.InPhase(workflows.PhaseQuarantine))
	require.False(t, system.World()[0].Account.Contained, "an account made again is a question for a person")
	require.NoError(t, w.Say(ada, workflows.UpdateApprove, workflows.Decision{By: "boss", Why: "it is hers", Hash: p.Plans[len(p.Plans)-1].Hash}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
	require.Contains(t, w.Tale(got.Case), audit.CaseReopened)
	w.Paired(got.Case)
}

// A case that has a long history goes on in a new run and loses nothing. The test
// clock of the SDK runs the real activities over real records.
func TestALongHistoryGoesOnInANewRun(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	submit := workflows.Submit{Case: "case-" + severtest.Unique(), Principal: ada, Policy: w.Policy, Requester: "hr"}
	submit.Policy.SecondLook = 24 * time.Hour

	run := func(state workflows.State, long bool, begin func(*testsuite.TestWorkflowEnvironment)) (*testsuite.TestWorkflowEnvironment, error) {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.SetTestTimeout(time.Minute)
		wiring.Register(env)
		env.RegisterActivity(activities.NewRecords(w.Parts.Store, w.Parts.Connections, w.Parts.Notary, w.Parts.Roles))
		env.RegisterActivity(activities.NewAccess(w.Parts.Store, w.Parts.Connections, w.Parts.Sink, w.Parts.Pace))
		env.SetContinueAsNewSuggested(long)
		begin(env)
		env.ExecuteWorkflow("OffboardPrincipal", state)
		require.True(t, env.IsWorkflowCompleted())
		return env, env.GetWorkflowError()
	}
	state := workflows.State{}
	for range 3 { // nothing is under way each time: it goes on at once
		_, err := run(state, true, func(env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(func() {
				env.UpdateWorkflow(workflows.UpdateSubmit, "key-1", &testsuite.TestUpdateCallback{
					OnAccept: func() {}, OnReject: func(err error) { require.NoError(t, err) },
					OnComplete: func(answer any, err error) {
						require.NoError(t, err)
						require.Equal(t, workflows.Submitted{Case: submit.Case}, answer, "the same answer in every run")
					},
				}, submit)
			}, 0)
		})
		var again *workflow.ContinueAsNewError
		require.ErrorAs(t, err, &again)
		state = workflows.State{}
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &state))
		require.Equal(t, submit.Case, state.Case)
	}
	env, err := run(state, false, func(*testsuite.TestWorkflowEnvironment) {})
	require.NoError(t, err)
	var result workflows.Result
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Equal(t, workflows.Result{Case: submit.Case, Status: access.CaseClean}, result)
	w.Paired(submit.Case)
}

// What is carried from run to run stays small and survives the trip unchanged.
func TestStateSurvivesItsJSON(t *testing.T) {
	t.Parallel()
	s := workflows.State{Case: "c", Principal: ada, Successors: map[string]string{"": "bob"}, Opened: true, Look: 2,
		Tracks: []workflows.Track{{Connection: "pg", State: workflows.TrackOpen, NextTry: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}},
		Inbox:  []workflows.Letter{{Key: "k", Kind: audit.DecisionHold, Decision: workflows.Decision{By: "x", Account: 3}}}}
	b, err := json.Marshal(s)
	require.NoError(t, err)
	var back workflows.State
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, s, back)
}
