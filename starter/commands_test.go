package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/dev/leaver"
	"github.com/severhq/sever/internal/store"
)

// TestCommands drives the whole program against a real Temporal server, real records
// and a real server with people on it.
func TestCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Run("side by side", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *world){
			"ada leaves": adaLeaves,
			"what cannot be removed keeps the case open":   bobStays,
			"a plan waits for somebody else's word":        approval,
			"a denied plan does nothing":                   denial,
			"a guard puts a case into quarantine":          quarantine,
			"a plan is checked by its exit code":           checks,
			"a case is held, and goes on":                  hold,
			"cancelling gives back what was taken":         cancelling,
			"the same key is the same case":                sameKey,
			"a more urgent reason escalates":               escalation,
			"a case waits for its date":                    dated,
			"what she could know keeps the case open":      followUps,
			"nobody calls done what the systems can show":  byItself,
			"what is not given back is done by hand":       undoneByHand,
			"a closed case is given back":                  reinstating,
			"a case waits out its grace":                   graced,
			"sweeps are asked for over HTTP":               sweepingFromAfar,
			"an identity that leads nowhere is refused":    nowhereToLook,
			"an import says what it changes":               imports,
			"a question waits for its answer":              question,
			"a case that is not there, and one that ended": strangers,
			"many people at once":                          striking,
			"whose an account is, is never guessed":        holding,
			"a directory has somebody no longer":           directing,
			"a directory has somebody again":               comingBack,
			"a sweep finds what nobody has issued":         sweeping,
			"a sweep that makes no sense is refused":       badSweeps,
			"a sweep compares with what is allowed":        entitled,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, w)
			})
		}
	})
	t.Run("a case becomes an evidence pack", func(t *testing.T) { onePack(t, w) })
	t.Run("every case becomes one that is whole", func(t *testing.T) { packs(t, w) })
	t.Run("a changed trail is found", func(t *testing.T) { tampering(t, w) })
}

const rosterFile = `principal,connection,account,name,email
E1042,pg-main,ada,Ada Lovelace,ada@example.com
E2077,pg-main,bob,Bob Babbage,bob@example.com
E2077,pg-main,svc_billing,Bob Babbage,bob@example.com
`

func adaLeaves(t *testing.T, w *world) {
	require.Equal(t, exitOK, w.sever(t, rosterFile, "identities", "import", "-", "--as", "hr").code)
	require.Equal(t, exitOK, w.sever(t, "", "preflight").code)

	dry := must[paper.Plans](t, w, nil, exitOK, "offboard", adaID, "--reason", "hr", "--dry-run", "--successor", "pg-main=grace")
	require.Len(t, dry.Plans, 1)
	require.True(t, dry.Plans[0].NothingDone)
	require.Equal(t, store.PlanDryRun, dry.Plans[0].Status)
	var words []string
	for _, s := range dry.Plans[0].Steps {
		words = append(words, s.Statements...)
	}
	require.Contains(t, strings.Join(words, "\n"), `REASSIGN OWNED BY "ada" TO "grace";`)
	require.NoError(t, w.site.Login(t.Context(), leaver.Ada, "shop"), "a dry run changes nothing")

	p := must[picture](t, w, nil, exitOK, "offboard", adaID, "--reason", "hr", "--ticket", "HR-77", "--successor", "pg-main=grace", "--wait")
	require.Equal(t, paper.StandsClean, p.Standing)
	require.Equal(t, access.Removed, p.Accounts[0].Outcome)
	require.Equal(t, 2, p.Accounts[0].Proof.Look)
	require.Error(t, w.site.Login(t.Context(), leaver.Ada, "shop"))
	n, err := w.site.Count(t.Context(), leaver.Successor, "shop", "sales.orders")
	require.NoError(t, err)
	require.Equal(t, 1000, n)

	require.Equal(t, p, must[picture](t, w, nil, exitOK, "status", adaID), "status of a principal is that of the real case")
	story := w.sever(t, "", "audit", "show", p.Case)
	require.Equal(t, exitOK, story.code)
	for _, words := range []string{"+0.0 s  alice opened the case for E1042, reason hr, ticket HR-77", "Removed\n", "what pg-main/ada owned in shop and warehouse was handed to grace", "the case is closed: clean"} {
		require.Contains(t, story.out, words)
	}
	report := must[audit.Report](t, w, nil, exitOK, "audit", "verify", p.Case)
	require.Empty(t, report.Findings)
	require.Positive(t, report.Rows)
}

