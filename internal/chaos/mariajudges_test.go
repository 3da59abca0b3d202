package chaos

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

func TestStatementsAtMariaDB(t *testing.T) {
	t.Parallel()
	tap := &tap{whose: func(session string) string { return map[string]string{"7": "chaos1p0", "8": "root"}[session] }}
	for text, want := range map[string]*seen{
		"alter user `chaos1p0`@`127.0.0.%` account lock":                            {Changes: true, Names: []string{"chaos1p0"}, Where: "127.0.0.%"},
		"DROP USER `chaos1p0x`@`%`":                                                 {Changes: true, Names: []string{"chaos1p0x"}, Where: "%"},
		"drop user `somebody`@`%`":                                                  {Changes: true},
		"kill hard connection 7":                                                    {Changes: true, Names: []string{"chaos1p0"}, What: "kill hard connection 7 of chaos1p0"},
		"kill hard connection 8":                                                    {Changes: true, What: "kill hard connection 8 of root"},
		"kill hard connection 9":                                                    nil,
		"set default role none for `chaos1p0`@`%`":                                  {Changes: true, Names: []string{"chaos1p0"}, Where: "%"},
		"call mysql.rds_kill(7)":                                                    {Changes: true},
		"delete from mysql.global_priv":                                             {Changes: true},
		"select Host, User, Priv from mysql.global_priv":                            {},
		"select Host, User, Priv from mysql.global_priv where User in ('chaos1p0')": {Names: []string{"chaos1p0"}},
		"select version(), current_user(), utc_timestamp(3)":                        nil,
		"SET time_zone = '+00:00', sql_mode = 'x'":                                  nil,
		"use `wiki`":                           nil,
		"show create view `wiki`.`papers_1_0`": {Names: []string{"chaos1p0"}, Where: "%"},
		"ALTER ALGORITHM=UNDEFINED DEFINER=`heir1`@`%` VIEW `papers_1_0` AS select 1 AS `1`": {Changes: true, Names: []string{"chaos1p0"}, Where: "%"},
		"alter user `chaos1p0`@`%` identified with mysql_native_password as '*0123456789012345678901234567890123456789'": {
			Changes: true, Names: []string{"chaos1p0"}, Where: "%", What: "alter user `chaos1p0`@`%` identified with mysql_native_password as '*'"},
	} {
		if want != nil {
			want.On = Maria
			if want.What == "" {
				want.What = text
			}
		}
		require.Equal(t, want, tap.statement(comQuery, text), text)
	}
	require.Nil(t, tap.statement(comPing, ""))
	require.True(t, tap.statement(0x17, "\x01").Changes, "a prepared statement, executed")
}

