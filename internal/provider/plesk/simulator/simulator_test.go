package simulator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/provider/plesk/simulator"
)

// shop is a server with two databases, users 55, 56 and 57, and a universal one.
func shop(set simulator.Switches) *simulator.Server {
	s := simulator.New(simulator.Options{Switches: set})
	server, sub := s.DBServer("mysql"), s.Subscription("north.example")
	first, second := s.Database(sub, server, "shop"), s.Database(sub, server, "blog")
	s.Plant(simulator.User{Database: first, Login: "ada", Password: "correct horse"})
	s.Plant(simulator.User{Database: first, Login: "bob", Password: "staple"})
	s.Plant(simulator.User{Database: second, Login: "eve", Password: "battery"})
	s.Plant(simulator.User{Subscription: sub, Server: server, Login: "all", Password: "of them"})
	return s
}

// send posts the inside of a packet as the administrator, and gives the inside of
// the answer.
func send(t *testing.T, s *simulator.Server, inside string) string {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, "/enterprise/control/agent.php", strings.NewReader(`<packet version="1.6.9.1">`+inside+`</packet>`))
	req.Header.Set("Key", "admin-key")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	require.Equal(t, http.StatusOK, w.Code)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	text := strings.TrimPrefix(string(body), `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<packet version="1.6.9.1">`)
	return strings.TrimSuffix(text, "</packet>")
}

func logins(s *simulator.Server) string {
	var out []string
	for _, u := range s.Users() {
		out = append(out, u.Login)
	}
	return strings.Join(out, " ")
}

// TestDeadlyRequestsKill: a simulator that forgave them would hide the accident.
func TestDeadlyRequestsKill(t *testing.T) {
	t.Parallel()
	for inside, left := range map[string]string{
		`<del-db-user><filter/></del-db-user>`:                               "",
		`<del-db-user><filter><db-id>78</db-id></filter></del-db-user>`:      "eve all",
		`<del-db-user><filter><id>55</id><id>57</id></filter></del-db-user>`: "bob all",
	} {
		s := shop(simulator.Switches{})
		send(t, s, "<database>"+inside+"</database>")
		require.Equal(t, left, logins(s), inside)
		require.NotEmpty(t, s.Alarms(), inside)
	}
	s := shop(simulator.Switches{Lenient: true})
	send(t, s, "<database><del-db-user/></database>")
	require.Empty(t, s.Users())
	require.Len(t, s.Alarms(), 2)

	s = shop(simulator.Switches{})
	for _, path := range []string{"/api/v2/databases/78", "/api/v2/dbusers/"} {
		req := httptest.NewRequest(http.MethodDelete, path, nil)
		req.Header.Set("X-Api-Key", "admin-key")
		s.ServeHTTP(httptest.NewRecorder(), req)
	}
	require.Len(t, s.Alarms(), 2)
}

func TestPartialResults(t *testing.T) {
	t.Parallel()
	s := shop(simulator.Switches{})
	require.Equal(t, `<database><del-db-user><result><status>ok</status><filter-id>55</filter-id><id>55</id></result>`+
		`<result><status>error</status><errcode>1013</errcode><errtext>Database user does not exist</errtext><filter-id>99</filter-id></result></del-db-user></database>`,
		send(t, s, `<database><del-db-user><filter><id>55</id><id>99</id></filter></del-db-user></database>`))
	require.Equal(t, `<database><get-db-users><result><status>error</status><errcode>1013</errcode><errtext>Database does not exist</errtext><filter-id>1</filter-id></result></get-db-users></database>`,
		send(t, s, `<database><get-db-users><filter><db-id>1</db-id></filter></get-db-users></database>`))
	send(t, s, `<database><del-db-user><filter><id>57</id></filter></del-db-user></database>`)
	require.Equal(t, `<database><get-db-users><result><status>ok</status><filter-id>79</filter-id></result></get-db-users></database>`,
		send(t, s, `<database><get-db-users><filter><db-id>79</db-id></filter></get-db-users></database>`), "no match is one result")
}

// TestDoor: what the schema refuses is not carried out, and neither is what stands
// before it in the same packet.
func TestDoor(t *testing.T) {
	t.Parallel()
	for inside, code := range map[string]string{
		``:                                    "1014",
		`<database><del-db-user/></database>`: "1014",
		`<database><del-db-user><id>55</id></del-db-user></database>`:                                                      "1014",
		`<database><del-db-user><filter><id>55</id><db-id>78</db-id></filter></del-db-user></database>`:                    "1014",
		`<database><del-db-user><filter><id>0</id></filter></del-db-user></database>`:                                      "1014",
		`<database><del-db-user><filter><id></id></filter></del-db-user></database>`:                                       "1014",
		`<database><set-db-user><password>longenough</password><id>55</id></set-db-user></database>`:                       "1014",
		`<database><set-default-user><db-id>78</db-id></set-default-user></database>`:                                      "1014",
		`<webspace><del><filter/></del></webspace>`:                                                                        "1014",
		`<database><set-db-user><id>55</id><password>longenough</password></set-db-user><odd/></database>`:                 "1014",
		`<database><add-db-user><db-id>78</db-id><password>longenough</password><login>x</login></add-db-user></database>`: "1014",
		`<database>`: "1014",
	} {
		s := shop(simulator.Switches{})
		before := s.Users()
		require.Contains(t, send(t, s, inside), "<system><status>error</status><errcode>"+code, inside)
		require.Equal(t, before, s.Users(), inside)
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	s := shop(simulator.Switches{})
	for inside, want := range map[string]string{
		`<get-db><filter><webspace-name>north.example</webspace-name></filter></get-db>`:                `<name>blog</name>`,
		`<get-db><filter><webspace-id>99</webspace-id></filter></get-db>`:                               `<status>ok</status><filter-id>99</filter-id></result>`,
		`<get-db><filter><id>99</id></filter></get-db>`:                                                 `<errcode>1013</errcode>`,
		`<get-default-user><filter/></get-default-user>`:                                                `<filter-id>79</filter-id><id>57</id>`,
		`<set-default-user><db-id>78</db-id><default-user-id>57</default-user-id></set-default-user>`:   `<errcode>1013</errcode>`,
		`<set-default-user><db-id>78</db-id><default-user-id>58</default-user-id></set-default-user>`:   `<status>ok</status>`,
		`<add-db-user><db-id>78</db-id><login>eve</login><password>longenough</password></add-db-user>`: `<errcode>1007</errcode>`,
		`<add-db-user><db-id>1</db-id><login>x</login><password>longenough</password></add-db-user>`:    `<errcode>1013</errcode>`,
		`<add-db-user><db-id>78</db-id><login>x</login><password>short</password></add-db-user>`:        `<errcode>1019</errcode>`,
		`<set-db-user><id>99</id><password>longenough</password></set-db-user>`:                         `<errcode>1013</errcode>`,
		`<set-db-user><id>57</id><login>ada</login></set-db-user>`:                                      `<errcode>1007</errcode>`,
		`<set-db-user><id>57</id><acl><host>%</host></acl><role>readOnly</role></set-db-user>`:          `<id>57</id>`,
	} {
		require.Contains(t, send(t, s, "<database>"+inside+"</database>"), want, inside)
	}
	require.Equal(t, []string{"%"}, s.Users()[2].Hosts)
	require.Equal(t, "readOnly", s.Users()[2].Role)
	require.Empty(t, s.Alarms())
	s.Set(simulator.Switches{Output: true})
	require.Contains(t, send(t, s, `<database><get-db><filter/></get-db></database>`), "<output>")
}