func bobStays(t *testing.T, w *world) {
	w.hire(t, "B1", "blocked_bob", "create table blocked_bobs (n int); alter table blocked_bobs owner to blocked_bob; create role svc_blocked login")
	require.Equal(t, exitOK, w.sever(t, "principal,connection,account\nB1,pg-main,svc_blocked\n", "identities", "import", "-").code)
	a := w.sever(t, "", "offboard", "B1", "--reason", "hr", "--wait")
	require.Equal(t, exitOpen, a.code, a.out+a.err)
	for _, words := range []string{"needs people: not clean yet; 1 contained but not removed, 1 protected and untouched", "blocked_bob owns table public.blocked_bobs there",
		`REASSIGN OWNED BY "blocked_bob" TO "SUCCESSOR";`, "--successor pg-main=ACCOUNT", "matches the protected pattern svc_*"} {
		require.Contains(t, a.out, words)
	}
	can, there := w.canLogIn(t, "blocked_bob")
	require.True(t, there && !can)
	can, _ = w.canLogIn(t, "svc_blocked")
	require.True(t, can)
	require.Contains(t, w.sever(t, "", "status").out, "B1")

	p := must[picture](t, w, nil, exitOpen, "retry", "B1", "--successor", "pg-main=grace", "--wait")
	require.Equal(t, access.Removed, p.Accounts[0].Outcome)
	require.Len(t, p.Tasks, 1)

	require.Equal(t, exitBadInput, w.sever(t, "", "waive", "B1", "pg-main/nobody", "--reason", "x").code)
	require.Contains(t, w.sever(t, "", "waive", "B1", "pg-main/blocked_bob", "--reason", "x").err, "needs no waiver: it is removed")
	p = must[picture](t, w, nil, exitOpen, "waive", "B1", "pg-main/svc_blocked", "--reason", "billing runs on it", "--as", "dba", "--wait")
	require.Equal(t, access.CaseExceptions, p.Status)
	require.Contains(t, w.sever(t, "", "waive", "B1", "pg-main/svc_blocked", "--reason", "x").err, "is not open: it is closed with exceptions")
}

// always makes every plan wait for a word.
var always = config.Vars{"SEVER_APPROVAL": "always"}

func approval(t *testing.T, w *world) {
	w.hire(t, "A1", "approved_ann", "")
	p := must[picture](t, w, always, exitOpen, "offboard", "A1", "--reason", "hr", "--wait")
	require.Equal(t, paper.StandsApproval, p.Standing)
	hash := p.Plans[0].Hash
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"approve", "A1", "--plan", hash}, "alice requested case " + p.Case + ": somebody else has to approve it"},
		{[]string{"approve", "A1", "--plan", hash, "--as", "ALICE"}, "somebody else has to approve it"},
		{[]string{"approve", "A1", "--plan", "00000000", "--as", "bob"}, "no plan of case " + p.Case + " has a hash that begins with 00000000"},
		{[]string{"approve", "A1", "--plan", hash[:7], "--as", "bob"}, "is not a hash: give its first 8 characters or more"},
		{[]string{"approve", "A1", "--plan", "not-a-hash", "--as", "bob"}, "is not a hash"},
		{[]string{"approve", "A1", "--as", "bob"}, "which plan? plan 1 has hash " + hash[:12]},
		{[]string{"hold", "A1", "--as", " "}, "the acting person is empty"},
	} {
		a := w.sever(t, "", c.args...)
		require.Equal(t, exitBadInput, a.code, a.err)
		require.Contains(t, a.err, c.says)
	}
	can, _ := w.canLogIn(t, "approved_ann")
	require.True(t, can, "nothing happened")
	require.Contains(t, w.sever(t, "", "plan", "A1").out, `DROP ROLE "approved_ann";`)

	d := must[desk.Decided](t, w, nil, exitOK, "approve", "A1", "--plan", strings.ToUpper(hash[:8]), "--as", "bob", "--reason", "checked")
	require.Equal(t, desk.Decided{Case: p.Case, Decision: "approve", By: "bob", Plan: hash}, d)
	p = must[picture](t, w, nil, exitOK, "status", "A1", "--follow")
	require.Equal(t, paper.StandsClean, p.Standing)
	require.Equal(t, "bob", p.Plans[0].DecidedBy, "also when another plan has taken its place")
	require.Equal(t, hash, p.Plans[0].Hash)
}

