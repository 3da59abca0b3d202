package plesk

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const xmlHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

// inside is a packet with that operation.
func inside(operation string) string {
	return xmlHead + `<packet version="1.6.9.1"><database>` + operation + `</database></packet>`
}

func TestPacketsOfOurs(t *testing.T) {
	t.Parallel()
	one := &deleteUser{}
	one.Filter.ID = 55
	byID, byDatabase := &getUsers{}, &getUsers{}
	byID.Filter.ID, byDatabase.Filter.Databases = 55, []databaseID{7, 8}
	for want, o := range map[string]operation{
		`<get-db><filter></filter></get-db>`:                                                                               {GetDatabases: &getDatabases{}},
		`<get-db-users><filter></filter></get-db-users>`:                                                                   {GetUsers: &getUsers{}},
		`<get-db-users><filter><id>55</id></filter></get-db-users>`:                                                        {GetUsers: byID},
		`<get-db-users><filter><db-id>7</db-id><db-id>8</db-id></filter></get-db-users>`:                                   {GetUsers: byDatabase},
		`<del-db-user><filter><id>55</id></filter></del-db-user>`:                                                          {DeleteUser: one},
		`<set-db-user><id>55</id><password>a&lt;b&amp;c-long</password><password-type>plain</password-type></set-db-user>`: {SetPassword: &setPassword{55, "a<b&c-long", plainPassword}},
		`<set-default-user><db-id>7</db-id><default-user-id>60</default-user-id></set-default-user>`:                       {SetDefault: &setDefault{7, 60}},
		`<add-db-user><db-id>7</db-id><login>a&#34;b</login><password>longenough</password><password-type>plain</password-type><acl><host>%</host></acl></add-db-user>`: {
			AddUser: &addUser{Database: 7, Login: `a"b`, Password: "longenough", Kind: plainPassword, Hosts: &hosts{[]string{"%"}}},
		},
	} {
		got, err := encode("1.6.9.1", o)
		require.NoError(t, err, want)
		require.Equal(t, inside(want), string(got))
		require.NoError(t, checkPacket(got))
	}
}

// deadly are bodies that Plesk would carry out, or might, and that nobody may send.
var deadly = map[string]string{
	"empty filter":                 inside(`<del-db-user><filter/></del-db-user>`),
	"empty filter, long":           inside(`<del-db-user><filter></filter></del-db-user>`),
	"no filter":                    inside(`<del-db-user></del-db-user>`),
	"two ids":                      inside(`<del-db-user><filter><id>55</id><id>56</id></filter></del-db-user>`),
	"the same id twice":            inside(`<del-db-user><filter><id>55</id><id>55</id></filter></del-db-user>`),
	"a whole database":             inside(`<del-db-user><filter><db-id>45</db-id></filter></del-db-user>`),
	"an id and a database":         inside(`<del-db-user><filter><id>55</id><db-id>2</db-id></filter></del-db-user>`),
	"an id outside of the filter":  inside(`<del-db-user><id>45</id></del-db-user>`),
	"an id beside an empty filter": inside(`<del-db-user><filter></filter><id>45</id></del-db-user>`),
	"two filters":                  inside(`<del-db-user><filter><id>55</id></filter><filter></filter></del-db-user>`),
	"two deletions":                inside(`<del-db-user><filter><id>55</id></filter></del-db-user><del-db-user><filter><id>56</id></filter></del-db-user>`),
	"two operations":               inside(`<get-db><filter></filter></get-db><del-db-user><filter><id>56</id></filter></del-db-user>`),
	"two operators": xmlHead + `<packet version="1.6.9.1"><database><get-db><filter></filter></get-db></database>` +
		`<database><del-db-user><filter><id>5</id></filter></del-db-user></database></packet>`,
	"empty id":             inside(`<del-db-user><filter><id></id></filter></del-db-user>`),
	"zero":                 inside(`<del-db-user><filter><id>0</id></filter></del-db-user>`),
	"below zero":           inside(`<del-db-user><filter><id>-1</id></filter></del-db-user>`),
	"plus":                 inside(`<del-db-user><filter><id>+55</id></filter></del-db-user>`),
	"leading zero":         inside(`<del-db-user><filter><id>055</id></filter></del-db-user>`),
	"a space":              inside(`<del-db-user><filter><id> 55</id></filter></del-db-user>`),
	"a list":               inside(`<del-db-user><filter><id>55 56</id></filter></del-db-user>`),
	"an id with a comment": inside(`<del-db-user><filter><id>5<!-- -->5</id></filter></del-db-user>`),
	"a comment":            inside(`<del-db-user><filter><!-- <id>55</id> --></filter></del-db-user>`),
	"an attribute":         inside(`<del-db-user><filter><id a="b">55</id></filter></del-db-user>`),
	"another name space":   inside(`<del-db-user><filter><id xmlns="x">55</id></filter></del-db-user>`),
	"a deleted database":   inside(`<del-db><filter><id>55</id></filter></del-db>`),
	"another operator":     xmlHead + `<packet version="1.6.9.1"><webspace><del><filter/></del></webspace></packet>`,
	"an operator beside ours": xmlHead + `<packet version="1.6.9.1"><database><get-db><filter></filter></get-db></database>` +
		`<webspace><del><filter></filter></del></webspace></packet>`,
	"an entity": `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE p [<!ENTITY x "55">]>` +
		`<packet version="1.6.9.1"><database><del-db-user><filter><id>&x;</id></filter></del-db-user></database></packet>`,
	"something before":       "x" + inside(`<get-db><filter></filter></get-db>`),
	"something after":        inside(`<get-db><filter></filter></get-db>`) + inside(`<del-db-user><filter/></del-db-user>`),
	"a password for nobody":  inside(`<set-db-user><id>0</id><password>longenough</password><password-type>plain</password-type></set-db-user>`),
	"another login":          inside(`<set-db-user><id>5</id><login>x</login><password>longenough</password><password-type>plain</password-type></set-db-user>`),
	"rights":                 inside(`<set-db-user><id>5</id><password>longenough</password><password-type>plain</password-type><role>readOnly</role></set-db-user>`),
	"an empty password":      inside(`<set-db-user><id>5</id><password></password><password-type>plain</password-type></set-db-user>`),
	"password before the id": inside(`<set-db-user><password>longenough</password><id>55</id></set-db-user>`),
	"a default user of none": inside(`<set-default-user><db-id>7</db-id><default-user-id>0</default-user-id></set-default-user>`),
	"a user of nowhere":      inside(`<add-db-user><login>a</login><password>longenough</password><password-type>plain</password-type></add-db-user>`),
	"no version":             xmlHead + `<packet><database><get-db><filter></filter></get-db></database></packet>`,
	"nothing":                "",
	"an empty packet":        xmlHead + `<packet version="1.6.9.1"></packet>`,
	"an empty operator":      inside(``),
}

