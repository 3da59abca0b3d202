package courier

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/notice"
)

const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of the specification's examples

func TestSettings(t *testing.T) {
	t.Parallel()
	s, err := FromVars(config.Vars{})
	require.NoError(t, err)
	require.Equal(t, []any{0, 72 * time.Hour}, []any{len(s.Routes), s.patience()})

	s, err = FromVars(config.Vars{
		"SEVER_NOTICE_WEBHOOKS": " ops , siem-2", "SEVER_NOTICE_OPS_URL": "https://ops.example.com/hooks/T0", "SEVER_NOTICE_OPS_SECRET": key, "SEVER_NOTICE_OPS_EVENTS": "case.closed, guard.tripped",
		"SEVER_NOTICE_SIEM_2_URL": "http://localhost:1", "SEVER_NOTICE_SIEM_2_SECRET": key, "SEVER_NOTICE_PATIENCE": "1h",
		"SEVER_SMTP_URL": "smtp://sever:pa%40ss@mail.example.com", "SEVER_SMTP_FROM": "Sever <sever@example.com>", "SEVER_SMTP_TO": "ops@example.com, ciso@example.com",
	})
	require.NoError(t, err)
	require.Equal(t, []notice.Subscriber{{Name: "ops", Kinds: []notice.Kind{notice.CaseClosed, notice.GuardTripped}}, {Name: "siem-2"}, {Name: "mail"}}, s.Subscribers())
	require.Equal(t, []any{"https://ops.example.com", "webhook", "mail.example.com:587", "mail", time.Hour},
		[]any{s.Routes[0].Where, s.Routes[0].Means, s.Routes[2].Where, s.Routes[2].Means, s.patience()})
	p := s.Routes[2].Sender.(*post)
	require.Equal(t, []any{"sever", "pa@ss", startTLS}, []any{p.user, p.password.Reveal(), p.encryption})
}

func TestBadSettingsAreNamedAndNotRepeated(t *testing.T) {
	t.Parallel()
	good := config.Vars{"SEVER_NOTICE_WEBHOOKS": "ops", "SEVER_NOTICE_OPS_URL": "https://ops.example.com/T0TOKEN", "SEVER_NOTICE_OPS_SECRET": key,
		"SEVER_SMTP_URL": "smtp://sever:pass-of-mail@mail.example.com", "SEVER_SMTP_FROM": "sever@example.com", "SEVER_SMTP_TO": "ops@example.com"}
	_, err := FromVars(good)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change config.Vars
		says   string
	}{
		"name":            {config.Vars{"SEVER_NOTICE_WEBHOOKS": "Ops"}, `SEVER_NOTICE_WEBHOOKS: "Ops" is no name`},
		"twice":           {config.Vars{"SEVER_NOTICE_WEBHOOKS": "ops,ops"}, `"ops" is taken`},
		"mail":            {config.Vars{"SEVER_NOTICE_WEBHOOKS": "mail"}, `"mail" is taken`},
		"no address":      {config.Vars{"SEVER_NOTICE_OPS_URL": ""}, "SEVER_NOTICE_OPS_URL is not set"},
		"no secret":       {config.Vars{"SEVER_NOTICE_OPS_SECRET": ""}, "SEVER_NOTICE_OPS_SECRET is not set: make one with sever notices secret"},
		"http":            {config.Vars{"SEVER_NOTICE_OPS_URL": "http://ops.example.com/T0TOKEN"}, "SEVER_NOTICE_OPS_URL begins with http: and leads to another machine"},
		"no URL":          {config.Vars{"SEVER_NOTICE_OPS_URL": "ftp://T0TOKEN"}, "SEVER_NOTICE_OPS_URL is no address"},
		"half a URL":      {config.Vars{"SEVER_NOTICE_OPS_URL": "https://T0TOKEN:x:y/%zz"}, "SEVER_NOTICE_OPS_URL is no address"},
		"short secret":    {config.Vars{"SEVER_NOTICE_OPS_SECRET": "whsec_c2hvcnQ="}, "SEVER_NOTICE_OPS_SECRET is no secret of Standard Webhooks"},
		"old secret":      {config.Vars{"SEVER_NOTICE_OPS_OLD_SECRET": "T0TOKEN"}, "SEVER_NOTICE_OPS_OLD_SECRET is no secret of Standard Webhooks"},
		"event":           {config.Vars{"SEVER_NOTICE_OPS_EVENTS": "case.opened"}, `SEVER_NOTICE_OPS_EVENTS: there is no notice "case.opened"; there are: task.opened, `},
		"patience":        {config.Vars{"SEVER_NOTICE_PATIENCE": "-1h"}, "SEVER_NOTICE_PATIENCE is -1h0m0s"},
		"mail server":     {config.Vars{"SEVER_SMTP_URL": "mail.example.com:T0TOKEN"}, "SEVER_SMTP_URL is no address"},
		"port":            {config.Vars{"SEVER_SMTP_URL": "smtp://mail.example.com:99999"}, "SEVER_SMTP_URL has a port that is none"},
		"from":            {config.Vars{"SEVER_SMTP_FROM": "sever"}, `SEVER_SMTP_FROM: "sever" is no address`},
		"to":              {config.Vars{"SEVER_SMTP_TO": ""}, "SEVER_SMTP_TO"},
		"tls":             {config.Vars{"SEVER_SMTP_TLS": "maybe"}, `SEVER_SMTP_TLS is "maybe"`},
		"in the clear":    {config.Vars{"SEVER_SMTP_TLS": "off"}, "which would be sent in the clear"},
		"tls and not":     {config.Vars{"SEVER_SMTP_URL": "smtps://mail.example.com", "SEVER_SMTP_TLS": "off"}, "SEVER_SMTP_TLS is off, and SEVER_SMTP_URL says smtps"},
		"templates":       {config.Vars{"SEVER_NOTICE_TEMPLATES": filepath.Join(t.TempDir(), "none")}, "SEVER_NOTICE_TEMPLATES"},
		"events of mails": {config.Vars{"SEVER_SMTP_EVENTS": "all"}, `SEVER_SMTP_EVENTS: there is no notice "all"`},
	} {
		_, err := FromVars(good.With(c.change))
		require.ErrorContains(t, err, c.says, name)
		require.NotContains(t, err.Error(), "T0TOKEN", name)
		require.NotContains(t, err.Error(), "pass-of-mail", name)
	}
	both := maps.Clone(good)
	both["SEVER_NOTICE_OPS_URL"], both["SEVER_SMTP_FROM"] = "", "nobody"
	_, err = FromVars(both)
	require.ErrorContains(t, err, "SEVER_NOTICE_OPS_URL")
	require.ErrorContains(t, err, "SEVER_SMTP_FROM", "all problems at once")
}