// The tap tells of a change before the server has it, and of its effect before the client
// hears of it; of the login and of answers without a question it says nothing.
func TestTap(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	w := &wire{}
	told := make(chan bool)
	w.begin(func(n int, before bool) { told <- before })
	tap, err := startTap(w, server.Addr().String(), nil)
	require.NoError(t, err)
	defer tap.l.Close()
	client, err := net.Dial("tcp", tap.l.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	upstream, err := server.Accept()
	require.NoError(t, err)
	for _, c := range []net.Conn{client, upstream} {
		require.NoError(t, c.SetDeadline(time.Now().Add(pingLimit)))
	}
	packet := func(no byte, body string) []byte {
		return append([]byte{byte(len(body)), byte(len(body) >> 8), 0, no}, body...)
	}
	passes := func(from, to net.Conn, p []byte) {
		t.Helper()
		_, err := from.Write(p)
		require.NoError(t, err)
		got := make([]byte, len(p))
		_, err = io.ReadFull(to, got)
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	passes(upstream, client, packet(0, "\x0ahello"))
	passes(client, upstream, packet(1, "\x03drop user `chaos1p0`@`%`"))
	passes(upstream, client, packet(2, "\x00"))
	require.Empty(t, w.log(), "it was the login")

	drop := packet(0, "\x03drop user `chaos1p0`@`%`")
	_, err = client.Write(drop)
	require.NoError(t, err)
	require.True(t, <-told, "before")
	require.Equal(t, unanswered, w.log()[0].Status)
	got := make([]byte, len(drop))
	_, err = io.ReadFull(upstream, got)
	require.NoError(t, err)
	require.Equal(t, drop, got)
	_, err = upstream.Write(packet(1, "\xff"+string(binary.LittleEndian.AppendUint16(nil, 1396))+"#HY000no"))
	require.NoError(t, err)
	require.False(t, <-told, "after")
	require.Len(t, w.log(), 1)
	require.Equal(t, 1396, w.log()[0].Status)
	require.Equal(t, []string{"chaos1p0"}, w.log()[0].Names)

	require.NoError(t, upstream.Close())
	_, err = io.ReadAll(client)
	require.NoError(t, err, "the end of one side is the end of the other, after all that it said")
}

func TestTruthfulAtMariaDB(t *testing.T) {
	t.Parallel()
	l := &leaver{Person: Person{Reason: "incident", Hosts: 2}, name: "ann"}
	l.made = accountsOnMaria(l)
	open := []string{"maria-main account ann@% open {}", "maria-main account ann@127.0.0.% open {}"}
	for name, c := range map[string]struct {
		e     ending
		still []string
		wrong int
	}{
		"clean and gone":              {ending{Status: "clean", Outcomes: []string{"removed", "removed"}}, nil, 0},
		"clean, and one is forgotten": {ending{Status: "clean", Outcomes: []string{"removed"}}, nil, 1},
		"clean, and one is there":     {ending{Status: "clean", Outcomes: []string{"removed", "removed"}}, open[1:], 1},
		"cancelled and back":          {ending{Status: "cancelled"}, open, 0},
		"cancelled, and one is gone":  {ending{Status: "cancelled"}, open[1:], 1},
		"cancelled and locked":        {ending{Status: "cancelled"}, []string{open[0], "maria-main account ann@127.0.0.% locked {}"}, 1},
	} {
		require.Len(t, truthful(l, c.e, c.still), c.wrong, name)
	}
}

func TestDoorOfMariaDB(t *testing.T) {
	t.Parallel()
	refused, down := &driver.MySQLError{Number: accessDenied}, errors.New("connection refused")
	for name, c := range map[string]struct {
		v     visitor
		wrong int
	}{
		"clean and out":                           {visitor{stands: "clean", door: refused}, 0},
		"clean, and the door is open":             {visitor{stands: "clean"}, 1},
		"clean, and nobody answers":               {visitor{stands: "clean", door: down}, 1},
		"clean, and still in":                     {visitor{stands: "clean", door: refused, sessions: []string{"session 7"}}, 1},
		"the namesake is out":                     {visitor{stands: "clean", door: refused, namesake: refused}, 1},
		"cancelled and in":                        {visitor{stands: "cancelled", sessions: []string{"session 7"}}, 0},
		"cancelled, and no password fits":         {visitor{stands: "cancelled", door: refused, dead: []string{"maria-main/ann@%"}}, 1},
		"reinstated, and a new password fits":     {visitor{stands: "reinstated", door: refused}, 0},
		"open: whatever it is, there is a task":   {visitor{stands: "open", door: refused, dead: []string{"maria-main/ann@%"}}, 0},
		"open, and it is the namesake who is out": {visitor{stands: "open", door: refused, namesake: refused}, 1},
	} {
		require.Len(t, c.v.wrong(), c.wrong, name)
	}
}

func TestDefiners(t *testing.T) {
	t.Parallel()
	s := &stage{seed: 1, people: []*leaver{{Person: Person{Hosts: 1}, name: "ann"}, {name: "bob"}}}
	heirs := []string{"maria-main view wiki papers_1_0 of heir1@% DEFINER", "maria-main routine wiki papers_1_0 of heir1@%"}
	hers := []string{"maria-main view wiki papers_1_0 of ann@% DEFINER", "maria-main routine wiki papers_1_0 of ann@%"}
	there := "maria-main account ann@% locked {}"
	require.Empty(t, s.definers(heirs))
	require.Empty(t, s.definers([]string{heirs[0], hers[1], there}))
	require.Len(t, s.definers(hers), 2, "whose definer is gone")
	require.Len(t, s.definers(heirs[:1]), 1, "the routine is lost")
}

// What does not say at which host is about any account of the name; what does is about one.
func TestCoveredAtSeveralHosts(t *testing.T) {
	t.Parallel()
	l := &leaver{Person: Person{Hosts: 2}, name: "ann"}
	l.made = accountsOnMaria(l)
	s := &stage{people: []*leaver{l}}
	tried := map[string][]*attempt{"maria-main/ann@%": {{from: at(2), to: at(4)}, {from: at(10), to: at(12)}}, "maria-main/ann@127.0.0.%": {{from: at(6), to: at(8)}, {from: at(7), to: at(9)}, {from: at(11), to: at(12)}}}
	for name, c := range map[string]struct {
		n     int
		where string
		wrong int
	}{
		"the first":                             {3, "%", 0},
		"the second, at its time":               {6, "127.0.0.%", 0},
		"the second, at the first's":            {3, "127.0.0.%", 1},
		"one of them":                           {3, "", 0},
		"one of them, at no time":               {5, "", 1},
		"one of them, and each has its attempt": {11, "", 0},
		"one of them, which has two at once":    {8, "", 1},
	} {
		log := []seen{{At: at(c.n), On: Maria, Where: c.where, Changes: true, Names: []string{"ann"}}}
		require.Len(t, covered(log, s.objectsOf, tried), c.wrong, name)
	}
}
