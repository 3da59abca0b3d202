package scim

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
)

func TestMain(m *testing.M) { devtest.Main(m) }

// directory is a client of a server of its own, over HTTP, with real records.
type directory struct {
	*testing.T
	url     string
	records *store.Store
	token   string

	told int64 // the last delivery that was told
}

// tokens opens doors by name: the token of a requester writes, any other reads.
type tokens struct{}

func (tokens) Authenticate(r *http.Request, act roles.Act) (string, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !ok || token == "stranger":
		return "", desk.Invalidf("the token is not known")
	case token == "reader" && act != roles.Read:
		return "", desk.Failf(desk.Forbidden, "reader may not %s", act)
	}
	return token, nil
}

func newDirectory(t *testing.T, n Naming) *directory {
	t.Helper()
	d := &directory{T: t, records: severtest.Records(t), token: "okta"}
	server := httptest.NewServer(New(Options{Records: d.records, Who: tokens{}, Naming: n, Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

// ask sends a request and returns the status and body of the answer.
func (d *directory) ask(method, path, body string) (int, string, http.Header) {
	d.Helper()
	r, err := http.NewRequestWithContext(d.Context(), method, d.url+Prefix+path, strings.NewReader(body))
	require.NoError(d, err)
	r.Header.Set("Content-Type", "application/scim+json")
	if d.token != "" {
		r.Header.Set("Authorization", "Bearer "+d.token)
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(d, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	require.NoError(d, err)
	return w.StatusCode, string(text), w.Header
}

// must is ask with a status that is expected, and the answer as JSON.
func (d *directory) must(status int, method, path, body string) map[string]any {
	d.Helper()
	got, text, _ := d.ask(method, path, body)
	require.Equal(d, status, got, text)
	var out map[string]any
	if text != "" {
		require.NoError(d, json.Unmarshal([]byte(text), &out), text)
	}
	return out
}

// orders are those since the last time, in words.
func (d *directory) orders() []string {
	d.Helper()
	all, err := d.records.Deliveries(d.Context(), store.DeliveryFilter{Kind: inbox.SCIM}, store.Page{})
	require.NoError(d, err)
	var out []string
	for _, one := range slices.Backward(all) {
		if one.ID <= d.told {
			continue
		}
		d.told = one.ID
		o, err := inbox.OrderOf(one.Asks)
		require.NoError(d, err)
		words := fmt.Sprintf("%s: %s %s by %s", one.MessageID, o.Act, o.Principal, o.By)
		for _, more := range []string{string(o.Reason), o.Ticket} {
			if more != "" {
				words += ", " + more
			}
		}
		if !o.At.IsZero() {
			words += ", at " + o.At.Format(time.RFC3339)
		}
		out = append(out, words)
	}
	return out
}

// trail is what the house's chain says, and proof that it is whole.
func (d *directory) trail() []string {
	d.Helper()
	require.Empty(d, audit.VerifyChain(audit.House, d.records.Events(d.Context(), audit.House, 1), nil))
	var out []string
	for row, err := range d.records.Events(d.Context(), audit.House, 1) {
		require.NoError(d, err)
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s: %s", row.Actor, row.Kind, row.Object, row.Words)))
	}
	return out
}

// The conversations in testdata are what directories really send, and what we answer.
// SEVER_GOLDEN=write writes the answers anew.
func TestConversations(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			got := newDirectory(t, ByExternalID).converse(string(want))
			if os.Getenv("SEVER_GOLDEN") == "write" {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				return
			}
			expected, answered := strings.Split(string(want), "\n\n"), strings.Split(got, "\n\n")
			for i := range expected {
				require.Equal(t, expected[i], answered[i])
			}
		})
	}
}

// converse plays a conversation, and returns it with the answers that came. A part is a
// comment, a request line, perhaps a body, and below a line -- the answer.
func (d *directory) converse(text string) string {
	d.Helper()
	ids := map[string]string{}
	var out []string
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		request, _, _ := strings.Cut(part, "\n--")
		lines := strings.Split(request, "\n")
		at := 0
		for strings.HasPrefix(lines[at], "#") {
			at++
		}
		method, path, _ := strings.Cut(lines[at], " ")
		body := strings.Join(lines[at+1:], "\n")
		for id, name := range ids {
			path, body = strings.ReplaceAll(path, name, id), strings.ReplaceAll(body, name, id)
		}
		status, answer, header := d.ask(method, strings.ReplaceAll(path, " ", "%20"), body)
		said := fmt.Sprintf("-- %d", status)
		if at := header.Get("Location"); at != "" {
			said += " " + at
		}
		if answer != "" {
			var pretty any
			require.NoError(d, json.Unmarshal([]byte(answer), &pretty), answer)
			text, err := json.MarshalIndent(pretty, "", "  ")
			require.NoError(d, err)
			said += "\n" + string(text)
		}
		for _, o := range d.orders() {
			said += "\n-- order " + o
		}
		for _, id := range regexp.MustCompile(`\b[a-z2-7]{26}\b`).FindAllString(said, -1) {
			if ids[id] == "" {
				ids[id] = fmt.Sprintf("ID%d", len(ids)+1)
			}
			said = strings.ReplaceAll(said, id, ids[id])
		}
		said = strings.ReplaceAll(said, d.url, "https://sever.example.com")
		said = regexp.MustCompile(`("created"|"lastModified"): "[^"]*"`).ReplaceAllString(said, `$1: "TIME"`)
		out = append(out, request+"\n"+said)
	}
	return strings.Join(out, "\n\n") + "\n"
}

const patchOp = `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [%s]}`

// ada makes a user who is active, and returns her id.
func (d *directory) ada() string {
	d.Helper()
	u := d.must(http.StatusCreated, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.com", "externalId": "E1"}`)
	return u["id"].(string)
}

func (d *directory) patches(status int, id string, operations ...string) map[string]any {
	d.Helper()
	return d.must(status, "PATCH", "/Users/"+id, fmt.Sprintf(patchOp, strings.Join(operations, ", ")))
}

const (
	deactivate = `{"op": "replace", "path": "active", "value": false}`
	reactivate = `{"op": "replace", "path": "active", "value": true}`
)

func TestARepeatedPatchOrdersNothingNew(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, ByExternalID)
	id := d.ada()
	for range 3 {
		require.Equal(t, false, d.patches(http.StatusOK, id, deactivate)["active"])
	}
	require.Equal(t, []string{id + ".2: offboard E1 by okta, hr"}, d.orders())
	name := "scim/users/" + id + ".2"
	require.Equal(t, []string{"okta user.provisioned E1:", "okta delivery.received " + name + ": the directory has the person as not active any more",
		"okta user.deactivated E1: the access is to end"}, d.trail())
	d.patches(http.StatusOK, id, reactivate)
	d.patches(http.StatusOK, id, deactivate)
	require.Equal(t, []string{id + ".3: hold E1 by okta", id + ".4: offboard E1 by okta, hr"}, d.orders(), "she left once more")
}

// What ends an access and cannot be ordered is not stored either: the directory sends
// it again.
func TestNothingIsAcknowledgedThatIsNotOrdered(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, ByExternalID)
	id := d.ada()
	// Somebody else used the number of the change for another message.
	reserved := inbox.Message{Kind: inbox.SCIM, Source: "users", ID: id + ".2", Body: []byte("another"), Order: inbox.Order{Act: inbox.None, By: "x"}}
	_, err := inbox.New(d.records, slog.New(slog.DiscardHandler)).Take(t.Context(), reserved)
	require.NoError(t, err)
	d.orders()
	for _, end := range []func(){
		func() { d.patches(http.StatusInternalServerError, id, deactivate) },
		func() { d.must(http.StatusInternalServerError, "DELETE", "/Users/"+id, "") },
	} {
		end()
		require.Empty(t, d.orders())
		require.Equal(t, true, d.must(http.StatusOK, "GET", "/Users/"+id, "")["active"])
		s, err := d.records.Standing(t.Context(), "E1")
		require.NoError(t, err)
		require.True(t, s.Active)
	}
	for _, line := range d.trail() {
		require.NotContains(t, line, "user.deactivated")
		require.NotContains(t, line, "user.deleted")
	}
}

func TestSomebodyIsBackWhileHerCaseIsOpen(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, ByExternalID)
	id := d.ada()
	d.patches(http.StatusOK, id, deactivate)
	require.NoError(t, d.records.Do(t.Context(), func(tx *store.Tx) error {
		return tx.OpenCase(t.Context(), store.Case{ID: "C-1", Principal: "E1", Reason: access.HR, Requester: "okta", Status: access.CaseOpen, OpenedAt: time.Now()}, nil)
	}))
	d.patches(http.StatusOK, id, reactivate, `{"op": "replace", "path": "title", "value": "CTO"}`)
	s, err := d.records.Standing(t.Context(), "E1")
	require.NoError(t, err)
	require.True(t, s.Active)
	require.False(t, s.ReturnedAt.IsZero())
	tasks, err := d.records.TasksOf(t.Context(), "C-1")
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Equal(t, "return/"+id+".3", tasks[0].Key)
	require.Equal(t, "okta", tasks[0].Owner)
	require.True(t, tasks[0].ByHand(), "a person says what is right")
	require.Contains(t, tasks[0].Next, "sever cancel C-1")
	c, err := d.records.Case(t.Context(), "C-1")
	require.NoError(t, err)
	require.Equal(t, access.CaseOpen, c.Status)
	require.Contains(t, d.trail(), "okta user.reactivated E1: title")
	require.Equal(t, []string{id + ".2: offboard E1 by okta, hr", id + ".3: hold E1 by okta"}, d.orders(), "nothing more is removed meanwhile")
}

