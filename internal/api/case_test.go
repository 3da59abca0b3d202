package api_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/dossier"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/evidence"
	"github.com/severhq/sever/internal/provider/memory"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// TestCases is about what is put to cases. There is one ordinary queue, so there is one
// world for all of it.
func TestCases(t *testing.T) {
	t.Parallel()
	w := newWorld(t, memory.Account{Name: "ada"}, memory.Account{Name: "bob"}, memory.Account{Name: "cy"})
	w.takesCases()
	w.owns(t, "E1", "ada")
	w.owns(t, "E2", "bob")
	w.owns(t, "E3", "cy")
	hr, anna, olaf, audrey := w.token(t, "hr", "requester"), w.token(t, "anna", "approver"), w.token(t, "olaf", "operator"), w.token(t, "audrey", "auditor")
	w.desk.Vars["SEVER_APPROVAL"] = "always"
	seed := w.Parts.Notary.Key.Seed()
	w.serve(t, api.Options{Evidence: dossier.Settings{Key: config.NewSecret(base64.StdEncoding.EncodeToString(seed)), Checkpoints: w.Parts.Notary.File}})

	t.Run("from the order to the proof", func(t *testing.T) {
		opened := post[desk.Opened](t, w, hr, "/v1/cases", `{"principal": "E1", "reason": "hr", "ticket": "HR-1"}`)
		require.Equal(t, access.PrincipalID("E1"), opened.Principal)
		plan := w.waits(t, opened.Case)
		require.Equal(t, "hr", w.caseOf(t, opened.Case).Requester)

		done := post[desk.Decided](t, w, anna, "/v1/cases/"+opened.Case+"/approve", `{"plan": "`+plan[:8]+`", "reason": "read"}`)
		require.Equal(t, desk.Decided{Case: opened.Case, Decision: "approve", By: "anna", Plan: plan}, done)
		require.Eventually(t, func() bool { return w.caseOf(t, opened.Case).Status == access.CaseClean }, time.Minute, 10*time.Millisecond)

		p := document[paper.Picture](t, w.ask(t, audrey, http.MethodGet, "/v1/cases/E1", ""))
		require.Equal(t, paper.StandsClean, p.Standing)
		require.Equal(t, access.Removed, p.Accounts[0].Outcome)
		require.Equal(t, "HR-1", p.Ticket)
		plans := document[paper.Plans](t, w.ask(t, audrey, http.MethodGet, "/v1/cases/"+opened.Case+"/plans?plan="+plan[:12], ""))
		require.Equal(t, plan, plans.Plans[0].Hash)
		list := document[paper.CaseList](t, w.ask(t, audrey, http.MethodGet, "/v1/cases?status=clean&principal=E1", ""))
		require.Len(t, list.Cases, 1)

		// The pack is verified by whoever has the public key, and nothing else of us.
		a := w.ask(t, audrey, http.MethodGet, "/v1/cases/"+opened.Case+"/evidence", "")
		require.Equal(t, http.StatusOK, a.status, a.text)
		require.Equal(t, "application/zip", a.header.Get("Content-Type"))
		require.Equal(t, "true", a.header.Get("Sever-Whole"))
		public, _ := w.Parts.Notary.Key.Public().(ed25519.PublicKey)
		report := evidence.Verify(strings.NewReader(a.text), int64(len(a.text)), []ed25519.PublicKey{public})
		require.True(t, report.OK(), "%+v", report.Findings)
		require.Equal(t, opened.Case, report.Case)
		other, _, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		require.False(t, evidence.Verify(strings.NewReader(a.text), int64(len(a.text)), []ed25519.PublicKey{other}).OK())
		verdict := document[audit.Report](t, w.ask(t, audrey, http.MethodGet, "/v1/audit/verify?case="+opened.Case, ""))
		require.True(t, verdict.OK())
		trail := document[paper.Trail](t, w.ask(t, audrey, http.MethodGet, "/v1/cases/"+opened.Case+"/trail?limit=1000", ""))
		var took []string
		for _, row := range trail.Rows {
			if row.Kind == audit.EvidenceRead {
				took = append(took, row.Actor)
			}
		}
		require.Equal(t, []string{"audrey"}, took)
	})

	t.Run("a dry run changes nothing", func(t *testing.T) {
		plans := post[paper.Plans](t, w, hr, "/v1/previews", `{"principal": "E3", "reason": "incident"}`)
		require.True(t, plans.Plans[0].NothingDone)
		require.NotEmpty(t, plans.Plans[0].Steps)
		again := document[paper.Plans](t, w.ask(t, audrey, http.MethodGet, "/v1/cases/"+plans.Case+"/plans", ""))
		require.Equal(t, plans.Plans[0].Hash, again.Plans[0].Hash)
		_, err := w.Parts.Store.OpenCaseOf(t.Context(), "E3")
		require.ErrorIs(t, err, store.ErrNotFound)
		post[workflows.Reconciled](t, w, olaf, "/v1/reconcile", "")
	})

	t.Run("a request that is repeated is done once", func(t *testing.T) {
		order := `{"principal": "E2", "reason": "hr"}`
		first := w.ask(t, hr, http.MethodPost, "/v1/cases", order, "Idempotency-Key", "k1")
		again := w.ask(t, hr, http.MethodPost, "/v1/cases", order, "Idempotency-Key", "k1")
		require.Equal(t, http.StatusOK, first.status, first.text)
		require.Empty(t, first.header.Get("Idempotency-Replayed"))
		require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
		require.Equal(t, first.text, again.text)
		other := w.ask(t, hr, http.MethodPost, "/v1/cases", `{"principal": "E3", "reason": "hr"}`, "Idempotency-Key", "k1")
		require.Equal(t, http.StatusUnprocessableEntity, other.status)
		require.Equal(t, "urn:sever:problem:key-reused", other.problem(t).Type)
		elsewhere := w.ask(t, hr, http.MethodPost, "/v1/cases/E2/hold", "", "Idempotency-Key", "k1")
		require.Equal(t, http.StatusForbidden, elsewhere.status, "who may not learns nothing about keys")

		// Somebody else's key of the same text is another one.
		both := w.token(t, "it", "requester")
		theirs := post[desk.Opened](t, w, both, "/v1/cases", order, "Idempotency-Key", "k1")
		require.True(t, theirs.Joined)
	})

	t.Run("a decision that is repeated is taken once", func(t *testing.T) {
		plan := w.waits(t, "E2")
		held := `{"reason": "the lawyers ask"}`
		for range 2 {
			post[desk.Decided](t, w, olaf, "/v1/cases/E2/hold", held, "Idempotency-Key", "h")
		}
		post[desk.Decided](t, w, olaf, "/v1/cases/E2/resume", "", "Idempotency-Key", "r")
		approval := `{"plan": "` + plan + `"}`
		first := w.ask(t, anna, http.MethodPost, "/v1/cases/E2/approve", approval, "Idempotency-Key", "a")
		require.Equal(t, http.StatusOK, first.status, first.text)
		again := w.ask(t, anna, http.MethodPost, "/v1/cases/E2/approve", approval, "Idempotency-Key", "a")
		require.Equal(t, first.text, again.text)
		// Without the key it is another word, and comes too late.
		require.Equal(t, http.StatusConflict, w.ask(t, anna, http.MethodPost, "/v1/cases/E2/approve", approval).status)
		holds := 0
		c := w.caseOf(t, "E2")
		for row, err := range w.Parts.Store.Events(t.Context(), c.ID, 1) {
			require.NoError(t, err)
			if row.Kind == "decision.hold" {
				holds++
				require.Equal(t, "olaf", row.Actor)
			}
		}
		require.Equal(t, 1, holds)
	})

	t.Run("who requested cannot approve, by whatever token", func(t *testing.T) {
		post[desk.Opened](t, w, hr, "/v1/cases", `{"principal": "E3", "reason": "hr"}`)
		plan := w.waits(t, "E3")
		other := w.token(t, " HR "[1:3], "approver")
		a := w.ask(t, other, http.MethodPost, "/v1/cases/E3/approve", `{"plan": "`+plan+`"}`)
		require.Equal(t, http.StatusForbidden, a.status, a.text)
		require.Contains(t, a.problem(t).Detail, "somebody else has to approve it")
	})

	t.Run("what the case or the records refuse", func(t *testing.T) {
		for name, c := range map[string]struct {
			token, path, body string
			status            int
			says              string
		}{
			"nobody of that id":      {hr, "/v1/cases", `{"principal": "E9", "reason": "hr"}`, 404, `there is no principal "E9"`},
			"no such case":           {olaf, "/v1/cases/C-nope/hold", "", 404, `there is no case "C-nope"`},
			"a time that has gone":   {hr, "/v1/cases", `{"principal": "E1", "reason": "hr", "at": "1999-01-01T00:00:00Z"}`, 422, "is not in the future"},
			"a grace that is none":   {hr, "/v1/cases", `{"principal": "E1", "reason": "hr", "grace": "soon"}`, 422, `"soon" is no length of time`},
			"nobody to succeed":      {hr, "/v1/cases", `{"principal": "E1", "reason": "hr", "successors": {"nope": "x"}}`, 422, `there is no connection "nope"`},
			"a plan that is none":    {anna, "/v1/cases/E3/approve", `{"plan": "ffffffffffff"}`, 404, "no plan of case"},
			"a case that is over":    {olaf, "/v1/cases/E1/cancel", "", 409, "is not open: it is clean"},
			"nothing there to waive": {olaf, "/v1/cases/E3/waive", `{"subject": "x/y", "reason": "z"}`, 404, "has no account and no connection"},
			"a name with a bell":     {hr, "/v1/cases", `{"principal": "E1\u0007", "reason": "hr"}`, 422, "cannot be seen: U+0007"},
			"an open case":           {olaf, "/v1/cases/E3/reinstate", `{"reason": "back"}`, 409, "is open"},
		} {
			a := w.ask(t, c.token, http.MethodPost, c.path, c.body)
			require.Equal(t, c.status, a.status, "%s: %s", name, a.text)
			require.Contains(t, a.problem(t).Detail, c.says, name)
		}
	})
}

func (w *world) caseOf(t *testing.T, what string) store.Case {
	t.Helper()
	c, err := desk.Find(t.Context(), w.Parts.Store, what)
	require.NoError(t, err)
	return c
}

// waits is the hash of the plan that waits for a word.
func (w *world) waits(t *testing.T, what string) (hash string) {
	t.Helper()
	require.Eventually(t, func() bool {
		c, err := desk.Find(t.Context(), w.Parts.Store, what)
		if err != nil {
			return false
		}
		plans, err := w.Parts.Store.LatestPlans(t.Context(), c.ID)
		for _, p := range plans {
			if p.Status == store.PlanWaiting {
				hash = p.Hash
			}
		}
		return err == nil && hash != ""
	}, time.Minute, 10*time.Millisecond)
	return hash
}
