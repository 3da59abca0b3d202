package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/postgres"
)

func openWith(vars config.Vars) (provider.Provider, error) {
	return postgres.Spec.Open(provider.Settings{Connection: "pg", Prefix: "SEVER_CONN_PG_", Vars: vars})
}

// Whatever is wrong with a URL, its password is in no message.
func TestURLThatCannotBeUsed(t *testing.T) {
	const secret = "hunter2"
	for url, want := range map[string]string{
		"": "SEVER_CONN_PG_URL is empty",
		"postgres://ada:" + secret + "%zz@host/db":        "SEVER_CONN_PG_URL: is not a postgres URL",
		"postgres://ada:" + secret + "#x@host/db":         "SEVER_CONN_PG_URL: ",
		"postgres://ada:" + secret + "@host:port/db":      "SEVER_CONN_PG_URL: is not a postgres URL",
		"mysql://ada:" + secret + "@host/db":              "SEVER_CONN_PG_URL: is not a postgres URL",
		"host=db user=ada password=" + secret:             "SEVER_CONN_PG_URL: is not a postgres URL",
		"postgres://ada:" + secret + "@/db":               "SEVER_CONN_PG_URL: names no host",
		"postgres://host/db?password=" + secret:           "SEVER_CONN_PG_URL: names no user",
		"postgres://ada:" + secret + "@host/db?sslmode=x": "SEVER_CONN_PG_URL: is not a postgres URL",
	} {
		_, err := openWith(config.Vars{"SEVER_CONN_PG_URL": url})
		require.ErrorContains(t, err, want, url)
		require.NotContains(t, err.Error(), secret, url)
	}
	_, err := openWith(nil)
	require.EqualError(t, err, "SEVER_CONN_PG_URL is not set")
	_, err = openWith(config.Vars{"SEVER_CONN_PG_URL": "postgres://ada@host/db", "SEVER_CONN_PG_MAX_SESSIONS": "0"})
	require.ErrorContains(t, err, "MAX_SESSIONS must be 1 or more")
}

func TestOpenConnectsToNothing(t *testing.T) {
	p, err := openWith(config.Vars{"SEVER_CONN_PG_URL": "postgres://ada:hunter2@192.0.2.1:1/db"})
	require.NoError(t, err)
	p.Close()
}

func TestOurLoginIsRefused(t *testing.T) {
	each(t, func(w *world) {
		ada := w.person("ada")
		pg := w.open(config.Vars{"SEVER_CONN_PG_URL": w.urlAs("postgres", ada.Name, "hunter2")})
		_, err := pg.Look(w.Context(), ada)
		require.Equal(w, provider.Denied, provider.KindOf(err))
		require.ErrorContains(w, err, "our own login was refused")
		require.NotContains(w, fmt.Sprintf("%v %+v %#v", err, err, err), "hunter2")
		_, err = pg.Contain(w.Context(), ada, access.Lock)
		require.Equal(w, provider.Denied, provider.KindOf(err))
	})
}

func TestServerThatIsNotThere(t *testing.T) {
	p, err := openWith(config.Vars{"SEVER_CONN_PG_URL": "postgres://ada:hunter2@127.0.0.1:1/db?sslmode=disable"})
	require.NoError(t, err)
	defer p.Close()
	ref := access.Ref{Connection: "pg", Resource: "server", Name: "ada", ForeignID: "20000"}
	_, err = p.Look(t.Context(), ref)
	require.Equal(t, provider.Transient, provider.KindOf(err))
	require.ErrorContains(t, err, "look at pg/ada: ")
	require.NotContains(t, err.Error(), "hunter2")
	for _, err := range p.Accounts(t.Context()) {
		require.Equal(t, provider.Transient, provider.KindOf(err))
	}
}
