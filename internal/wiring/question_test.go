package wiring_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// asked waits until the case waits for an answer, and returns the question.
func asked(t *testing.T, w *severtest.World, caseID string) store.Question {
	t.Helper()
	p := w.Reaches(ada, "waits for people", severtest.InPhase(workflows.PhasePeople))
	questions, err := w.Parts.Store.Questions(w.Ctx, store.QuestionFilter{Principal: ada, Open: true})
	require.NoError(t, err)
	require.Len(t, questions, 1)
	q := questions[0]
	require.Equal(t, caseID, q.CaseID)

	last, err := w.Parts.Store.Plan(w.Ctx, caseID, p.Plans[len(p.Plans)-1].No)
	require.NoError(t, err)
	require.Contains(t, string(last.Body), `"questions":[{"id":`, "the plan shows it")
	tasks, err := w.Parts.Store.TasksOf(w.Ctx, caseID)
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Equal(t, q.Words, tasks[0].Words)
	require.Contains(t, tasks[0].Next, "sever identities confirm ")
	return q
}

// answer says yes or no as the command does, and nudges the case.
func answer(t *testing.T, w *severtest.World, q store.Question, yes bool) {
	t.Helper()
	var waits string
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) (err error) {
		say := tx.Reject
		if yes {
			say = tx.Confirm
		}
		waits, err = say(w.Ctx, q, "dba", "asked her")
		return err
	}))
	require.Equal(t, q.CaseID, waits)
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba", Why: "the question is answered"}))
}

// otherLetters is a link to an account whose name differs in large and small letters.
func otherLetters(t *testing.T) (*severtest.World, *memory.System) {
	t.Helper()
	hers := hers()
	hers.Name = "Ada"
	conn, system := severtest.InMemory(t, hers)
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns(ada, access.Ref{Connection: conn.Name, Name: "ada"})
	return w, system
}

func TestAConfirmedAccountIsEnded(t *testing.T) {
	t.Parallel()
	w, system := otherLetters(t)
	got := w.Submit(ada, "key-1")
	q := asked(t, w, got.Case)
	require.Equal(t, system.Ref("Ada"), q.Ref)
	require.Empty(t, system.Writes(), "nothing is done to an account in question")
	require.Equal(t, map[string]access.Outcome{"ada": access.AlreadyGone}, w.Outcomes(got.Case))

	answer(t, w, q, true)
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
	require.Equal(t, map[string]access.Outcome{"ada": access.AlreadyGone, "Ada": access.Removed}, w.Outcomes(got.Case))
	require.Empty(t, system.World())
	require.Contains(t, w.Tale(got.Case), audit.IdentityConfirmed)
	require.Contains(t, w.Tale(audit.House), audit.IdentityConfirmed)
	links, err := w.Parts.Store.IdentitiesOf(w.Ctx, ada, q.Connection)
	require.NoError(t, err)
	require.Contains(t, links, access.Identity{Principal: ada, Connection: q.Connection, Account: "Ada", Evidence: access.Confirmed, Source: "dba"})
}

func TestARejectedAccountIsLeftAlone(t *testing.T) {
	t.Parallel()
	w, system := otherLetters(t)
	got := w.Submit(ada, "key-1")
	q := asked(t, w, got.Case)
	answer(t, w, q, false)
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
	require.Empty(t, system.Writes())
	require.Len(t, system.World(), 1)
	require.Contains(t, w.Tale(got.Case), audit.IdentityRejected)

	again := w.Submit(ada, "key-2")
	require.Equal(t, workflows.Result{Case: again.Case, Status: access.CaseClean}, w.Ends(ada), "it is not asked again")
}

// A case cannot end around a question, also when a person waives the account that is
// known; a waiver of the whole connection covers it.
func TestAQuestionKeepsTheCaseOpen(t *testing.T) {
	t.Parallel()
	w, system := otherLetters(t)
	got := w.Submit(ada, "key-1")
	q := asked(t, w, got.Case)
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	w.Reaches(ada, "still waits", func(p workflows.Progress) bool { return len(p.Plans) > 1 && p.Phase == workflows.PhasePeople })
	require.NoError(t, w.Say(ada, workflows.UpdateWaive, workflows.Decision{By: "cto", Why: "scrapped", Connection: q.Connection}))
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseExceptions}, w.Ends(ada))
	require.Empty(t, system.Writes())
	tasks, err := w.Parts.Store.TasksOf(w.Ctx, got.Case)
	require.NoError(t, err)
	require.Equal(t, "cto", tasks[0].ClosedBy)
}

