package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/store"
)

func TestPeopleFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in       string
		want     []namedPerson
		problems []string
	}{
		"the least":            {in: "principal\nE1\nE2\n", want: []namedPerson{{"E1", 2}, {"E2", 3}}},
		"with what is unused":  {in: "name,principal\nAda,E1\n", want: []namedPerson{{"E1", 2}}},
		"JSON":                 {in: "[{\"principal\": \"E1\"},\n{\"principal\": \"E2\", \"login\": \"bob\"}]", want: []namedPerson{{"E1", 1}, {"E2", 2}}},
		"JSON, an object":      {in: `{"principals": [{"principal": "E1"}]}`, want: []namedPerson{{"E1", 1}}},
		"nobody":               {in: "principal\n"},
		"an id that is none":   {in: "principal\nE1\n\"E\t2\"\n", want: []namedPerson{{"E1", 2}}, problems: []string{"line 3, column 1 (principal): it has a character at byte 2 that cannot be seen: U+0009"}},
		"a line without an id": {in: "name,principal\nAda,\n", problems: []string{"line 2, column 5 (principal): it is empty"}},
		"ids without a header": {in: "E1\nE2\n", problems: []string{`line 1, column 1: there is no column "e1"; there are: principal, login, name, email`, `line 1, column 1: the column "principal" is missing from the header`}},
		"an object of nothing": {in: `{}`, problems: []string{`line 1, column 1: the list "principals" is missing`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := readPeople(document(c.in), "-")
			var said []string
			for _, p := range problems {
				said = append(said, p.String())
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.problems, said)
		})
	}
}

func TestStrikeStanding(t *testing.T) {
	t.Parallel()
	at := time.Now()
	taken := func(change func(*store.IncidentPerson)) store.IncidentPerson {
		p := store.IncidentPerson{State: store.PersonTaken, CaseID: "c", Status: access.CaseOpen}
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		in           store.IncidentPerson
		state, words string
	}{
		"waiting":                        {store.IncidentPerson{State: store.PersonWaiting, Words: "busy"}, strikeWaiting, "busy"},
		"given up":                       {store.IncidentPerson{State: store.PersonGivenUp, Words: "no"}, strikeGivenUp, "no"},
		"its case is not written yet":    {store.IncidentPerson{State: store.PersonTaken, CaseID: "c"}, strikeContaining, ""},
		"containing":                     {taken(func(*store.IncidentPerson) {}), strikeContaining, ""},
		"a silent connection":            {taken(func(p *store.IncidentPerson) { p.Silent, p.Tasks, p.Locked = []string{"a", "b"}, 2, 3 }), strikePartly, "3 accounts are locked; could not be asked: a, b"},
		"and something to do elsewhere":  {taken(func(p *store.IncidentPerson) { p.Silent, p.Locked, p.Open = []string{"a"}, 1, 2 }), strikeStuck, "1 account is locked and 2 not yet; could not be asked: a"},
		"something blocks":               {taken(func(p *store.IncidentPerson) { p.Tasks, p.Task = 1, "pg/ada: no" }), strikeStuck, "pg/ada: no"},
		"contained":                      {taken(func(p *store.IncidentPerson) { p.ContainedAt = at }), strikeContained, ""},
		"contained, and something else":  {taken(func(p *store.IncidentPerson) { p.ContainedAt, p.Tasks, p.Task = at, 1, "pg/ada: no" }), strikeContained, "pg/ada: no"},
		"closed clean, with no accounts": {taken(func(p *store.IncidentPerson) { p.Status = access.CaseClean }), strikeContained, ""},
		"cancelled before":               {taken(func(p *store.IncidentPerson) { p.Status = access.CaseCancelled }), strikeOver, "cancelled"},
	} {
		state, words := strikeStanding(c.in)
		require.Equal(t, []string{c.state, c.words}, []string{state, words}, name)
	}
}