func denial(t *testing.T, w *world) {
	w.hire(t, "D1", "denied_dora", "")
	p := must[picture](t, w, always, exitOpen, "offboard", "D1", "--reason", "hr", "--wait")
	require.Equal(t, exitOK, w.sever(t, "", "deny", "D1", "--plan", p.Plans[0].Hash, "--as", "bob", "--reason", "wrong person").code)
	a := w.sever(t, "", "approve", "D1", "--plan", p.Plans[0].Hash, "--as", "carl")
	require.Equal(t, exitBadInput, a.code)
	require.Eventually(t, func() bool { return must[picture](t, w, nil, exitOpen, "status", "D1").Standing == paper.StandsPeople }, patience, 20*time.Millisecond)
	require.Contains(t, w.sever(t, "", "status", "D1").out, "plan 1 was denied by bob: wrong person; nothing of it is done, and the access stays")
	can, _ := w.canLogIn(t, "denied_dora")
	require.True(t, can)
	require.Equal(t, exitOK, w.sever(t, "", "cancel", "D1", "--reason", "wrong person", "--wait").code)
	require.Equal(t, access.CaseCancelled, must[picture](t, w, nil, exitOpen, "status", "D1").Status)
}

func hold(t *testing.T, w *world) {
	w.hire(t, "HE1", "held_hal", "")
	must[picture](t, w, always, exitOpen, "offboard", "HE1", "--reason", "hr", "--wait")
	require.Equal(t, exitOK, w.sever(t, "", "hold", "HE1", "--reason", "legal").code)
	a := w.sever(t, "", "hold", "HE1")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "the case is held already")
	require.Equal(t, exitOK, w.sever(t, "", "resume", "HE1").code)
	require.Contains(t, w.sever(t, "", "resume", "HE1").err, "the case is not held")
	p := must[picture](t, w, nil, exitOpen, "status", "HE1")
	require.Equal(t, exitOK, w.sever(t, "", "approve", "HE1", "--plan", p.Plans[0].Hash, "--as", "bob", "--wait").code)
}

func cancelling(t *testing.T, w *world) {
	w.hire(t, "C1", "kept_kim", "create table kims (n int); alter table kims owner to kept_kim; create role kims_group; grant kims_group to kept_kim")
	require.Equal(t, exitOpen, w.sever(t, "", "offboard", "C1", "--reason", "hr", "--wait").code)
	can, _ := w.canLogIn(t, "kept_kim")
	require.False(t, can)
	a := w.sever(t, "", "cancel", "C1", "--reason", "she stays", "--as", "boss", "--wait")
	require.Equal(t, exitOK, a.code, a.out+a.err)
	require.Contains(t, a.out, "what it had taken was given back")
	can, _ = w.canLogIn(t, "kept_kim")
	require.True(t, can)
}

func sameKey(t *testing.T, w *world) {
	w.hire(t, "K1", "keyed_kay", "")
	w.hire(t, "K2", "keyed_ken", "")
	first := must[desk.Opened](t, w, always, exitOK, "offboard", "K1", "--reason", "hr", "--key", "siem-1")
	again := must[desk.Opened](t, w, always, exitOK, "offboard", "K1", "--reason", "hr", "--key", "siem-1")
	require.Equal(t, first.Case, again.Case)
	joined := must[desk.Opened](t, w, always, exitOK, "offboard", "K1", "--reason", "hr", "--key", "siem-2")
	require.Equal(t, desk.Opened{Case: first.Case, Principal: "K1", Joined: true, Key: "siem-2"}, joined)
	a := w.sever(t, "", "offboard", "K2", "--reason", "hr", "--key", "siem-1")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, `the key "siem-1" was used before, for principal K1`)
	require.Equal(t, exitOK, w.sever(t, "", "cancel", "K1", "--wait").code)
	over := must[desk.Opened](t, w, nil, exitOK, "offboard", "K1", "--reason", "hr", "--key", "siem-1")
	require.Equal(t, first.Case, over.Case, "a key of a closed case opens no other")
}

