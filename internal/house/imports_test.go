package house

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// own stands for the package itself and what is below it.
const own = "(itself)"

// importRule holds for the packages in, less those in except. With only, these are
// the packages of ours that they may import; with never, these may not be imported,
// ours or others'.
type importRule struct {
	in, except []string
	only       []string
	onlyOurs   bool // only is meant, even if empty
	never      []string
	tests      bool // holds for tests as well
	why        string
}

var (
	pgx      = []string{"github.com/jackc/pgx/...", "database/sql/..."}
	temporal = []string{"go.temporal.io/..."}
	world    = []string{"net/...", "os/...", "io/ioutil", "syscall", "math/rand/...", "crypto/rand"}
)

// importRules point one way: workflows -> activities -> provider -> access.
var importRules = []importRule{
	{
		in: []string{"internal/access", "internal/roles"}, onlyOurs: true,
		why: "all share these words, so whatever they import everybody imports, and the next step is a cycle",
	},
	{
		in: []string{"internal/audit"}, onlyOurs: true,
		why: "an exported chain could no longer be verified without the database that it came from",
	},
	{
		in: []string{"internal/evidence"}, onlyOurs: true, only: []string{"internal/access", "internal/audit"},
		why: "a pack that needs the records to be verified proves nothing to somebody who has only the pack",
	},
	{
		in: []string{"internal/payload/..."}, onlyOurs: true, only: []string{own, "internal/config", "internal/payload"},
		why: "whoever reads an encrypted history needs the keys and no part of what wrote it",
	},
	{
		in: []string{"internal/plan"}, onlyOurs: true, only: []string{"internal/access"},
		why: "a decision that depends on more than its input is another one at the next attempt, and the hash that was approved is not what is carried out",
	},
	{
		in: []string{"internal/sweep"}, onlyOurs: true, only: []string{"internal/access", "internal/plan"},
		why: "a finding that depends on more than its page is another one in the next run, and reads as if something had changed",
	},
	{
		in: []string{"internal/story"}, onlyOurs: true, only: []string{"internal/access", "internal/audit"},
		why: "a story that is told from more than the trail cannot be told from an exported trail, and tells what nobody can verify",
	},
	{
		in: []string{"internal/notice"}, onlyOurs: true, only: []string{"internal/access", "internal/audit"},
		why: "what people outside are told would depend on more than what happened, and the same notice would read otherwise at the next attempt",
	},
	{
		in: []string{"internal/plan", "internal/access", "internal/evidence", "internal/roles", "internal/story", "internal/notice", "internal/sweep"}, never: slices.Concat(pgx, temporal, world),
		why: "a decision that asks the world cannot be repeated, and cannot be tested in a table",
	},
	{
		in: []string{"workflows"}, onlyOurs: true, only: []string{"activities", "internal/access", "internal/audit", "internal/plan"},
		why: "a workflow that reaches the records or a system directly does so again at every replay",
	},
	{
		in: []string{"workflows"}, never: slices.Concat(pgx, world),
		why: "workflow code runs again from its history: an answer from outside differs at the replay, and the case is stuck",
	},
	{
		in: []string{"activities"}, onlyOurs: true,
		only: []string{"internal/access", "internal/audit", "internal/plan", "internal/provider", "internal/provider/catalog", "internal/roles", "internal/store", "internal/sweep"},
		why:  "an activity that knows workflows, or one provider in particular, decides what is for the plan to decide",
	},
	{
		in: []string{"internal/provider/..."}, except: []string{"internal/provider/catalog"}, onlyOurs: true,
		only: []string{own, "internal/access", "internal/config", "internal/provider", "internal/provider/wire"}, // wire is the guard of those that speak HTTP
		why:  "a provider that knows the records, or its neighbour, acts on more than the one system it was given",
	},
	{
		// The catalog is the one table of all providers.
		in: []string{"internal/provider/catalog"}, onlyOurs: true, only: []string{"internal/access", "internal/config", "internal/provider/...",
			"internal/plan"}, // naming rules, which are settings of a connection; it is pure
		why: "whoever asks the catalog what a provider can do would start the whole product",
	},
	{
		in: []string{"..."}, never: pgx,
		except: []string{
			"internal/store",             // the records
			"internal/provider/mysql",    // the system it is a provider for
			"internal/provider/postgres", // likewise
			"internal/dev/...",           // starts servers, asks whether they answer, and plants what a demonstration removes
		},
		why: "SQL from elsewhere escapes the two roles, the intent rows and the transactions that the audit trail stands on",
	},
	{
		in: []string{"..."}, never: temporal,
		except: []string{
			"workflows", "activities", // what Temporal runs
			"internal/wiring", "worker", // what starts them
			"internal/desk",        // what asks for them
			"internal/payload/...", // what they say to each other, encrypted
			"starter/...",          // likewise
			"internal/dev/...",     // the embedded server
		},
		why: "waiting and retrying belong to workflows: code that can do so by itself waits where nobody sees it",
	},
	{
		in: []string{"starter"}, onlyOurs: true, only: []string{
			"internal/access", "internal/audit", "internal/config", "internal/desk/...", "internal/evidence", "internal/inbox/...", "internal/payload/...", "internal/plan", "internal/roles", "internal/roster", "internal/scim", "internal/sheet", "internal/store", "internal/story", "internal/sweep",
			"internal/courier", "internal/notice",
			"internal/api/...",
			"internal/wiring", "workflows",
			"internal/provider", "internal/provider/catalog", // not one of them in particular
			"internal/dev/...", // sever up, sever demo
		},
		never: []string{"go.temporal.io/sdk/activity", "go.temporal.io/sdk/workflow", "go.temporal.io/sdk/worker"},
		why:   "what the command line does to a system by itself is in no plan and in no audit trail",
	},
	{
		in: []string{"internal/inbox/..."}, onlyOurs: true, only: []string{
			own, "internal/access", "internal/audit", "internal/config", "internal/desk", "internal/inbox", "internal/notice", "internal/roles", "internal/store", "workflows",
		},
		why: "what another system sends, and gets done without the desk, nobody has checked",
	},
	{
		in: []string{"internal/scim"}, onlyOurs: true, only: []string{
			"internal/access", "internal/audit", "internal/desk", "internal/inbox", "internal/roles", "internal/store",
		},
		why: "a directory that reaches a case past the inbox is answered when the case is, and orders twice what it sends twice",
	},
	{
		in: []string{"internal/api/..."}, onlyOurs: true, only: []string{
			own, "internal/api", "internal/access", "internal/audit", "internal/config", "internal/desk/...", "internal/inbox", "internal/plan", "internal/provider", "internal/roles", "internal/store", "workflows",
		},
		why: "what the HTTP interface does without the desk is checked by nobody else, and the command line does it in another way",
	},
	{
		in: []string{"..."}, except: []string{"starter/...", "internal/dev/..."}, never: []string{"internal/dev/..."},
		why: "a worker on real servers could start, and clean up, servers of its own",
	},
	{
		in: []string{"..."}, never: []string{"starter", "worker"}, tests: true,
		why: "a program is where imports end: what others need from it belongs below internal",
	},
	{
		in: []string{"..."}, never: []string{"testing/...", "...test", "github.com/stretchr/testify/...", "go.temporal.io/sdk/testsuite"},
		why: "the test library, and its flags, would be part of the programs that we ship (a suite for several tests belongs into a folder named ...test)",
	},
}

