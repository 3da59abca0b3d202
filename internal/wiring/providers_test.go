package wiring_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/dev/devtest"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/dev/simulators"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/workflows"
)

// everywhere are the four simulators as connections. Their pace is that of this
// machine: what the real ones allow is not what is tested here.
func everywhere(t *testing.T) (*simulators.Site, []catalog.Connection) {
	t.Helper()
	site, err := simulators.Start(simulators.Options{Unlimited: true, Suffix: "-" + severtest.Unique()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, site.Close()) })
	opened, err := catalog.Open(site.Vars().With(config.Vars{catalog.Variable: site.Connections()}))
	require.NoError(t, err)
	t.Cleanup(opened.Close)
	var conns []catalog.Connection
	for _, c := range opened.All() {
		c.Limits.TasksPerSecond = 0
		conns = append(conns, *c)
	}
	return site, conns
}

// claim says that the planted accounts belong to the principal.
func claim(w *severtest.World, site *simulators.Site, who access.PrincipalID) {
	var refs []access.Ref
	for _, a := range site.Accounts(string(who)) {
		ref := access.Ref{Connection: site.Connection(a.On), Name: a.Name, Host: a.Host}
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	w.Owns(who, refs...)
}

// found is every account of a case with every grant that it held, one a line.
func found(w *severtest.World, caseID string, plain *strings.Replacer) []string {
	w.T.Helper()
	accounts, err := w.Parts.Store.AccountsOf(w.Ctx, caseID, nil)
	require.NoError(w.T, err)
	var out []string
	for _, a := range accounts {
		require.Empty(w.T, a.Gaps, "%s", a.Ref)
		for _, g := range a.Before.Grants {
			words := []string{a.Ref.String(), a.Engine, string(g.Kind), cmp.Or(g.Database, "-"), cmp.Or(g.Object, "-")}
			out = append(out, plain.Replace(strings.Join(words, " | ")))
		}
	}
	slices.Sort(out)
	return out
}

// held is everything that Ada has: what the seeds of the simulators and newServer plant,
// written down again by hand.
var held = []string{
	"digitalocean/ada.lovelace | kafka | privilege | audit.* | rule consume",
	"digitalocean/ada.lovelace | kafka | privilege | orders.* | rule consume",
	"digitalocean/ada.lovelace | kafka | privilege | refunds | rule produce",
	"digitalocean/ada.lovelace | mongodb | privilege | products | -",
	"digitalocean/ada.lovelace | mysql | privilege | - | all databases of the cluster",
	"digitalocean/ada.lovelace | opensearch | privilege | logs-* | rule read",
	"digitalocean/ada.lovelace | opensearch | privilege | metrics-* | rule readwrite",
	"digitalocean/ada.lovelace | pg | link | reporting | pool ada-adhoc",
	"digitalocean/ada.lovelace | pg | privilege | - | all databases of the cluster",
	"digitalocean/ada.lovelace | pg | privilege | - | replication",
	"netim/NW1024_ada | webhosting+rights | link | NW1024_blog | -",
	"netim/NW1024_ada | webhosting+rights | link | NW1024_shop | -",
	"netim/NW1024_ada | webhosting+rights | link | NW1024_stats | -",
	"netim/NW2048_ada | webhosting+rights | link | NW2048_wiki | -",
	"pg/ada | postgres | default privilege | till | default acl for role postgres in schema s on tables",
	"pg/ada | postgres | issued | shop | table public.u",
	"pg/ada | postgres | membership | - | role ada_team",
	"pg/ada | postgres | ownership | shop | table public.t",
	"pg/ada | postgres | privilege | shop | table public.u",
	"pg/ada | postgres | privilege | till | schema s",
	"pg/ada | postgres | privilege | till | table s.v",
	"plesk/ada | mysql | link | shop | -",
	"plesk/ada | mysql | link | shop | default user",
	"plesk/ada | postgresql | link | warehouse | -",
	"plesk/ada_all | unknown | link | - | every database of its subscription, which Plesk does not name",
	"trove/ada.lovelace@% | mariadb | privilege | - | privileges that the API does not show",
	"trove/ada.lovelace@% | mariadb | privilege | reporting | -",
	"trove/ada@% | mysql | privilege | - | privileges that the API does not show",
	"trove/ada@% | mysql | privilege | crm | -",
	"trove/ada@% | mysql | privilege | shop | -",
	"trove/ada@% | postgresql | privilege | - | privileges that the API does not show",
	"trove/ada@% | postgresql | privilege | ledger | -",
	"trove/ada@192.168.1.12 | mysql | privilege | - | privileges that the API does not show",
	"trove/ada@192.168.1.12 | mysql | privilege | shop | -",
}

// TestEveryPlantedAccountAndGrantIsFound plants accounts and grants of every kind on five
// systems: one case finds each of them, and ends clean.
func TestEveryPlantedAccountAndGrantIsFound(t *testing.T) {
	t.Parallel()
	pg := newServer(t, devtest.Servers(t)[0])
	pg.run(pg.shop, "grant select on u to "+pg.ada+" with grant option", "set role "+pg.ada, "grant select on u to "+pg.heir)
	site, conns := everywhere(t)
	others := site.Others()
	w := severtest.New(t, append(conns, pg.conn)...)
	w.Policy.BatchSize, w.Policy.MaxPercent, w.Policy.MaxHourPercent = 5, 50, 50
	claim(w, site, ada)
	w.Owns(ada, pg.ref())
	got := w.Submit(ada, "key-1", func(x *workflows.Submit) { x.Successors = map[string]string{pg.conn.Name: pg.heir} })
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	require.Equal(t, held, found(w, got.Case, strings.NewReplacer(site.Suffix()+"/", "/", strings.TrimPrefix(pg.ada, "ada"), "", strings.TrimPrefix(pg.conn.Name, "pg"), "")))
	cleanEverywhere(w, site, pg, got.Case, others)
}

// cleanEverywhere asks the worlds themselves.
func cleanEverywhere(w *severtest.World, site *simulators.Site, pg *server, caseID string, others int) {
	w.T.Helper()
	require.Empty(w.T, site.Left(string(ada)))
	for _, a := range site.Accounts(string(ada)) {
		require.False(w.T, site.LetsIn(a), "%+v", a)
	}
	require.Equal(w.T, others, site.Others(), "nobody else's account went with hers")
	require.Len(w.T, site.Left(simulators.Carol), len(site.Accounts(simulators.Carol)))
	require.Empty(w.T, site.Alarms())
	require.Equal(w.T, 0, pg.number("postgres", fmt.Sprintf("select count(*) from pg_roles where rolname = '%s'", pg.ada)))
	require.Equal(w.T, 1, pg.number(pg.shop, "select count(*) from t"))
	for name, outcome := range w.Outcomes(caseID) {
		// Already gone is what a step finds that lost the answer to its own change.
		require.Contains(w.T, []access.Outcome{access.Removed, access.AlreadyGone}, outcome, name)
	}
	w.Paired(caseID)
}

// TestTroubleEverywhereEndsClean: every provider is throttled and loses the answers to
// changes that it made, and one is down when the case begins.
func TestTroubleEverywhereEndsClean(t *testing.T) {
	t.Parallel()
	pg := newServer(t, devtest.Servers(t)[0])
	site, conns := everywhere(t)
	others := site.Others()
	w := severtest.New(t, append(conns, pg.conn)...)
	w.Policy.BatchSize, w.Policy.MaxPercent, w.Policy.MaxHourPercent, w.Policy.Patience = 5, 50, 50, 3*time.Second
	claim(w, site, ada)
	w.Owns(ada, pg.ref())
	for _, name := range simulators.Names {
		site.Switch(simulators.Fault{On: name, Trouble: simulators.Throttled})
		site.Switch(simulators.Fault{On: name, Trouble: simulators.CutAfter, Times: 2})
	}
	site.Switch(simulators.Fault{On: simulators.Netim, Trouble: simulators.Down})
	got := w.Submit(ada, "key-1", func(x *workflows.Submit) { x.Successors = map[string]string{pg.conn.Name: pg.heir} })
	silent := func(p workflows.Progress) bool {
		return slices.ContainsFunc(p.Connections, func(c workflows.Track) bool {
			return c.Connection == site.Connection(simulators.Netim) && c.State == workflows.TrackParked
		})
	}
	w.Reaches(ada, "without netim", silent)
	require.NotEmpty(t, site.Left(string(ada)), "hers at netim")
	site.Switch(simulators.Fault{On: simulators.Netim, Trouble: simulators.Up})
	require.Equal(t, access.CaseClean, w.Ends(ada).Status)
	cleanEverywhere(w, site, pg, got.Case, others)
	tale := w.Tale(got.Case)
	require.Contains(t, tale, "connection.unknown unknown")
	require.Contains(t, tale, "step.result contain throttled")
	require.Contains(t, tale, "step.result contain transient")
}
