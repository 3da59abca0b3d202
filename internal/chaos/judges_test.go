package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A judge that never objects is none: each is shown what it has to object to.

func at(n int) time.Time { return time.Unix(1000, 0).Add(time.Duration(n) * time.Second) }

func change(n int, what string, who ...string) seen {
	return seen{At: at(n), On: "plesk", Changes: true, What: what, Names: who}
}

func look(n int, who ...string) seen { return seen{At: at(n), On: "plesk", Names: who} }

func TestAttempts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trail []row
		wrong int
	}{
		"one after the other": {[]row{{"step/1/1/1/i", "step.intent", "a", at(1)}, {"step/1/1/1/r", "step.interrupted", "a", at(2)},
			{"step/1/1/2/i", "step.intent", "a", at(2)}, {"step/1/1/2/r", "step.result", "a", at(3)}}, 0},
		"without an end":     {[]row{{"step/1/1/1/i", "step.intent", "a", at(1)}}, 1},
		"without an intent":  {[]row{{"step/1/1/1/r", "step.result", "a", at(1)}}, 1},
		"ended twice":        {[]row{{"s/1/i", "step.intent", "a", at(1)}, {"s/1/r", "step.result", "a", at(2)}, {"s/1/x", "step.interrupted", "a", at(3)}}, 1},
		"begun twice as one": {[]row{{"s/1/i", "restore.intent", "a", at(1)}, {"s/1/j", "restore.intent", "a", at(2)}, {"s/1/r", "restore.result", "a", at(3)}}, 1},
	} {
		_, wrong := attempts(c.trail)
		require.Len(t, wrong, c.wrong, name)
	}
}

func TestCovered(t *testing.T) {
	t.Parallel()
	of := func(_ seen, name string) []string { return map[string][]string{"ann": {"plesk/ann"}}[name] }
	tried := map[string][]*attempt{"plesk/ann": {{from: at(2), to: at(4)}, {from: at(6), to: at(8)}}}
	for name, c := range map[string]struct {
		log   []seen
		wrong int
	}{
		"within":            {[]seen{change(3, "set", "ann"), change(7, "del", "ann")}, 0},
		"before the intent": {[]seen{change(1, "set", "ann")}, 1},
		"between the two":   {[]seen{change(5, "set", "ann")}, 1},
		"after the result":  {[]seen{change(9, "set", "ann")}, 1},
		"as it begins":      {[]seen{{At: at(2).Add(-time.Millisecond), On: "plesk", Changes: true, Names: []string{"ann"}}}, 0},
		"a look needs none": {[]seen{look(1, "ann")}, 0},
	} {
		require.Len(t, covered(c.log, of, tried), c.wrong, name)
	}
	require.Len(t, covered([]seen{change(3, "set", "ann")}, of, nil), 1)
	adjacent := map[string][]*attempt{"plesk/ann": {{from: at(1), to: at(2)}, {from: at(2), to: at(3)}}}
	require.Empty(t, covered([]seen{{At: at(2).Add(time.Millisecond), On: "plesk", Changes: true, Names: []string{"ann"}}}, of, adjacent))
	twice := map[string][]*attempt{"plesk/ann": {{from: at(1), to: at(4)}, {from: at(2), to: at(5)}}}
	require.Len(t, covered([]seen{change(3, "set", "ann")}, of, twice), 1, "two at once")
}

func TestRepeatedAndOutside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		log   []seen
		wrong int
	}{
		"again at once":            {[]seen{change(1, "set", "ann"), change(2, "set", "ann")}, 1},
		"again after a look":       {[]seen{change(1, "set", "ann"), look(2, "ann"), change(3, "set", "ann")}, 0},
		"again after a list":       {[]seen{change(1, "set", "ann"), look(2), change(3, "set", "ann")}, 0},
		"a look at somebody else":  {[]seen{change(1, "set", "ann"), look(2, "bob"), change(3, "set", "ann")}, 1},
		"the same of another":      {[]seen{change(1, "end 7", "ann"), change(2, "end 7", "bob")}, 0},
		"another change":           {[]seen{change(1, "set", "ann"), change(2, "del", "ann")}, 0},
		"out of order in the list": {[]seen{change(3, "set", "ann"), change(1, "set", "ann"), look(2, "ann")}, 0},
	} {
		require.Len(t, repeated(c.log), c.wrong, name)
	}
	leaves := func(name string) bool { return name == "ann" }
	require.Empty(t, outside([]seen{change(1, "set", "ann"), look(2, "bob")}, leaves))
	require.Len(t, outside([]seen{change(1, "set", "annx"), change(2, "set"), change(3, "set", "ann", "annx")}, leaves), 3)
}