func checkImports(t *tree) []violation {
	var out []violation
	for _, rule := range importRules {
		for _, f := range t.files {
			if matchAny(rule.in, f.dir) && !matchAny(rule.except, f.dir) && (rule.tests || !f.test) {
				out = append(out, rule.check(f)...)
			}
		}
	}
	return out
}

func (r importRule) check(f *file) []violation {
	var out []violation
	for _, i := range f.imports {
		allowed := !r.onlyOurs || !i.ours || matchAny(r.only, i.path) ||
			slices.Contains(r.only, own) && match(f.dir+"/...", i.path)
		if !allowed || matchAny(r.never, i.path) {
			out = append(out, violation{fmt.Sprintf("%s:%d", f.path, i.line), "imports " + i.path, r.why})
		}
	}
	return out
}

// checkTemporalMeetsProviders: only activities turn what a provider says into what
// Temporal does.
func checkTemporalMeetsProviders(t *tree) []violation {
	allowed := []string{
		"activities",
		"internal/wiring",        // hands the one to the other
		"internal/dev/severtest", // likewise, in tests
		"internal/desk",          // knows which connections are configured
		"starter",                // lists connections and cases, and carries out nothing
	}
	var out []violation
	for _, files := range t.packages() {
		var knowsTemporal, knowsProviders string
		for _, f := range files {
			for _, i := range f.imports {
				switch at := fmt.Sprintf("%s:%d", f.path, i.line); {
				case f.test:
				case matchAny(temporal, i.path):
					knowsTemporal = at
				case match("internal/provider/...", i.path):
					knowsProviders = at
				}
			}
		}
		if knowsTemporal != "" && knowsProviders != "" && !matchAny(allowed, files[0].dir) {
			out = append(out, violation{knowsProviders, "knows providers, and Temporal at " + knowsTemporal,
				"a second place that turns a provider's refusals into retries soon disagrees with activities/errors.go"})
		}
	}
	return out
}

// checkCatalog: a folder below internal/provider that has a Spec is a provider.
func checkCatalog(t *tree) []violation {
	const root, catalog = "internal/provider", "internal/provider/catalog"
	known := []string{root + "/memory"} // nobody's system: tests put it into a catalog of their own
	for _, f := range t.files {
		if f.dir == catalog && !f.test {
			for _, i := range f.imports {
				known = append(known, i.path)
			}
		}
	}
	var out []violation
	for _, f := range t.files {
		if path.Dir(f.dir) == root && !f.test && f.declares("Spec") && !slices.Contains(known, f.dir) {
			out = append(out, violation{f.path, "is not in the catalog",
				"a connection of this kind is refused as unknown, by a program that could serve it: add " + strings.TrimPrefix(f.dir, root+"/") + " to " + catalog})
		}
	}
	return out
}
