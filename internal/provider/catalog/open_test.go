package catalog_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/provider/memory"
)

// closing counts how often it was closed.
type closing struct {
	*memory.System
	closed *int
}

func (c closing) Close() { *c.closed++ }

// table has a kind that always opens and one that needs two variables.
func table(closed *int) catalog.Table {
	easy := memory.Spec
	easy.Limits = provider.Limits{TasksPerSecond: 5, Parallel: 4}
	easy.Open = func(s provider.Settings) (provider.Provider, error) {
		return closing{memory.New(s.Connection), closed}, nil
	}
	strict := memory.Spec
	strict.Name = "strict"
	strict.Limits = provider.Limits{}
	strict.Open = func(s provider.Settings) (provider.Provider, error) {
		_, err := config.Parse[struct {
			URL   string        `env:"URL,required"`
			Token config.Secret `env:"TOKEN,required"`
		}](s.Vars, s.Prefix)
		if err != nil {
			return nil, err
		}
		return closing{memory.New(s.Connection), closed}, nil
	}
	return catalog.Table{easy, strict}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	closed := 0
	conns, err := table(&closed).Open(config.Vars{
		"SEVER_CONNECTIONS":                   " pg-main=memory , api=strict,",
		"SEVER_CONN_API_URL":                  "http://localhost",
		"SEVER_CONN_API_TOKEN":                "hunter2",
		"SEVER_CONN_API_PARALLEL":             "64",
		"SEVER_CONN_PG_MAIN_OWNER":            "grace",
		"SEVER_CONN_PG_MAIN_PROTECTED":        "svc_*, deploy,*-bot,*x*,*",
		"SEVER_CONN_PG_MAIN_TASKS_PER_SECOND": "2.5",
		"SEVER_CONN_PG_MAIN_PARALLEL":         "3",
		"SEVER_CONN_PG_MAIN_SETTLE":           "90s",
		"SEVER_CONN_PG_MAIN_NAMES":            "{{.Login}},{{.Hosting}}_{{.Login}}",
	})
	require.NoError(t, err)
	var names []string
	for _, c := range conns.All() {
		names = append(names, c.Name)
	}
	require.Equal(t, []string{"api", "pg-main"}, names)

	c, err := conns.For("pg-main")
	require.NoError(t, err)
	require.Equal(t, "memory", c.Kind)
	require.Equal(t, "conn-pg-main", c.Queue())
	require.Equal(t, "grace", c.Owner)
	require.Equal(t, []string{"svc_*", "deploy", "*-bot", "*x*", "*"}, c.Protected)
	require.Equal(t, provider.Limits{TasksPerSecond: 2.5, Parallel: 3, Settle: 90 * time.Second}, c.Limits)
	require.Len(t, c.Names, 2)
	require.Equal(t, "{{.Hosting}}_{{.Login}}", c.Names[1].String())

	api, err := conns.For("api")
	require.NoError(t, err)
	require.Equal(t, provider.Limits{Parallel: 64}, api.Limits)

	_, err = conns.For("pg")
	require.ErrorIs(t, err, catalog.ErrNotConfigured)
	conns.Close()
	require.Equal(t, 2, closed)
}

func TestOpenTellsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	closed := 0
	_, err := table(&closed).Open(config.Vars{
		"SEVER_CONNECTIONS":                "good=memory,a=strict,A=memory,a-b=memory,pg-main=memory,pg--main=memory,pg-main=memory,x=oracle,lonely,9=memory",
		"SEVER_CONN_A_URL":                 "there",
		"SEVER_CONN_A_PARALLEL":            "none",
		"SEVER_CONN_A_B_PROTECTED":         "ok,a*b",
		"SEVER_CONN_A_B_TASKS_PER_SECOND":  "6",
		"SEVER_CONN_A_B_PARALLEL":          "5",
		"SEVER_CONN_A_B_SETTLE":            "-1s",
		"SEVER_CONN_GOOD_NAMES":            "{{.Login}},staff",
		"SEVER_CONN_GOOD_TASKS_PER_SECOND": "NaN",
	})
	require.Error(t, err)
	require.Equal(t, []string{
		`connection good: SEVER_CONN_GOOD_NAMES cannot be used: the rule "staff": it has no field, and would give everybody the same name`,
		`connection good: SEVER_CONN_GOOD_TASKS_PER_SECOND is "NaN": it must be a number above 0`,
		`connection a: SEVER_CONN_A_PARALLEL is "none": it must be a whole number above 0`,
		`connection a: SEVER_CONN_A_TOKEN is not set`,
		`SEVER_CONNECTIONS: "A" is no name for a connection: small letters, digits and -, a letter first, 40 at most`,
		`connection a-b: SEVER_CONN_A_B_PROTECTED has "a*b": a * may only stand first or last`,
		`connection a-b: SEVER_CONN_A_B_SETTLE is "-1s": it must be a duration such as 90s`,
		`connection a-b: SEVER_CONN_A_B_TASKS_PER_SECOND is 6: memory allows 5 at most`,
		`connection a-b: SEVER_CONN_A_B_PARALLEL is 5: memory allows 4 at most`,
		`SEVER_CONNECTIONS: connections pg-main and pg-main would both read SEVER_CONN_PG_MAIN_…: rename one`,
		`SEVER_CONNECTIONS: connection x: no provider is called "oracle"; there are: memory, strict`,
		`SEVER_CONNECTIONS: "lonely" is not name=provider`,
		`SEVER_CONNECTIONS: "9" is no name for a connection: small letters, digits and -, a letter first, 40 at most`,
	}, strings.Split(err.Error(), "\n"))
	require.Equal(t, 4, closed, "what could be opened is closed again")
}

func TestOpenWithoutConnections(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"", " , "} {
		_, err := table(new(int)).Open(config.Vars{"SEVER_CONNECTIONS": list})
		require.ErrorContains(t, err, "SEVER_CONNECTIONS lists no connection")
	}
}

func TestTheErrorOfAProviderKeepsItsCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	spec := memory.Spec
	spec.Open = func(provider.Settings) (provider.Provider, error) { return nil, cause }
	_, err := catalog.Table{spec}.Open(config.Vars{"SEVER_CONNECTIONS": "a=memory"})
	require.ErrorIs(t, err, cause)
}

func TestOf(t *testing.T) {
	t.Parallel()
	conns := catalog.Of(
		catalog.Connection{Name: "b", Spec: memory.Spec, Provider: memory.New("b")},
		catalog.Connection{Name: "a", Spec: memory.Spec, Provider: memory.New("a"), Limits: provider.Limits{Parallel: 1}},
	)
	require.Equal(t, "a", conns.All()[0].Name)
	b, err := conns.For("b")
	require.NoError(t, err)
	require.Equal(t, "memory", b.Kind)
	require.Equal(t, memory.Spec.Limits, b.Limits)
	require.Panics(t, func() { catalog.Of(catalog.Connection{Name: "a"}, catalog.Connection{Name: "a"}) })
	require.Panics(t, func() { catalog.Of(catalog.Connection{Name: "../a"}) })
}

func TestHonesty(t *testing.T) {
	t.Parallel()
	spec := provider.Spec{Name: "panel", Engines: map[string]access.Capabilities{
		"mysql": {access.Delete: {Support: access.Partial, How: "by id"}},
	}}
	rows := catalog.Table{spec}.Honesty()
	require.Len(t, rows, 8)
	require.Equal(t, catalog.Row{"panel", "mysql", access.Contain, access.Capability{Support: access.None}}, rows[0])
	require.Equal(t, catalog.Row{"panel", "mysql", access.Delete, access.Capability{Support: access.Partial, How: "by id"}}, rows[5])
}

// TestSimulated: the pace is lifted for what answers on this machine, and for nothing
// else.
func TestSimulated(t *testing.T) {
	t.Parallel()
	closed := 0
	open := func(url string) (*catalog.Connections, error) {
		vars := config.Vars{"SEVER_CONNECTIONS": "a=memory", "SEVER_CONN_A_SIMULATED": "true"}
		if url != "" {
			vars["SEVER_CONN_A_URL"] = url
		}
		return table(&closed).Open(vars)
	}
	conns, err := open("http://127.0.0.1:8080/1.0/")
	require.NoError(t, err)
	require.Zero(t, conns.All()[0].Limits.TasksPerSecond)
	require.Equal(t, 4, conns.All()[0].Limits.Parallel)
	for url, why := range map[string]string{
		"https://api.example.com": "leads to another machine", "": "no address of this machine is", "http://127.0.0.1.example.com": "leads to another machine",
	} {
		_, err := open(url)
		require.ErrorContains(t, err, "SEVER_CONN_A_SIMULATED is set, and ", url)
		require.ErrorContains(t, err, why, url)
	}
}
