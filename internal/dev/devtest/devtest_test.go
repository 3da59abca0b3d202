package devtest_test

import (
	"database/sql"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/workflows"
)

func TestMain(m *testing.M) { devtest.Main(m) }

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	for _, s := range devtest.Servers(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			var wg sync.WaitGroup
			for range 8 {
				url := devtest.DatabaseOn(t, s.Server)
				wg.Go(func() {
					c, err := pgx.Connect(t.Context(), url)
					if err == nil {
						_, err = c.Exec(t.Context(), "create table mine ()")
					}
					if err != nil {
						t.Error(err)
					}
					// The session stays open: dropping the database ends it.
				})
			}
			wg.Wait()
		})
	}
}

func TestDatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		url = devtest.Database(t)
		c, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
		require.NoError(t, c.Ping(t.Context()))
	})
	_, err := pgx.Connect(t.Context(), url)
	require.ErrorContains(t, err, "does not exist")
	require.Same(t, devtest.Postgres(t), devtest.Postgres(t))
}

func TestMariaDBIsShared(t *testing.T) {
	t.Parallel()
	s := devtest.MariaDB(t)
	require.Same(t, s, devtest.MariaDB(t))
	connector, err := mysql.NewConnector(s.Config())
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	defer db.Close()
	require.NoError(t, db.PingContext(t.Context()))
}

func TestTemporalHasOurSearchAttributes(t *testing.T) {
	t.Parallel()
	address, namespace := devtest.Temporal(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	defer c.Close()
	have, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	require.NoError(t, err)
	got := map[string]string{}
	for name := range workflows.SearchAttributes {
		got[name] = have.CustomAttributes[name].String()
	}
	require.Equal(t, workflows.SearchAttributes, got)
	again, _ := devtest.Temporal(t)
	require.Equal(t, address, again)
}
