package store

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/postgres"
)

// noon is when things happen in these tests.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// world is a database of its own, with its own roles, on a real server.
type world struct {
	super config.Secret // superuser, in the database
	owner config.Secret
	app   config.Secret
	roles Roles
}

func TestMain(m *testing.M) { devtest.Main(m) }

// empty is a world without a schema.
func empty(t *testing.T) *world {
	t.Helper()
	return emptyOn(t, devtest.Postgres(t))
}

func emptyOn(t *testing.T, on *postgres.Server) *world {
	t.Helper()
	super := config.NewSecret(on.URL("postgres"))
	name := "sever_" + strings.ToLower(rand.Text()[:10])
	r := Roles{Database: name, Owner: name + "_owner", OwnerPassword: config.NewSecret(rand.Text()), App: name + "_app", AppPassword: config.NewSecret(rand.Text())}
	require.NoError(t, CreateRoles(t.Context(), super, r))
	w := &world{super: as(t, super, "", name), roles: r}
	w.owner, w.app = as(t, super, r.Owner, name), as(t, super, r.App, name)
	w.owner, w.app = password(t, w.owner, r.OwnerPassword), password(t, w.app, r.AppPassword)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), super.Reveal())
		require.NoError(t, err)
		defer conn.Close(context.Background())
		for _, s := range []string{"drop database " + name + " with (force)", "drop role " + r.Owner, "drop role " + r.App} {
			_, err := conn.Exec(context.Background(), s)
			require.NoError(t, err)
		}
	})
	return w
}

// migrated is a world with the schema in it.
func migrated(t *testing.T) *world {
	t.Helper()
	w := empty(t)
	require.NoError(t, Migrate(t.Context(), w.owner, w.app))
	return w
}

// open is a store on a world of its own.
func open(t *testing.T) (*world, *Store) {
	t.Helper()
	w := migrated(t)
	return w, w.open(t, Options{})
}

func (w *world) open(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), w.app, o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// connect is a plain connection to the world.
func connect(t *testing.T, url config.Secret) *pgx.Conn {
	t.Helper()
	c, err := parse(url)
	require.NoError(t, err)
	conn, err := pgx.ConnectConfig(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// as is a URL for another user (unless empty) and database.
func as(t *testing.T, base config.Secret, user, database string) config.Secret {
	t.Helper()
	u, err := url.Parse(base.Reveal())
	require.NoError(t, err)
	if user != "" {
		u.User = url.User(user)
	}
	u.Path = "/" + database
	return config.NewSecret(u.String())
}

func password(t *testing.T, base, secret config.Secret) config.Secret {
	t.Helper()
	u, err := url.Parse(base.Reveal())
	require.NoError(t, err)
	u.User = url.UserPassword(u.User.Username(), secret.Reveal())
	return config.NewSecret(u.String())
}

// do runs a transaction that must succeed.
func (s *Store) do(t *testing.T, do func(*Tx) error) {
	t.Helper()
	require.NoError(t, s.Do(t.Context(), do))
}

// newCase is an open case of a principal over the connections pg-main and pg-two.
func newCase(t *testing.T, s *Store, id string, principal access.PrincipalID) Case {
	t.Helper()
	c := Case{ID: id, Principal: principal, Reason: access.HR, Requester: "hr-desk", Ticket: "T-1", Policy: []byte(`{"mode": "lock"}`),
		Successors: map[string]string{"": "bob"}, Status: access.CaseOpen, Phase: "discovering", OpenedAt: noon}
	s.do(t, func(tx *Tx) error {
		if err := tx.UpsertPrincipals(t.Context(), []access.Principal{{ID: principal, Login: "ada", Name: "Ada"}}); err != nil {
			return err
		}
		return tx.OpenCase(t.Context(), c, []CaseConnection{
			{Connection: "pg-two", Kind: "postgres", State: ConnWaiting}, {Connection: "pg-main", Kind: "postgres", State: ConnWaiting}})
	})
	return c
}

// account is one that exists, with two grants.
func account(connection, name, oid string) CaseAccount {
	ref := access.Ref{Connection: connection, Resource: "srv", Name: name, ForeignID: oid}
	grants := []access.Grant{
		{Kind: access.Privilege, Database: "shop", Object: "table public.orders", Privilege: "SELECT", Extent: access.ExtentDatabase, EndedBy: access.Revoke},
		{Kind: access.Membership, Object: "role reporting", Extent: access.ExtentClusterWide, EndedBy: access.Unlink},
	}
	before := access.Account{Ref: ref, Engine: "postgres", Attributes: map[string]string{"superuser": "no"}, Grants: grants, Snapshot: []byte(`{"acl":1}`)}
	now := before
	now.Snapshot = nil
	return CaseAccount{Ref: ref, Evidence: access.Imported, Engine: "postgres", Before: before, Now: now, Exists: true, SeenAt: noon}
}

// found records accounts and returns them.
func found(t *testing.T, s *Store, caseID string, accounts ...CaseAccount) []CaseAccount {
	t.Helper()
	var out []CaseAccount
	s.do(t, func(tx *Tx) (err error) {
		out, err = tx.UpsertAccounts(t.Context(), caseID, accounts)
		return err
	})
	return out
}

// event is one with a key of its own.
func event(chain, key string) audit.Event {
	return audit.Event{Chain: chain, Key: key, At: noon, Kind: audit.StepIntent, Actor: "sever", Object: "pg-main/ada", Attempt: 1,
		Outcome: "done", Words: "NOTICE", RequestID: "r1", Data: map[string]any{"plan": 1, "list": []any{"a"}}}
}

func appendAll(t *testing.T, s *Store, events ...audit.Event) {
	t.Helper()
	s.do(t, func(tx *Tx) error {
		for _, e := range events {
			if err := tx.Append(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
}

func testKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{seed}, ed25519.SeedSize))
}

func keysOf(private ...ed25519.PrivateKey) []ed25519.PublicKey {
	var out []ed25519.PublicKey
	for _, k := range private {
		out = append(out, k.Public().(ed25519.PublicKey))
	}
	return out
}