func escalation(t *testing.T, w *world) {
	w.hire(t, "U1", "urgent_uma", "")
	p := must[picture](t, w, always, exitOpen, "offboard", "U1", "--reason", "hr", "--wait")
	s := must[desk.Opened](t, w, nil, exitOK, "offboard", "U1", "--reason", "incident", "--wait=false")
	require.Equal(t, p.Case, s.Case)
	require.True(t, s.Escalated)
	p = must[picture](t, w, nil, exitOK, "status", "U1", "--follow")
	require.Equal(t, access.Incident, p.Reason)
	require.Contains(t, w.sever(t, "", "audit", "show", "U1").out, "pg-main/urgent_uma was contained, and its credential ended")
	require.Contains(t, w.sever(t, "", "audit", "show", "U1", "--all").out, "contain pg-main/urgent_uma with its credential")
	require.Contains(t, w.sever(t, "", "escalate", "U1").err, "is not open: it is clean")
}

func dated(t *testing.T, w *world) {
	w.hire(t, "T1", "timed_tim", "")
	at := time.Now().Add(48 * time.Hour).Format(time.RFC3339)
	p := must[picture](t, w, nil, exitOK, "offboard", "T1", "--reason", "hr", "--at", at, "--wait")
	require.Equal(t, paper.StandsScheduled, p.Standing)
	can, _ := w.canLogIn(t, "timed_tim")
	require.True(t, can)
	require.Equal(t, exitOK, w.sever(t, "", "escalate", "T1", "--as", "soc", "--wait").code)
	can, _ = w.canLogIn(t, "timed_tim")
	require.False(t, can)
}

func nowhereToLook(t *testing.T, w *world) {
	csv := "principal,connection,account\nN1,pg-gone,nick\n"
	a := w.sever(t, csv, "identities", "import", "-")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, `line 2, column 4 (connection): there is no connection "pg-gone"`)
	require.Empty(t, must[paper.IdentityList](t, w, nil, exitOK, "identities", "list", "--principal", "N1").Identities, "nothing was imported")

	elsewhere := config.Vars{"SEVER_CONNECTIONS": ""}
	require.Equal(t, exitOK, w.with(t, elsewhere, csv, "identities", "import", "-", "--unchecked").code)
	a = w.sever(t, "", "offboard", "N1", "--reason", "hr")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, `N1 has account nick at "pg-gone", and no such connection is configured: nobody would look there`)
	require.Equal(t, exitBadInput, w.sever(t, "", "status", "N1").code, "no case was opened")
}

func imports(t *testing.T, w *world) {
	csv := "principal,connection,account\nIM1,pg-main,ida\nIM1,pg-main,ida2\n"
	a := w.sever(t, csv, "identities", "import", "-", "--dry-run")
	require.Equal(t, exitOK, a.code)
	require.Equal(t, "+ IM1 has ida at pg-main\n+ IM1 has ida2 at pg-main\nDry run, nothing was written: 2 added, 0 changed, 0 unchanged; 1 principal.\n", a.out)
	require.Equal(t, "No identities. Import some: sever identities import FILE.csv\n", w.sever(t, "", "identities", "list", "--principal", "IM1").out)
	require.Contains(t, w.sever(t, csv, "identities", "import", "-").out, "Imported: 2 added, 0 changed, 0 unchanged; 1 principal.")
	require.Contains(t, w.sever(t, csv, "identities", "import", "-").out, "Imported: 0 added, 0 changed, 2 unchanged; 1 principal.")
	require.Contains(t, w.sever(t, "", "audit", "show", "house").out, "imported identities from standard input: 2 added, 0 changed")
	a = w.sever(t, "", "offboard", "IM1", "--reason", "hr", "--successor", "ida2")
	require.Contains(t, a.err, "ida2 at pg-main belongs to IM1: nobody can be their own successor")
}