func TestLettersOfOnesOwn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, says string }{
		"does not parse":   {"case.closed.txt", "Subject: x\n\n{{if}}", "case.closed.txt:3: missing value for if"},
		"no such field":    {"case.closed.txt", "Subject: x\n\n{{.Email}}", "case.closed.txt:3:2: executing"},
		"no subject":       {"case.closed.txt", "The case is closed", `case.closed.txt:1: the first line has to be "Subject: "`},
		"an empty subject": {"case.closed.txt", "Subject: {{.Task}}\n", "case.closed.txt:1: the first line has to be"},
		"of nothing":       {"case.opened.txt", "Subject: x\n", "case.opened.txt is the name of no letter; there are: approval.needed.txt, case.closed.txt"},
		"in ours":          {"facts.txt", "{{.Nothing}}", "facts.txt:1:2: executing"},
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o600))
		_, err := OpenLetters(dir)
		require.ErrorContains(t, err, c.says, name)
		require.ErrorContains(t, err, dir, name)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "case.closed.txt"), []byte("Subject: [{{.Case}}]\r\n  {{.Words}}\n\nHello.\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte("not a letter"), 0o600))
	l, err := OpenLetters(dir)
	require.NoError(t, err)
	subject, text, err := l.write(notice.Sample(notice.CaseClosed, noon))
	require.NoError(t, err)
	require.Equal(t, []string{"[C-260101-example]", "a test of Sever's notices; nothing happened\n\nHello.\n"}, []string{subject, text})
}

func TestALetter(t *testing.T) {
	t.Parallel()
	l, err := OpenLetters("")
	require.NoError(t, err)
	k := notice.Task{ID: 1, Case: "C-1", Key: "account/1", Connection: "pg-main", Owner: "dba", Words: "owns a table\nBcc: everybody@example.com", Next: "sever retry C-1", Due: noon, OpenedAt: noon}
	m := notice.Of(nil, []notice.Task{k})[0].For(notice.Subject{Principal: "E1", Reason: "hr"})
	subject, text, err := l.write(m)
	require.NoError(t, err)
	require.Equal(t, "Sever: a task in case C-1 (account/1)", subject)
	require.Equal(t, `Something in this case can only be done by a person.

What:       owns a table
Bcc: [address]
Case:       C-1
Principal:  E1
Reason:     hr
Task:       account/1
Connection: pg-main
Asked of:   dba
Due:        2026-05-01 12:00 UTC
When:       2026-05-01 12:00 UTC

Next:       sever retry C-1
`, text)
	m.Data.Task = "a\r\nBcc: everybody" // a name that somebody imported
	subject, _, err = l.write(m)
	require.NoError(t, err)
	require.NotContains(t, subject, "\n")
}