func TestDeadlyPacketsAreRefused(t *testing.T) {
	t.Parallel()
	for name, body := range deadly {
		require.Error(t, checkPacket([]byte(body)), name)
	}
}

// hostile are values that have done harm somewhere.
var hostile = []string{
	"..", ".", "", "a/b", "a?x", "a#f", "%2e%2e", "../dbs/defaultdb", "a\x00b", "a\nb", "a\tb", "\u007f", "\u0085", "\u2028", "'", `"`, "&", "<",
	"]]>", "<id>55</id>", "</login></add-db-user><del-db-user><filter/></del-db-user>", "&amp;", "&#0;", "ä", "名前", "a\xffb", "\ufffe", "\ufffd",
	" a", "a ", "a  b", "a b", strings.Repeat("x", 64<<10), strings.Repeat("é", 200), "-1", "0", "55",
}

func TestHostileValuesInPackets(t *testing.T) {
	t.Parallel()
	for _, name := range hostile {
		for _, o := range []operation{
			{AddUser: &addUser{Database: 7, Login: name, Password: "longenough", Kind: plainPassword}},
			{AddUser: &addUser{Database: 7, Login: "a", Password: "longenough", Kind: plainPassword, Hosts: &hosts{[]string{name}}}},
			{AddUser: &addUser{Database: 7, Login: "a", Password: "longenough" + name, Kind: plainPassword}},
		} {
			body, err := encode("1.6.9.1", o)
			if err != nil {
				continue // nothing is sent
			}
			back, err := decodePacket(body)
			require.NoError(t, err)
			require.Equal(t, o, back.Operation, "%.40q came through as something else", name)
		}
	}
	for _, version := range []string{"", "1.6.9.1\"", "1.6/../", "x"} {
		_, err := encode(version, operation{GetDatabases: &getDatabases{}})
		require.Error(t, err, version)
	}
}

func FuzzPackets(f *testing.F) {
	for _, body := range deadly {
		f.Add([]byte(body))
	}
	for _, op := range []string{
		`<get-db><filter></filter></get-db>`, `<del-db-user><filter><id>55</id></filter></del-db-user>`,
		`<get-db-users><filter><db-id>7</db-id><db-id>8</db-id></filter></get-db-users>`,
	} {
		f.Add([]byte(inside(op)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if checkPacket(body) != nil {
			return
		}
		// What passes says what it does in one place only.
		text := string(body)
		if strings.Contains(text, "<del-db-user") {
			require.Regexp(t, `^<\?xml version="1\.0" encoding="UTF-8"\?>\n<packet version="[0-9.]+"><database>`+
				`<del-db-user><filter><id>[1-9][0-9]*</id></filter></del-db-user></database></packet>$`, text)
		}
		require.NotContains(t, text, "<del-db>")
		require.NotContains(t, text, "<!")
	})
}