// Neither a name nor an externalId that was somebody's leads to that person's history.
func TestNobodyBecomesSomebodyElse(t *testing.T) {
	t.Parallel()
	user := func(name, external string) string {
		return fmt.Sprintf(`{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": %q, "externalId": %q}`, name, external)
	}
	t.Run("by externalId", func(t *testing.T) {
		t.Parallel()
		d := newDirectory(t, ByExternalID)
		id := d.ada()
		no := d.must(http.StatusConflict, "POST", "/Users", user("ADA@example.com", "E2"))
		require.Equal(t, "uniqueness", no["scimType"])
		d.must(http.StatusConflict, "POST", "/Users", user("bob", "E1"))
		_, err := d.records.Principal(t.Context(), "E2")
		require.ErrorIs(t, err, store.ErrNotFound, "what is refused leaves nothing")
		d.patches(http.StatusOK, id, `{"op": "replace", "path": "externalId", "value": "E9"}`)
		u, err := d.records.SCIMUser(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, access.PrincipalID("E1"), u.Principal, "she stays who she is")
		require.Contains(t, d.must(http.StatusConflict, "POST", "/Users", user("bob", "E1"))["detail"], "also if that one is called otherwise by now")
		bob := d.must(http.StatusCreated, "POST", "/Users", user("bob", "E3"))["id"].(string)
		d.patches(http.StatusConflict, bob, `{"op": "replace", "path": "externalId", "value": "E1"}`)
		d.must(http.StatusNoContent, "DELETE", "/Users/"+id, "")
		again := d.must(http.StatusCreated, "POST", "/Users", user("ada@example.com", "E1"))
		require.NotEqual(t, id, again["id"], "an id is never given twice")
	})
	t.Run("by userName", func(t *testing.T) {
		t.Parallel()
		d := newDirectory(t, ByUserName)
		first := d.must(http.StatusCreated, "POST", "/Users", user("ada", "x1"))["id"].(string)
		d.patches(http.StatusOK, first, `{"op": "replace", "path": "userName", "value": "ada.l"}`)
		d.must(http.StatusConflict, "POST", "/Users", user("ada", "x2"))
		d.must(http.StatusNoContent, "DELETE", "/Users/"+first, "")
		require.Contains(t, d.must(http.StatusConflict, "POST", "/Users", user("ada", "x2"))["detail"], "somebody else's before")
		d.must(http.StatusCreated, "POST", "/Users", user("ada", "x1"))
	})
	t.Run("by employee number", func(t *testing.T) {
		t.Parallel()
		d := newDirectory(t, ByEmployeeNumber)
		require.Contains(t, d.must(http.StatusBadRequest, "POST", "/Users", user("ada", "x1"))["detail"], "employeeNumber is missing")
		d.must(http.StatusCreated, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada",
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": 4711}}`)
		_, err := d.records.Principal(t.Context(), "4711")
		require.NoError(t, err)
	})
}

func TestPeopleAreProvisioned(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, ByExternalID)
	u := d.must(http.StatusCreated, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "Ada@example.com", "externalId": "E1",
		"name": {"givenName": "Ada", "familyName": "Lovelace"}, "title": "DBA", "emails": [{"value": "a@home.org"}, {"value": "ada@example.com", "primary": "True"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "IT", "employeeNumber": "7"}}`)
	p, err := d.records.Person(t.Context(), "E1")
	require.NoError(t, err)
	require.Equal(t, access.Principal{ID: "E1", Login: "Ada@example.com", Name: "Ada Lovelace", Email: "ada@example.com"}, p.Principal)
	require.Equal(t, map[string]string{"LocalName": "Ada", "GivenName": "Ada", "FamilyName": "Lovelace", "Title": "DBA", "Department": "IT", "EmployeeNumber": "7"}, p.Attributes)
	require.True(t, p.Standing.Active)
	d.patches(http.StatusOK, u["id"].(string), `{"op": "remove", "path": "title"}`, `{"op": "add", "value": {"displayName": "Countess"}}`)
	p, err = d.records.Person(t.Context(), "E1")
	require.NoError(t, err)
	require.Equal(t, "Countess", p.Name)
	require.NotContains(t, p.Attributes, "Title")
}

// Who is made and is not active has left only if somebody counted her as active.
func TestAUserWhoIsMadeInactive(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, ByExternalID)
	require.NoError(t, d.records.Do(t.Context(), func(tx *store.Tx) error {
		_, err := tx.AcceptRoster(t.Context(), store.Roster{Source: "hr.csv", SHA256: "1", By: "hr"}, []store.Entry{{Principal: access.Principal{ID: "E1"}}})
		return err
	}))
	for _, id := range []string{"E1", "E2"} {
		d.must(http.StatusCreated, "POST", "/Users", fmt.Sprintf(`{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": %q, "externalId": %q, "active": "False"}`, id, id))
	}
	orders := d.orders()
	require.Len(t, orders, 1)
	require.Contains(t, orders[0], "offboard E1 by okta, hr")
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, ByExternalID)
	id := d.ada()
	for _, c := range []struct {
		token  string
		status int
	}{{"", 401}, {"stranger", 401}, {"reader", 403}} {
		d.token = c.token
		for _, call := range [][2]string{{"POST", "/Users"}, {"PUT", "/Users/" + id}, {"PATCH", "/Users/" + id}, {"DELETE", "/Users/" + id}} {
			status, text, header := d.ask(call[0], call[1], "{}")
			require.Equal(t, c.status, status, text)
			require.Equal(t, c.status == 401, header.Get("WWW-Authenticate") != "")
			require.Contains(t, text, "urn:ietf:params:scim:api:messages:2.0:Error")
		}
	}
	d.must(http.StatusOK, "GET", "/Users/"+id, "")
	d.token = "okta"
	require.Equal(t, true, d.must(http.StatusOK, "GET", "/Users/"+id, "")["active"])
}

// A directory that repeats what is refused fills no trail.
func TestRefusalsAreOnRecordOnceADay(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, ByExternalID)
	for range 3 {
		d.must(http.StatusBadRequest, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}`)
	}
	d.must(http.StatusNotFound, "DELETE", "/Users/nobody", "")
	require.LessOrEqual(t, len(d.trail()), 2) // two when midnight came between
	require.Contains(t, d.trail()[0], "okta user.refused a new user: externalId is missing")
	d.must(http.StatusRequestEntityTooLarge, "POST", "/Users", strings.Repeat(" ", maxBody+1))
}