func TestTruthful(t *testing.T) {
	t.Parallel()
	l := &leaver{Person: Person{Reason: "hr"}, name: "ann", made: []made{{on: Target, account: "ann"}}}
	role := []string{"pg-main role ann true false"}
	for name, c := range map[string]struct {
		e     ending
		still []string
		wrong int
	}{
		"clean and gone":                   {ending{Status: "clean", Outcomes: []string{"removed"}}, nil, 0},
		"clean and still there":            {ending{Status: "clean", Outcomes: []string{"removed"}}, role, 1},
		"clean and forgotten":              {ending{Status: "clean"}, nil, 1},
		"cancelled and back":               {ending{Status: "cancelled"}, role, 0},
		"cancelled and gone":               {ending{Status: "cancelled"}, nil, 2},
		"cancelled and locked":             {ending{Status: "cancelled"}, []string{"pg-main role ann false"}, 1},
		"reinstated and back":              {ending{Status: "reinstated"}, role, 0},
		"reinstated and gone":              {ending{Status: "reinstated"}, nil, 2},
		"open, and a task says why":        {ending{Status: "open", Tasks: 1}, role, 0},
		"open without a word":              {ending{Status: "open"}, role, 1},
		"an end that nobody could explain": {ending{Status: "closed_with_exceptions"}, nil, 1},
	} {
		require.Len(t, truthful(l, c.e, c.still), c.wrong, name)
	}
	l.Back, l.Reason = true, "incident"
	require.Len(t, truthful(l, ending{Status: "clean", Outcomes: []string{"removed"}}, nil), 1, "hired again")
	require.Len(t, truthful(l, ending{Status: "reinstated"}, []string{"pg-main role ann false"}), 1)
}

func TestStatements(t *testing.T) {
	t.Parallel()
	log := "1000.500|7|admin|LOG:  execute stmt_1: select 1 from pg_roles where oid = $1\n" +
		"1000.500|7|admin|DETAIL:  Parameters: $1 = '16400'\n" +
		"1001.000|7|other|LOG:  statement: drop role \"chaos1p0\"\n" +
		"1002.000|7|admin|LOG:  statement: revoke all on t from \"chaos1p0\";\n\tdrop role \"chaos1p0x\"\n" +
		"1003.000|8|admin|LOG:  statement: set local role \"chaos1p1\"\n" +
		"1003.000|7|admin|LOG:  statement: select pg_terminate_backend(1)\n" +
		"1003.000|8|admin|LOG:  statement: select pg_terminate_backend(2)\n" +
		"1003.000|8|admin|LOG:  statement: rollback\n"
	require.Equal(t, []seen{
		{At: time.UnixMilli(1000500), On: Target, What: "select 1 from pg_roles where oid = $1\nParameters: $1 = '16400'", Names: []string{"chaos1p0"}},
		{At: time.UnixMilli(1002000), On: Target, What: "revoke all on t from \"chaos1p0\";\ndrop role \"chaos1p0x\"", Names: []string{"chaos1p0", "chaos1p0x"}, Changes: true},
		{At: time.UnixMilli(1003000), On: Target, What: "set local role \"chaos1p1\"", Names: []string{"chaos1p1"}},
		{At: time.UnixMilli(1003000), On: Target, What: "select pg_terminate_backend(1)", Changes: true},
		{At: time.UnixMilli(1003000), On: Target, What: "select pg_terminate_backend(2)", Names: []string{"chaos1p1"}, Changes: true},
		{At: time.UnixMilli(1003000), On: Target, What: "rollback"},
	}, statements(log, "admin", map[string]string{"16400": "chaos1p0"}))
}
