package digitalocean

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/digitalocean/simulator"
)

// fixture is a provider on a simulator.
type fixture struct {
	*Team
	sim *simulator.Server
	url string
}

// options are what a test changes about its fixture.
type options struct {
	simulator.Options
	vars config.Vars
	// contradicts is for switches whose answers are not as described.
	contradicts bool
}

const conn = "do-prod"

func setup(t *testing.T, o options, planted ...simulator.Cluster) fixture {
	t.Helper()
	if o.PerMinute == 0 {
		o.PerMinute, o.PerHour = -1, -1
	}
	o.Around = conforming(t, o.contradicts || o.Switches.OtherWords || o.Switches.PutAnswers200)
	sim := simulator.New(o.Options).Plant(planted...)
	web := httptest.NewServer(sim)
	web.Config.ErrorLog = nil
	t.Cleanup(web.Close)
	team := opened(t, web.URL, o.vars)
	t.Cleanup(func() { require.Empty(t, sim.Alarms()) })
	return fixture{team, sim, web.URL}
}

// opened is a provider for whatever answers at the URL.
func opened(t testing.TB, url string, more config.Vars) *Team {
	t.Helper()
	vars := config.Vars{"X_TOKEN": simulator.DefaultToken, "X_URL": url}
	for name, value := range more {
		vars["X_"+name] = value
	}
	p, err := Spec.Open(provider.Settings{Connection: conn, Vars: vars, Prefix: "X_"})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p.(*Team)
}

func (f fixture) ref(cluster, name string) access.Ref {
	return access.Ref{Connection: conn, Resource: cluster, Name: name}
}

// see is a look that must work.
func (f fixture) see(t *testing.T, ref access.Ref) access.Sighting {
	t.Helper()
	seen, err := f.Look(t.Context(), ref)
	require.NoError(t, err)
	return seen
}

// ids of clusters, by engine.
var ids = map[string]string{
	pg:         "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30",
	mysql:      "1f4c7b2e-0d7a-4f0e-8f39-5f8bb3f1f1b2",
	mongodb:    "2b9a6a5c-77aa-4a5e-9f1d-6a6f0b6f6c03",
	kafka:      "3d0e8c11-2c7f-4b59-8a80-0a7c5b1e5d04",
	opensearch: "4e1f9d22-3d80-4c6a-9b91-1b8d6c2f6e05",
	"valkey":   "5f20ae33-4e91-4d7b-8ca2-2c9e7d307f06",
}

// town is a cluster with ada, who has everything that the engine has, adam, who has
// the same and stays, and so many others that a page of 20 does not hold them.
func town(engine string) simulator.Cluster {
	c := simulator.Cluster{ID: ids[engine], Name: engine + "-town", Engine: engine}
	for i := range 22 {
		c.Users = append(c.Users, simulator.User{Name: fmt.Sprintf("app-%02d", i), Databases: []string{"shop"}, MongoRole: "readWrite",
			Rules: []simulator.Rule{{Pattern: "*", Permission: "admin"}}})
	}
	for _, name := range []string{"ada", "adam", "zoe"} {
		u := simulator.User{Name: name}
		switch engine {
		case pg:
			u.Replication = true
			c.Databases = []string{"shop", "archive"}
			c.Pools = append(c.Pools, simulator.Pool{Name: name + "-pool", Mode: "session", Size: 3, Database: "shop", User: name},
				simulator.Pool{Name: name + "-batch", Mode: "transaction", Size: 2, Database: "archive", User: name},
				simulator.Pool{Name: name + "-free", Mode: "statement", Size: 1, Database: "shop"})
		case mysql:
			u.Plugin = "mysql_native_password"
		case mongodb:
			u.Databases, u.MongoRole = []string{"shop", "archive"}, "readOnly"
		case kafka:
			u.Rules = []simulator.Rule{{Pattern: "orders.*", Permission: "consume"}, {Pattern: "orders.*", Permission: "produce"},
				{Pattern: "refunds", Permission: "produceconsume"}, {Pattern: "*", Permission: "admin"}}
		case opensearch:
			u.Rules = []simulator.Rule{{Pattern: "logs-*", Permission: "read"}, {Pattern: "metrics", Permission: "readwrite"}, {Pattern: "logs-pay", Permission: "deny"}}
		}
		c.Users = append(c.Users, u)
	}
	return c
}