func TestAnIncidentIsDoneWhenEverybodyIsContained(t *testing.T) {
	t.Parallel()
	at := time.Now()
	in := store.Incident{ID: "I-1", OpenedAt: at}
	people := []store.IncidentPerson{{State: store.PersonTaken, CaseID: "a", ContainedAt: at.Add(time.Second)}, {State: store.PersonTaken, CaseID: "b", ContainedAt: at.Add(3 * time.Second)}}
	l := incidentPicture(in, people)
	require.NoError(t, l.done())
	require.Equal(t, at.Add(3*time.Second), l.ContainedAt)
	l.Absent = []absentLine{{Principal: "E3"}}
	require.Equal(t, exit(exitOpen), l.done(), "somebody was left out")
	people[0].ContainedAt = time.Time{}
	l = incidentPicture(in, people)
	require.True(t, l.moving())
	require.Zero(t, l.ContainedAt)
	require.Equal(t, exit(exitOpen), l.done())
	require.Equal(t, "1 containing, 1 contained", l.words())
}

// Nothing is asked of anybody before the words of an incident make sense.
func TestBadIncidents(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(file, []byte("principal\nE1\n\"\"\nE3\nE 4 \n"), 0o600))
	vars := nowhere(t)
	for name, c := range map[string]struct {
		vars config.Vars
		args []string
		says string
	}{
		"nobody":               {nil, nil, "nobody is named"},
		"an empty id":          {nil, []string{""}, "the principal is empty"},
		"a malicious id":       {nil, []string{"E1\x1b[31m"}, "cannot be seen: U+001B"},
		"words with controls":  {nil, []string{"E1", "--why", "a\x07b"}, "what happened has a character"},
		"a ticket with breaks": {nil, []string{"E1", "--ticket", "a\nb"}, "the ticket has a character"},
		"a rule that is none":  {nil, []string{"E1", "--shared", "lock"}, `shared is "lock": choose task or rotate`},
		"a file not there":     {nil, []string{"--file", "/nonexistent"}, "no such file"},
		"a file with mistakes": {nil, []string{"--file", file}, "2 mistakes, nothing was started\n  line 3, column 1 (principal): it is empty\n  line 5, column 1 (principal): it begins or ends with a space"},
		"a limit that is none": {config.Vars{"SEVER_INCIDENT_LIMIT": "many"}, []string{"E1"}, "SEVER_INCIDENT_LIMIT"},
		"not a requester":      {config.Vars{"SEVER_ROLE_REQUESTER": "soc"}, []string{"E1"}, "alice may not request the end of somebody's access"},
		"a status of nothing":  {nil, []string{"status", "a\x00"}, "the incident has a character"},
		"following nothing":    {nil, []string{"status", "--follow"}, "--follow needs an incident"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := sever(t.Context(), vars.With(c.vars), "", append([]string{"incident"}, c.args...)...)
			require.Equal(t, exitBadInput, a.code, a.out+a.err)
			require.Contains(t, a.err, c.says)
		})
	}
}

