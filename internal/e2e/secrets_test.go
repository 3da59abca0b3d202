package e2e_test

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/simulators"
	"github.com/severhq/sever/internal/payload"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/wiring"
)

// Every secret there is has a word of its own here, the systems repeat in their errors what
// they were sent, and cases are carried out, refused, cancelled and stuck. Afterwards none
// of the words is in any history, table, log, file, output, command line or dump of a
// worker's stack.
func TestNoSecretIsWrittenDownAnywhere(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	i, p := s.install, places{}
	i.start()
	s.plantRoster(p)

	code, said := i.sever("", "preflight")
	p["output of preflight"] = said
	require.NotEqual(t, 2, code, said)
	ada, carol := s.offboard(p, simulators.Ada, "hr"), s.offboard(p, simulators.Carol, "incident")
	s.settles(ada)
	s.settles(carol)
	dora := s.comesBack(p)
	s.run(p, "cancel", ada, "--reason", "she stays")
	s.awaits(`select count(*) = 0 from steps where case_id = $1 and state = 'undone'`, ada, false)
	s.codec(p)
	s.arrivals(p, simulators.Carol)
	for _, args := range [][]string{{"audit", "show", ada}, {"audit", "show", carol}, {"audit", "verify"}, {"status", carol}, {"status"}, {"cases"},
		{"tasks"}, {"plan", carol}, {"connections"}, {"providers"}, {"identities", "list"}, {"deliveries", "list"}, {"hooks", "list"}, {"notices", "list", "--all"}, {"notices", "test", "ops"}, {"notices", "test", "mail"}, {"approve", carol}, {"status", "C-nobody"}} {
		s.run(p, args...)
		s.run(p, append(args, "--json")...)
	}
	s.evidence(p, ada, carol, dora)
	s.wrongSettings(p)
	p.arguments(i.up.Process.Pid)
	s.dumpStack()

	ctx := context.Background()
	conn, err := i.records(ctx)
	require.NoError(t, err)
	defer conn.Close(ctx)
	p.dump(ctx, t, conn)
	temporal, err := wiring.Dial(ctx, s.vars(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer temporal.Close()
	p.histories(ctx, t, temporal, s.keys)
	p.files(t, i.home)
	p["output of sever up"] = i.said.String()

	require.Contains(t, p["arguments"], "sever-worker")
	require.Contains(t, p["file log/worker.log"], "goroutine ", "the dump of the stack")
	require.Contains(t, p["table steps"], "refused", "the words of the systems are kept, without what they repeat")
	require.Greater(t, s.outside.hooks.Load(), int32(2), "workers told it, too")
	require.Greater(t, s.outside.mails.Load(), int32(2))
	require.Contains(t, p["table notices"], "400 Bad Request")
	for name, e := range s.echoes {
		require.Positive(t, e.spoiled, "%s refused nothing", name)
		s.words = append(s.words, e.known()...)
	}
	for name, r := range s.parrots {
		require.Positive(t, r.spoiled, "%s refused nothing", name)
		require.NotEmpty(t, r.known(), "%s was sent no hash", name)
		s.words = append(s.words, r.known()...)
	}
	require.Contains(t, p["table steps"], "you are sever with the password [secret]")
	s.handedOver()
	for _, secret := range s.words {
		require.Greater(t, len(secret), 7, "too short to be looked for: %q", secret)
		require.Empty(t, p.found(secret), "%s", secret)
	}
	t.Logf("%d secrets are in none of %d places", len(s.words), len(p))

	// The search can find: a ticket is no secret, and is everywhere.
	where := strings.Join(p.found(s.ticket), "\n")
	for _, place := range []string{"decrypted history", "table audit_events", "output of audit show", "evidence "} {
		require.Contains(t, where, place)
	}
	require.NotContains(t, strings.ReplaceAll(where, "decrypted history", ""), "history", "at Temporal it is encrypted")
}

// secrets is an installation in which everything secret is known.
type secrets struct {
	t                    *testing.T
	install              *installation
	echoes               map[string]*echo
	parrots              map[string]*parrot
	words                []string
	ticket               string
	keys                 *payload.Keys
	site                 *simulators.Site
	role                 string
	more                 []string // variables
	token                string
	outside              *outsiders
	signing, transmitter string // of those who send
}

// word is a secret that nothing else is called, with signs that are escaped everywhere.
func (s *secrets) word(what string) string {
	w := what + "+" + unique() + "/" + unique()
	s.words = append(s.words, w)
	return w
}

func newSecrets(t *testing.T) *secrets {
	t.Helper()
	target := devtest.Postgres(t)
	s := &secrets{t: t, echoes: map[string]*echo{}, parrots: map[string]*parrot{}, ticket: "TICKET-" + unique(), role: "leaver_" + unique()}
	s.install = install(t, "")
	var err error
	s.site, err = simulators.Start(simulators.Options{Unlimited: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.site.Close() })

	password := s.word("of-our-admin")
	admin := "admin_" + unique()
	conn, err := pgx.Connect(t.Context(), target.URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(t.Context())
	for _, q := range []string{
		fmt.Sprintf("create role %s superuser login password '%s'", admin, password),
		fmt.Sprintf("create role %s login password '%s'", s.role, s.word("of-the-leaver")),
		fmt.Sprintf("create role %s_2 login password '%s'", s.role, s.word("of-who-comes-back")),
		fmt.Sprintf("create database %s_db", s.role),
	} {
		_, err := conn.Exec(t.Context(), q)
		require.NoError(t, err)
	}
	s.parrots["pg-main"] = newParrot(t, postgresParrot, target.Addr, password, 2)
	dsn := func(user, password string) string {
		return (&url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: s.parrots["pg-main"].Addr().String(), Path: "/postgres", RawQuery: "sslmode=disable"}).String()
	}
	key, err := payload.NewKey("k1")
	require.NoError(t, err)
	s.keys, err = payload.ParseKeys(config.NewSecret(key))
	require.NoError(t, err)
	s.token = s.word("of-the-codec-endpoint-" + unique())
	s.words = append(s.words, strings.TrimPrefix(key, "k1="))
	s.more = []string{
		payload.Variable + "=" + key, "SEVER_CODEC_TOKEN=" + s.token, "SEVER_RETRY_EVERY=1h", "SEVER_PATIENCE=2s", "SEVER_MAX_HOUR_PERCENT=100",
		"SEVER_CONN_PG_MAIN_URL=" + dsn(admin, password),
		"SEVER_CONN_PG_BAD_URL=" + dsn(admin, s.word("of-nobody")),
		"SEVER_CONN_MY_MAIN_URL=" + s.mariadb(), "SEVER_CONN_MY_MAIN_TLS=off",
		"SEVER_CONNECTIONS=pg-main=postgres,pg-bad=postgres,my-main=mysql," + s.site.Connections() + ",do-bad=digitalocean",
	}
	s.proxied()
	s.outside = s.told()
	s.arriving()
	s.install.env = append(s.install.env, s.more...)
	return s
}

// proxied gives every simulator a proxy that repeats what it is sent, and a credential
// that only the proxy knows.
func (s *secrets) proxied() {
	credential := map[string]string{simulators.DigitalOcean: "TOKEN", simulators.Netim: "SECRET", simulators.Plesk: "KEY", simulators.Trove: "PASSWORD"}
	for _, name := range simulators.Names {
		its := s.site.Credentials(name)
		planted := s.word("credential-of-" + name)
		e := newEcho(s.t, s.site.URL(name), planted, its[credential[name]], 3)
		s.echoes[name] = e
		for variable, value := range its {
			value = strings.ReplaceAll(value, s.site.URL(name), e.URL)
			if variable == credential[name] {
				value = planted
			}
			s.more = append(s.more, catalog.Prefix(name)+variable+"="+value)
		}
	}
	s.more = append(s.more, "SEVER_CONN_DO_BAD_URL="+s.echoes[simulators.DigitalOcean].URL, "SEVER_CONN_DO_BAD_TOKEN="+s.word("refused"))
}

// vars are the variables of the command line, for the test itself.
func (s *secrets) vars() config.Vars {
	vars := config.Vars{}
	b, err := os.ReadFile(filepath.Join(s.install.home, "sever.env"))
	require.NoError(s.t, err)
	for _, line := range append(strings.Split(string(b), "\n"), s.more...) {
		if name, value, ok := strings.Cut(line, "="); ok {
			vars[name] = strings.Trim(value, `"'`)
		}
	}
	for _, name := range []string{"SEVER_DATABASE_URL", "SEVER_OWNER_DATABASE_URL"} {
		if u, err := url.Parse(vars[name]); err == nil {
			if password, set := u.User.Password(); set {
				s.words = append(s.words, password)
			}
		}
	}
	for _, file := range []string{"audit.key"} {
		b, err := os.ReadFile(filepath.Join(s.install.home, "keys", file))
		require.NoError(s.t, err)
		s.words = append(s.words, strings.TrimSpace(string(b)))
	}
	return vars
}

func (s *secrets) run(p places, args ...string) string {
	s.t.Helper()
	_, said := s.install.sever("", args...)
	p["output of "+strings.Join(args[:min(2, len(args))], " ")] += said
	return said
}

func (s *secrets) plantRoster(p places) {
	s.t.Helper()
	roster := s.site.Roster()
	roster += simulators.Ada + ",pg-main," + s.role + ",,Ada Lovelace,ada@example.com\n"
	roster += simulators.Carol + ",my-main," + s.role + ",%,Carol Shaw,carol@example.com\n"
	roster += back + ",pg-main," + s.role + "_2,,Dora Back,dora@example.com\n"
	roster += back + ",my-main," + s.role + "_2,%,Dora Back,dora@example.com\n"
	code, said := s.install.sever(roster, "identities", "import", "-")
	p["output of identities import"] = said
	require.Equal(s.t, 0, code, said)
}

func (s *secrets) offboard(p places, who, reason string) (id string) {
	s.t.Helper()
	said := s.run(p, "offboard", who, "--reason", reason, "--ticket", s.ticket, "--wait=false", "--json")
	var answer struct {
		Case string `json:"case"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(said), &answer), said)
	p["output of offboard"] += s.run(p, "status", answer.Case)
	return answer.Case
}

// settles waits until the case waits for people: pg-bad and do-bad refuse us for good.
func (s *secrets) settles(id string) {
	s.t.Helper()
	s.awaits(`select exists (select from steps where case_id = $1 and state in ('done', 'blocked'))
		and not exists (select from steps join plans using (case_id) where case_id = $1 and plans.status = 'approved' and plan_no = no and state in ('pending', 'running'))`, id, true)
}

func (s *secrets) awaits(query, id string, want bool) {
	s.t.Helper()
	ctx := context.Background()
	conn, err := s.install.records(ctx)
	require.NoError(s.t, err)
	defer conn.Close(ctx)
	var is bool
	var problem error
	require.Eventually(s.t, func() bool {
		problem = conn.QueryRow(ctx, query, id).Scan(&is)
		return problem == nil && is == want
	}, 2*time.Minute, 50*time.Millisecond, "%s: %v", id, &problem)
}

// codec asks the endpoint of the installation, with and without the token.
func (s *secrets) codec(p places) {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(s.install.bin, "sever"), "codec", "--listen", "127.0.0.1:0")
	cmd.Env = s.install.env
	said, err := os.CreateTemp(s.t.TempDir(), "codec")
	require.NoError(s.t, err)
	cmd.Stdout, cmd.Stderr = said, said
	require.NoError(s.t, cmd.Start())
	output := func() string {
		b, err := os.ReadFile(said.Name())
		require.NoError(s.t, err)
		return string(b)
	}
	require.Eventually(s.t, func() bool { return strings.Contains(output(), "; Ctrl-C") }, 30*time.Second, 20*time.Millisecond)
	address, _, _ := strings.Cut(strings.TrimPrefix(output(), "decoding at "), ";")
	p.arguments(cmd.Process.Pid)
	for _, token := range []string{s.token, s.word("a-guess")} {
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, address+"/decode", strings.NewReader(`{"payloads":[{"data":"!"}]}`))
		require.NoError(s.t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(s.t, err)
		_ = answer.Body.Close()
		require.GreaterOrEqual(s.t, answer.StatusCode, 400)
	}
	require.NoError(s.t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(s.t, cmd.Wait())
	p["output of codec"] = output()
}

// evidence makes the packs of cases, and unpacks them: an archive hides what is in it.
func (s *secrets) evidence(p places, cases ...string) {
	s.t.Helper()
	for _, id := range cases {
		file := filepath.Join(s.t.TempDir(), id+".zip")
		code, said := s.install.sever("", "evidence", id, "--out", file)
		p["output of evidence"] += said
		require.Equal(s.t, 0, code, said)
		pack, err := zip.OpenReader(file)
		require.NoError(s.t, err)
		for _, f := range pack.File {
			r, err := f.Open()
			require.NoError(s.t, err)
			b, err := io.ReadAll(r)
			require.NoError(s.t, err)
			p["evidence "+id+" "+f.Name] = string(b)
		}
		require.NoError(s.t, pack.Close())
	}
}

// wrongSettings starts programs whose settings are malformed in the place of a secret.
func (s *secrets) wrongSettings(p places) {
	s.t.Helper()
	for _, wrong := range []string{
		"SEVER_CONN_PG_MAIN_URL=postgres://admin:" + s.word("malformed") + "@host:port:port/%zz",
		"SEVER_DATABASE_URL=postgres://app:" + s.word("no-url") + "@[::1/x",
		"SEVER_AUDIT_KEY=" + s.word("no-seed"),
		payload.Variable + "=" + s.word("no-key"),
		"SEVER_NOTICE_OPS_SECRET=" + s.word("no-secret"),
		"SEVER_HOOK_HRIS_SECRET=" + s.word("no-signature"),
		"SEVER_NOTICE_OPS_URL=ftp://ops:" + s.word("no-hook") + "@host:port:port/%zz",
		"SEVER_SMTP_URL=smtp://sever:" + s.word("no-mail") + "@host:port:port/%zz",
	} {
		cmd := exec.Command(filepath.Join(s.install.bin, "sever-worker"))
		cmd.Env = append(slices.Clone(s.install.env), "TEMPORAL_ADDRESS=127.0.0.1:1", "SEVER_DATABASE_URL=postgres://app:"+s.words[0]+"@127.0.0.1:1/x", wrong)
		said, err := cmd.CombinedOutput()
		require.Error(s.t, err)
		p["output of sever-worker"] += string(said)
		cmd = exec.Command(filepath.Join(s.install.bin, "sever"), "preflight")
		cmd.Env = append(slices.Clone(s.install.env), wrong)
		said, _ = cmd.CombinedOutput()
		p["output of preflight"] += string(said)
		cmd = exec.Command(filepath.Join(s.install.bin, "sever"), "hooks", "list")
		cmd.Env = append(slices.Clone(s.install.env), wrong)
		said, _ = cmd.CombinedOutput()
		p["output of hooks list"] += string(said)
	}
}

// dumpStack makes the worker end as a panic ends it: with the stacks of all that runs.
func (s *secrets) dumpStack() {
	s.t.Helper()
	for _, pid := range below(s.install.up.Process.Pid) {
		if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && strings.Contains(string(b), "sever-worker") {
			require.NoError(s.t, syscall.Kill(pid, syscall.SIGQUIT))
		}
	}
	require.Eventually(s.t, func() bool {
		b, err := os.ReadFile(filepath.Join(s.install.home, "log", "worker.log"))
		return err == nil && strings.Contains(string(b), "goroutine ")
	}, 30*time.Second, 20*time.Millisecond)
}

// handedOver are the new credentials in the sink: what a cancel made anew.
func (s *secrets) handedOver() {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.install.home, "credentials", "*"))
	require.NoError(s.t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(s.t, err)
		for line := range strings.Lines(string(b)) {
			if word := strings.TrimSpace(line); len(word) > 7 {
				s.words = append(s.words, word)
			}
		}
	}
}
