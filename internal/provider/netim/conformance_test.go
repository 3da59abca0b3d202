package netim_test

import (
	"testing"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider/netim"
	"github.com/severhq/sever/internal/provider/netim/simulator"
	"github.com/severhq/sever/internal/provider/providertest"
)

// settings are every setting of every switch with which the system still does its
// part. The rest, where it refuses or hides what matters, has tests of its own.
var settings = map[string]simulator.Switches{
	"as guessed":                       {},
	"one place, the oldest is dropped": {Places: 1, Overflow: simulator.OverflowDropsOldest},
	"no-op not found":                  {NoOp: simulator.AnswerNotFound},
	"no-op bad request":                {NoOp: simulator.AnswerForbidden},
	"no-op done":                       {NoOp: simulator.AnswerDone},
	"no-op not found, without words":   {NoOp: simulator.AnswerNotFound, Errors: simulator.ErrorEmpty},
	"no-op not found, with a code":     {NoOp: simulator.AnswerNotFound, Errors: simulator.ErrorWithCode},
	"refusals not found":               {Refusal: simulator.AnswerNotFound},
	"refusals bad request":             {Refusal: simulator.AnswerForbidden},
	"refusals done":                    {Refusal: simulator.AnswerDone},
	"bare answers":                     {BareAnswers: true},
	"capitals and text":                {Capitals: true, TextIDs: true},
	"deleting refuses":                 {Linked: simulator.LinkedRefuses},
	"deleting leaves links":            {Linked: simulator.LinkedStays},
	"links as objects":                 {Links: simulator.LinksInDatabasesAsIs},
	"links in users":                   {Links: simulator.LinksInUsers},
	"links in both":                    {Links: simulator.LinksInBoth},
	"keyed":                            {Lists: simulator.ListsKeyed},
	"keyed only":                       {Lists: simulator.ListsKeyedOnly, Links: simulator.LinksInUsers},
	"keyed by number":                  {Lists: simulator.ListsKeyedByNum, Links: simulator.LinksInDatabasesAsIs},
	"rights hidden":                    {HideRights: true},
	"no count":                         {HideWeb: true},
	"untargeted deletes all":           {Untargeted: simulator.UntargetedDeletesAll},
	"parallel requests are dropped":    {DropsParallel: true},
	"pending":                          {Rounds: forever},
	"pending, in texts":                {Rounds: forever, PendingList: simulator.PendingTexts, Capitals: true},
	"pending, without data":            {Rounds: forever, PendingList: simulator.PendingNoData, NoOp: simulator.AnswerNotFound},
	"pending, none is 404":             {Rounds: forever, PendingList: simulator.PendingNone404, TextIDs: true},
	"pending, forgotten when over":     {Rounds: forever, Forgets: true},
	"none pending is 404":              {PendingList: simulator.PendingNone404},
}

// forever is longer than any test; Settle ends it.
const forever = 1 << 20

func TestContract(t *testing.T) {
	t.Parallel()
	for engine := range engines {
		for name, switches := range settings {
			if switches.BareAnswers && engine != "webhosting" {
				continue // a password that nothing shows cannot be confirmed by silence: see trouble_test.go
			}
			t.Run(engine+", "+name, func(t *testing.T) {
				t.Parallel()
				var lost []string
				if switches.HideRights {
					lost = append(lost, "rights")
				}
				if engine == "webhosting" {
					lost = append(lost, "password")
				}
				providertest.Run(t, providertest.Subject{
					New:       func(t *testing.T) providertest.World { return subject(t, engine, switches) },
					Can:       netim.Spec.Engines[engine],
					BlindLock: engine == "webhosting+password" || switches.HideRights,
					Lost:      lost,
					Parallel:  true,
				})
			})
		}
	}
}

func subject(t *testing.T, engine string, switches simulator.Switches) providertest.World {
	w := newWorld(t, engine, switches)
	out := providertest.World{
		Provider: w.p, Planted: ref("ada"), Bystander: ref("adam"),
		Grants:   []access.Grant{link("shop"), link("blog"), link("stats")},
		Sessions: -1, Secrets: []string{secret, password, theOthers},
		Levers: providertest.Levers{
			Remove: func(*testing.T) { w.drop("NW1024_ada") },
			Break: func(_ *testing.T, action access.Action, after bool) {
				w.Fail(map[access.Action]simulator.Fault{
					access.Contain: {Method: "PATCH", Path: "database-user", After: after},
					access.Rotate:  {Method: "PATCH", Path: "database-user", After: after},
					access.Unlink:  {Action: "UnlinkUser", After: after},
					access.Delete:  {Method: "DELETE", Path: "database-user", After: after},
					access.Restore: {Orders: true, After: after},
				}[action])
			},
			Down: func(*testing.T) { w.Down() },
			Up:   func(*testing.T) { w.Up() },
		},
	}
	if !switches.HideRights { // without them an account that is made anew has none
		out.Login = func(_ *testing.T, secret string) bool {
			if secret == "" {
				secret = password
			}
			return w.Login(hosting, "NW1024_ada", secret)
		}
	}
	if switches.Rounds > 0 {
		out.Settle = func(*testing.T) { w.Settle() }
		out.Break = nil // a lost answer and an order that waits are two troubles: see trouble_test.go
	}
	return out
}