// striking ends the access of several people at once, by all the ways of naming them.
func striking(t *testing.T, w *world) {
	for id, account := range map[string]string{"IC1": "inga", "IC2": "ingo", "IC3": "ines"} {
		w.hire(t, id, account, "")
	}
	a := w.sever(t, "", "incident", "IC1", "IC9", "--dry-run")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, `the access of 1 person cannot be ended, nothing was started`)
	require.Contains(t, a.err, `IC9: there is no principal "IC9" on record`)
	require.Contains(t, a.err, "next: or go on without them, and look after them yourself: --partial")
	a = w.sever(t, "principal\nIC2\nIC1\n", "incident", "IC1", "--file", "-", "--account", "pg-main/ines", "--dry-run")
	require.Equal(t, exitOK, a.code, a.err)
	require.Contains(t, a.out, "Incident of 3 people")
	require.Contains(t, a.out, "INGO (IC2) (standard input, line 2)")
	require.Contains(t, a.out, "INES (IC3) (--account pg-main/ines)")
	narrow := config.Vars{"SEVER_INCIDENT_LIMIT": "2"}
	a = w.with(t, narrow, "", "incident", "IC1", "IC2", "IC3")
	require.Equal(t, exitBadInput, a.code)
	require.Contains(t, a.err, "then say so: --yes 3")
	a = w.sever(t, "", "incident", "IC1", "IC2", "--yes", "3")
	require.Contains(t, a.err, "--yes says 3, and this incident is about 2 people")
	for _, account := range []string{"inga", "ingo", "ines"} {
		can, _ := w.canLogIn(t, account)
		require.True(t, can, "nothing was started")
	}

	args := []string{"incident", "IC1", "IC2", "IC9", "--account", "pg-main/ines", "--partial", "--yes", "3", "--why", "leaked laptop", "--hold", "forensics", "--key", "siem-1", "--wait"}
	l := must[incidentLine](t, w, narrow, exitOpen, args...)
	require.Equal(t, map[string]int{strikeContained: 3}, l.Standing)
	require.Equal(t, []absentLine{{Principal: "IC9", Why: `there is no principal "IC9" on record`}}, l.Absent)
	require.NotZero(t, l.ContainedAt)
	for _, account := range []string{"inga", "ingo", "ines"} {
		can, there := w.canLogIn(t, account)
		require.True(t, there && !can, "%s is locked, and held", account)
	}
	require.Equal(t, l.Incident, must[incidentLine](t, w, narrow, exitOpen, args...).Incident, "the same key is the same incident")
	a = w.sever(t, "", "incident", "IC1", "--key", "siem-1")
	require.Equal(t, exitBadInput, a.code, a.err)
	require.Contains(t, a.err, `the key "siem-1" was used before, for incident `+l.Incident)

	shown := w.sever(t, "", "incident", "status", l.Incident)
	require.Equal(t, exitOK, shown.code, "everybody who is in it is contained: %s", shown.out)
	require.Contains(t, shown.out, "Everybody is contained")
	require.Contains(t, shown.out, "leaked laptop")
	require.Contains(t, w.sever(t, "", "incident", "status").out, l.Incident)
	require.Contains(t, w.sever(t, "", "audit", "show", l.People[0].Case).out, "incident "+l.Incident)
	require.Contains(t, w.sever(t, "", "audit", "show", "house").out, "asked for the access of 3 people to end at once, incident "+l.Incident)
	for _, p := range l.People {
		require.Equal(t, exitOK, w.sever(t, "", "cancel", p.Case, "--wait").code, "the other tests count what is open")
	}
}

// holding finds out whose an account is, and never guesses.
func holding(t *testing.T, w *world) {
	w.hire(t, "HH1", "hanna", "create role team_h login password 'x'")
	both := "principal,connection,account\nHH1,pg-main,team_h\nHH2,pg-main,team_h\n"
	require.Equal(t, exitOK, w.sever(t, both, "identities", "import", "-").code)
	for account, says := range map[string]string{
		"pg-main/nobody_h": `nobody is known to have account "nobody_h" at pg-main`,
		"pg-main/Hanna":    "names are compared letter for letter",
		"pg-main/team_h":   "is used by HH1, HH2: what others use too is never locked",
		"pg-mian/hanna":    `there is no connection "pg-mian"`,
		"hanna":            `"hanna" names no account`,
	} {
		a := w.sever(t, "", "incident", "--account", account, "--dry-run")
		require.Equal(t, exitBadInput, a.code, account)
		require.Contains(t, a.err, says)
	}
	require.Contains(t, w.sever(t, "", "incident", "--account", "pg-main/team_h").err, "sever incident HH1 HH2 --shared rotate")
	require.Contains(t, w.sever(t, "", "incident", "--account", "pg-main/hanna", "--dry-run").out, "HANNA (HH1)")
}