func TestARecycledNameIsAQuestion(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	w.Submit(ada, "key-1")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)

	system.Add(memory.Account{Name: "ada", Password: "somebody else's"})
	w.Policy.RetryEvery = time.Hour
	second := w.Submit(ada, "key-2")
	q := asked(t, w, second.Case)
	require.Equal(t, string(plan.MadeAgain), q.Kind)
	require.Equal(t, system.Ref("ada"), q.Ref)
	answer(t, w, q, true)
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
}

// Restoring makes an account of another id. It is the same one for its links.
func TestAnAccountThatWasGivenBackIsNoQuestion(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	w := severtest.New(t, conn)
	w.Owns(ada, system.Ref("ada"))
	w.Policy.SecondLook = time.Hour
	w.Submit(ada, "key-1")
	w.Reaches(ada, "proven", severtest.InPhase(workflows.PhaseSecondLook))
	require.NoError(t, w.Say(ada, workflows.UpdateCancel, workflows.Decision{By: "hr@example.com", Why: "wrong person"}))
	require.Equal(t, access.CaseCancelled, w.Ends(ada).Status)
	require.Len(t, system.World(), 1)
	w.Policy.SecondLook = 300 * time.Millisecond
	w.Submit(ada, "key-2")
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
}

func TestNamesByRule(t *testing.T) {
	t.Parallel()
	nw := hers()
	nw.Name = "NW1_ada"
	conn, system := severtest.InMemory(t, nw, memory.Account{Name: "ada", Password: "whose?"})
	var err error
	conn.Names, err = plan.ParseRules("{{.Login}},{{.Hosting}}_{{.Login}}")
	require.NoError(t, err)
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		_, err := tx.AcceptRoster(w.Ctx, store.Roster{Source: "hr", SHA256: "sum", By: "hr"}, []store.Entry{
			{Principal: access.Principal{ID: ada, Login: "ada"}, Attributes: map[string]string{"Hosting": "NW1"}},
			{Principal: access.Principal{ID: "E2", Login: "ada"}, Attributes: map[string]string{"Hosting": "NW2"}}})
		return err
	}))
	got := w.Submit(ada, "key-1")
	q := asked(t, w, got.Case)
	require.Equal(t, string(plan.Contested), q.Kind)
	require.Equal(t, "the rule {{.Login}} gives ada, and E2 has the name by a rule: is it hers?", q.Words)
	require.Equal(t, map[string]access.Outcome{"NW1_ada": access.Removed}, w.Outcomes(got.Case), "the rest goes on")

	// A corrected roster settles it: the other one has another login.
	require.NoError(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		return tx.UpsertPrincipals(w.Ctx, []access.Principal{{ID: "E2", Login: "ada.two"}})
	}))
	require.NoError(t, w.Say(ada, workflows.UpdateRetry, workflows.Decision{By: "dba"}))
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Empty(t, system.World())
	q, err = w.Parts.Store.Question(w.Ctx, q.ID)
	require.NoError(t, err)
	require.Equal(t, store.WithdrawnByUs, q.Decision)
}

func TestARuleThatNeedsMoreIsAQuestion(t *testing.T) {
	t.Parallel()
	conn, system := severtest.InMemory(t, hers())
	var err error
	conn.Names, err = plan.ParseRules("{{.Hosting}}_{{.Login}}")
	require.NoError(t, err)
	w := severtest.New(t, conn)
	w.Policy.RetryEvery = time.Hour
	w.Owns(ada, system.Ref("ada"))
	got := w.Submit(ada, "key-1")
	w.Reaches(ada, "waits for people", severtest.InPhase(workflows.PhasePeople))
	require.Equal(t, map[string]access.Outcome{"ada": access.Removed}, w.Outcomes(got.Case))
	questions, err := w.Parts.Store.Questions(w.Ctx, store.QuestionFilter{Open: true})
	require.NoError(t, err)
	require.Equal(t, "the rule {{.Hosting}}_{{.Login}} needs Hosting and Login, and the roster has none for her", questions[0].Words)
	require.ErrorIs(t, w.Parts.Store.Do(w.Ctx, func(tx *store.Tx) error {
		_, err := tx.Confirm(w.Ctx, questions[0], "dba", "")
		return err
	}), store.ErrNoAccount)
	answer(t, w, questions[0], false)
	require.Equal(t, workflows.Result{Case: got.Case, Status: access.CaseClean}, w.Ends(ada))
}