// held are the grants of ada.
func held(engine string, sw simulator.Switches, rules string) []access.Grant {
	end := func(first access.Action) access.Action {
		if rules == rulesDelete {
			return access.Delete
		}
		return first
	}
	if sw.HideSettings {
		switch engine {
		case mongodb:
			return []access.Grant{hidden("databases and role")}
		case kafka, opensearch:
			return []access.Grant{hidden("access control list")}
		}
	}
	reach := func(database, object, privilege string, extent access.Extent, by access.Action) access.Grant {
		return access.Grant{Kind: access.Privilege, Database: database, Object: object, Privilege: privilege, Extent: extent, EndedBy: by}
	}
	switch engine {
	case pg:
		link := func(database, name, mode string, size int) access.Grant {
			return access.Grant{Kind: access.Link, Database: database, Object: "pool " + name, Extent: access.ExtentDatabase, EndedBy: access.Unlink,
				Privilege: fmt.Sprintf("its clients are this user: mode %s, size %d", mode, size)}
		}
		may := reach("", replication, "REPLICATION", access.ExtentClusterWide, access.Revoke)
		if sw.HideSettings {
			may = hidden(replication)
		}
		return []access.Grant{bySQL(pg), may, link("shop", "ada-pool", "session", 3), link("archive", "ada-batch", "transaction", 2)}
	case mysql:
		return []access.Grant{bySQL(mysql)}
	case mongodb:
		return []access.Grant{reach("shop", "", "readOnly", access.ExtentDatabase, access.Delete), reach("archive", "", "readOnly", access.ExtentDatabase, access.Delete)}
	case kafka:
		return []access.Grant{
			reach("orders.*", "rule consume", "consume", access.ExtentDatabase, end(access.Unlink)),
			reach("orders.*", "rule produce", "produce", access.ExtentDatabase, end(access.Unlink)),
			reach("*", "rule admin", "admin", access.ExtentClusterWide, end(access.Unlink)),
			reach("refunds", "rule produceconsume", "produceconsume", access.ExtentDatabase, access.Delete), // the last one
		}
	}
	return []access.Grant{ // the rule that denies is the last one
		reach("logs-*", "rule read", "read", access.ExtentDatabase, end(access.Unlink)),
		reach("metrics", "rule readwrite", "readwrite", access.ExtentDatabase, end(access.Unlink)),
	}
}

// patient repeats what may work the next time, as a workflow does.
type patient struct{ *Team }

const attempts = 8

// again calls f until it is worth no other try. A later attempt finds done what an
// earlier one did.
func again[T any](ctx context.Context, f func() (T, error)) (out T, tries int, err error) {
	for tries = 1; tries <= attempts; tries++ {
		out, err = f()
		if err == nil || ctx.Err() != nil || provider.KindOf(err) != provider.Transient {
			break
		}
	}
	return out, tries, err
}

func receipt(ctx context.Context, f func() (access.Receipt, error)) (access.Receipt, error) {
	r, tries, err := again(ctx, f)
	r.Already = r.Already && tries == 1
	return r, err
}

func (p patient) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		all, _, err := again(ctx, func() (all []access.Account, err error) {
			for a, e := range p.Team.Accounts(ctx) {
				all, err = append(all, a), errors.Join(err, e)
			}
			return all, err
		})
		for _, a := range all {
			if !yield(a, err) {
				return
			}
		}
	}
}

func (p patient) Look(ctx context.Context, ref access.Ref) (access.Sighting, error) {
	seen, _, err := again(ctx, func() (access.Sighting, error) { return p.Team.Look(ctx, ref) })
	return seen, err
}

func (p patient) Contain(ctx context.Context, ref access.Ref, m access.Mode) (access.Receipt, error) {
	return receipt(ctx, func() (access.Receipt, error) { return p.Team.Contain(ctx, ref, m) })
}

func (p patient) Rotate(ctx context.Context, ref access.Ref) (provider.Rotated, error) {
	out, _, err := again(ctx, func() (provider.Rotated, error) { return p.Team.Rotate(ctx, ref) })
	return out, err
}

func (p patient) Unlink(ctx context.Context, s access.Step) (access.Receipt, error) {
	return receipt(ctx, func() (access.Receipt, error) { return p.Team.Unlink(ctx, s) })
}

func (p patient) Revoke(ctx context.Context, s access.Step) (access.Receipt, error) {
	return receipt(ctx, func() (access.Receipt, error) { return p.Team.Revoke(ctx, s) })
}

func (p patient) Delete(ctx context.Context, s access.Step) (access.Receipt, error) {
	return receipt(ctx, func() (access.Receipt, error) { return p.Team.Delete(ctx, s) })
}

func (p patient) Restore(ctx context.Context, before access.Account, s access.Step) (provider.Restored, error) {
	out, tries, err := again(ctx, func() (provider.Restored, error) { return p.Team.Restore(ctx, before, s) })
	out.Already = out.Already && tries == 1
	return out, err
}

func (p patient) Preflight(ctx context.Context) ([]provider.Check, error) {
	out, _, err := again(ctx, func() ([]provider.Check, error) { return p.Team.Preflight(ctx) })
	return out, err
}

// can is the honesty of an engine, less what a setting makes impossible.
func can(engine string, less ...access.Action) access.Capabilities {
	out := maps.Clone(engines[engine])
	for _, a := range less {
		delete(out, a)
	}
	return out
}

// breaks are the requests of an action, for faults.
func breaks(action access.Action) simulator.Fault {
	switch action {
	case access.Contain, access.Rotate:
		return simulator.Fault{Method: "POST", Path: "/reset_auth$"}
	case access.Delete:
		return simulator.Fault{Method: "DELETE", Path: "/users/"}
	}
	return simulator.Fault{Method: "POST|PUT|DELETE"}
}

// quotedJSON is a string in JSON.
func quotedJSON(s string) string {
	raw, _ := json.Marshal(s)
	return string(raw)
}
