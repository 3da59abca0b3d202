package plesk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/provider"
)

// unreadables are answers to get-db-users that say nothing.
var unreadables = map[string]string{
	"nothing":            "",
	"a page":             "<html><body>hello</body></html>",
	"a page with a br":   "<html><br></html>",
	"text":               "ok",
	"JSON":               `{"status":"success"}`,
	"half of a packet":   inside(`<get-db-users><result><status>ok</status></result></get-db-users>`)[:100],
	"an empty packet":    `<packet></packet>`,
	"no result":          inside(`<get-db-users></get-db-users>`),
	"an empty operation": inside(``),
	"another operation":  inside(`<get-db><result><status>ok</status></result></get-db>`),
	"two operations":     inside(`<get-db-users><result><status>ok</status></result></get-db-users><get-db-users><result><status>ok</status></result></get-db-users>`),
	"two operators":      `<packet><database><get-db-users><result><status>ok</status></result></get-db-users></database><database></database></packet>`,
	"both kinds": `<packet><database><get-db-users><result><status>ok</status></result></get-db-users></database>` +
		`<system><status>error</status></system></packet>`,
	"a system that is ok":   `<packet><system><status>ok</status></system></packet>`,
	"a third status":        inside(`<get-db-users><result><status>maybe</status></result></get-db-users>`),
	"no status":             inside(`<get-db-users><result><id>5</id><login>a</login></result></get-db-users>`),
	"an id that is none":    inside(`<get-db-users><result><status>ok</status><id>x</id></result></get-db-users>`),
	"something after":       inside(`<get-db-users><result><status>ok</status></result></get-db-users>`) + "<x/>",
	"text after":            inside(`<get-db-users><result><status>ok</status></result></get-db-users>`) + "Fatal error",
	"another character set": `<?xml version="1.0" encoding="KOI8-R"?><packet></packet>`,
}

func TestUnreadableAnswers(t *testing.T) {
	t.Parallel()
	for name, body := range unreadables {
		door, results, err := readReply([]byte(body), "get-db-users")
		require.Error(t, err, name)
		require.Nil(t, door, name)
		require.Empty(t, results, name)
	}
	for name, r := range map[string]result{
		"a user without a login": {ID: 5},
		"a user without an id":   {Login: "a"},
		"a user below zero":      {ID: -5, Login: "a"},
		"a database below zero":  {ID: 5, Login: "a", Database: -1},
	} {
		_, _, err := r.ofUser()
		require.Error(t, err, name)
	}
	for name, r := range map[string]result{
		"without a name":         {ID: 5, Type: "mysql", Subscription: 1, Server: 1},
		"without a type":         {ID: 5, Name: "a", Subscription: 1, Server: 1},
		"without a subscription": {ID: 5, Name: "a", Type: "mysql", Server: 1},
		"without a server":       {ID: 5, Name: "a", Type: "mysql", Subscription: 1},
		"default below zero":     {ID: 5, Name: "a", Type: "mysql", Subscription: 1, Server: 1, Default: -1},
	} {
		_, _, err := r.ofDatabase()
		require.Error(t, err, name)
	}
	_, there, err := result{Status: "ok"}.ofUser()
	require.NoError(t, err)
	require.False(t, there, "a result that shows nobody is nobody")
	_, err = merged([]user{{ID: 5, Login: "a"}, {ID: 5, Login: "b"}})
	require.Error(t, err)
	_, err = orderedDatabases([]database{{ID: 5, Name: "a"}, {ID: 5, Name: "b"}})
	require.Error(t, err)
}

func TestReadableAnswers(t *testing.T) {
	t.Parallel()
	const two = `<del-db-user><result><status>ok</status><filter-id>55</filter-id><id>55</id></result>` +
		`<result><status>error</status><errcode>1013</errcode><errtext>gone</errtext><filter-id>56</filter-id></result></del-db-user>`
	door, results, err := readReply([]byte(inside(two)), "del-db-user")
	require.NoError(t, err)
	require.Nil(t, door)
	require.Equal(t, []result{
		{Status: "ok", Filter: "55", ID: 55}, {Status: "error", Code: 1013, Text: "gone", Filter: "56"},
	}, results)
	x := &xmlAPI{link: &link{guard: bare(t)}}
	require.ErrorIs(t, x.only(results, 55), errNoUser, "an error is one wherever it stands")
	require.ErrorIs(t, x.only(results[:1], 56), errUnsure, "another id")
	require.ErrorIs(t, x.only([]result{{Status: "ok"}}, 55), errUnsure, "ok without an id is no deletion")
	require.NoError(t, x.only(results[:1], 55))

	door, _, err = readReply([]byte(`<packet><system><status>error</status><errcode>1001</errcode></system><output>x</output></packet>`), "get-db")
	require.NoError(t, err)
	require.Equal(t, 1001, door.Code)
}

func TestCodes(t *testing.T) {
	t.Parallel()
	const transient, denied, rejected = provider.Transient, provider.Denied, provider.Rejected
	for _, c := range []struct {
		code       int
		step, door provider.Kind
	}{
		{1001, denied, denied}, {1010, denied, denied}, {1011, denied, denied}, {1012, denied, denied}, {11003, denied, denied},
		{1003, transient, transient}, {1008, transient, transient}, {1023, transient, transient},
		{1002, transient, transient}, {424242, transient, transient}, {0, transient, transient},
		{1005, rejected, denied}, {1006, rejected, denied}, {1017, rejected, denied}, {1030, rejected, denied},
		{1014, rejected, rejected}, {1013, rejected, rejected}, {1007, rejected, rejected}, {1019, rejected, rejected}, {14009, rejected, rejected},
	} {
		require.Equal(t, c.step, provider.KindOf(classified("op", ofCode(c.code, "words", false))), c.code)
		err := classified("op", ofCode(c.code, "words", true))
		require.Equal(t, c.door, provider.KindOf(err), c.code)
		require.ErrorContains(t, err, "words")
	}
}

func FuzzAnswers(f *testing.F) {
	for _, body := range unreadables {
		f.Add([]byte(body))
	}
	f.Add([]byte(inside(`<get-db-users><result><status>ok</status><id>5</id><login>a</login></result></get-db-users>`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		door, results, err := readReply(body, "get-db-users")
		if err == nil && door == nil {
			require.NotEmpty(t, results)
		}
		for _, r := range results {
			if u, there, err := r.ofUser(); err == nil && there {
				require.Positive(t, u.ID)
				require.NotEmpty(t, u.Login)
			}
		}
	})
}