func question(t *testing.T, w *world) {
	w.sql(t, "postgres", "create role qara login password 'x'")
	require.Equal(t, exitOK, w.sever(t, "principal,connection,account\nQA2,pg-main,Qara\n", "identities", "import", "-").code)
	p := must[picture](t, w, nil, exitOpen, "offboard", "QA2", "--reason", "hr", "--wait")
	require.Equal(t, paper.StandsPeople, p.Standing)
	require.Len(t, p.Tasks, 1)
	require.Contains(t, p.Tasks[0].Words, "the link says Qara, and there is qara: is it hers?")
	shown := w.sever(t, "", "plan", "QA2")
	require.Contains(t, shown.out, "about pg-main/qara: the link says Qara")
	require.Contains(t, shown.out, "answer: sever identities confirm ")
	require.Equal(t, exitOpen, w.sever(t, "", "plan", "QA2", "--check").code)

	var id string
	for _, q := range must[paper.QuestionList](t, w, nil, exitOK, "identities", "questions").Questions {
		if q.Principal == "QA2" {
			id = strconv.FormatInt(q.ID, 10)
		}
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"reject", id}, "a rejection needs a reason"},
		{[]string{"confirm", "QA2", "pg-main"}, "give the number of a question, or a principal, a connection and an account"},
		{[]string{"confirm", "first"}, `"first" is not the number of a question`},
		{[]string{"confirm", "999999"}, "question 999999: there is no such record"},
		{[]string{"reject", "QA2", "pg-main", "nobody", "--reason", "x"}, "nobody has asked whether nobody at pg-main belongs to QA2"},
		{[]string{"confirm", "QA2", "pg-gone", "x"}, `there is no connection "pg-gone"`},
		{[]string{"confirm", "Q9", "pg-main", "x"}, "principal Q9: there is no such record"},
	} {
		a := w.sever(t, "", append([]string{"identities"}, c.args...)...)
		require.Equal(t, exitBadInput, a.code, a.out)
		require.Contains(t, a.err, c.says)
	}
	said := must[desk.Answered](t, w, nil, exitOK, "identities", "reject", "QA2", "pg-main", "qara", "--reason", "it is QA1's", "--as", "dba")
	require.Equal(t, p.Case, said.Case)
	require.True(t, said.Nudged, said.Missed)
	p = must[picture](t, w, nil, exitOK, "status", "QA2", "--follow")
	require.Equal(t, paper.StandsClean, p.Standing)
	can, there := w.canLogIn(t, "qara")
	require.True(t, can && there)
	story := w.sever(t, "", "audit", "show", p.Case).out
	require.Contains(t, story, "said that pg-main/qara is not the principal's: it is QA1's")
	require.Contains(t, w.sever(t, "", "identities", "questions", "--all").out, "rejected by dba")

	stated := must[desk.Answered](t, w, nil, exitOK, "identities", "confirm", "QA2", "pg-main", "qara_two")
	require.Empty(t, stated.Questions)
	rules := config.Vars{"SEVER_CONN_PG_MAIN_NAMES": "x_{{.ID}}"}
	list := w.with(t, rules, "", "identities", "list", "--principal", "QA2").out
	require.Contains(t, list, "confirmed")
	require.Regexp(t, `x_QA2 .*by-rule .*generated by x_\{\{\.ID\}\}`, list)
	bad := w.with(t, config.Vars{"SEVER_CONN_PG_MAIN_NAMES": "{{.Login"}, "", "connections")
	require.Equal(t, exitBadInput, bad.code)
	require.Contains(t, bad.err, "SEVER_CONN_PG_MAIN_NAMES cannot be used: the rule")
}

func strangers(t *testing.T, w *world) {
	for _, args := range [][]string{{"status", "C-none"}, {"approve", "C-none", "--plan", "0123456789"}, {"cancel", "E9999"}, {"audit", "show", "C-none"}, {"plan", "C-none"}} {
		a := w.sever(t, "", args...)
		require.Equal(t, exitBadInput, a.code, a.err)
		require.Contains(t, a.err, "there is no case")
	}
	a := w.sever(t, "", "offboard", "e1042", "--reason", "hr")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, `there is no principal "e1042" on record`)
	require.Contains(t, a.err, "letter for letter")
}

// tampering changes one row as the owner of the database could.
func tampering(t *testing.T, w *world) {
	require.Equal(t, exitOK, w.sever(t, "", "audit", "verify", "--all").code)
	p := must[picture](t, w, nil, exitOK, "status", adaID)
	w.sql(t, w.name, `set search_path = sever; alter table audit_events disable trigger all;
		update audit_events set actor = 'mallory' where chain = '`+p.Case+`' and seq = 3`)
	a := w.sever(t, "", "audit", "verify")
	require.Equal(t, exitOpen, a.code)
	require.Contains(t, a.out, p.Case+" row 3")
	require.Contains(t, a.out, "changed")
	require.Equal(t, exitOpen, w.sever(t, "", "audit", "verify", p.Case).code)

	pack := filepath.Join(t.TempDir(), "tampered.zip")
	a = w.sever(t, "", "evidence", p.Case, "--out", pack)
	require.Equal(t, exitOpen, a.code)
	require.Contains(t, a.err, "chain.jsonl row 3")
	require.Equal(t, exitOpen, w.sever(t, "", "audit", "verify", "--pack", pack, "--key", w.publicKey(t)).code)
}
