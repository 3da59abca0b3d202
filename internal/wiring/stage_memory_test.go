package wiring_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/severtest"
	"github.com/severhq/sever/internal/provider/memory"
)

// memoryStage is the system that gives back everything but a credential that died.
func memoryStage(t *testing.T) *stage {
	t.Helper()
	first, second := hers(memory.Owns("archive", "table old")), hers()
	second.Name = "ada_ro"
	conn, system := severtest.InMemory(t, first, second, memory.Account{Name: "bob", Password: "bobs", Grants: []access.Grant{memory.Can("SELECT", "shop", "table orders")}})
	s := &stage{conn: conn, hers: []login{{name: "ada", password: "secret-of-ada"}, {name: "ada_ro", password: "secret-of-ada"}}, his: login{name: "bob", password: "bobs"}}
	s.opens = func(l login, secret string) bool {
		for _, seen := range system.World() {
			if seen.Account.Name == l.name {
				return system.Connect(seen.Account.Ref, secret)
			}
		}
		return false
	}
	s.look = func() []string {
		var out []string
		for _, seen := range system.World() {
			a := seen.Account
			out = append(out, facts(a.Name, map[string]any{"contained": a.Contained, "record": string(a.Snapshot)})...)
			for _, g := range a.Grants {
				out = append(out, fmt.Sprintf("%s: %s %s %s %s", a.Name, g.Kind, g.Database, g.Object, g.Privilege))
			}
		}
		for _, l := range s.hers { // passwords are in no catalog here
			if s.opens(l, l.password) {
				out = append(out, l.name+": her own password opens it")
			}
		}
		return out
	}
	s.blocked = obstacle{login: s.hers[0], outcome: access.Contained, why: "ada owns table old there, and nobody is named to receive them", successor: "bob",
		clear: nothing, newWord: true}
	s.loses = []loss{{announced: "its credential; a cancel makes a new one", line: `^- ada(_ro)?: her own password opens it$`}}
	s.keeps = func(l login) bool { return l.name == "ada" }
	s.hold = func() (func() bool, func()) {
		var standing atomic.Int32
		release := make(chan struct{})
		system.Intercept(func(_ context.Context, c memory.Call) error {
			if c.Op == memory.OpDelete {
				standing.Add(1)
				<-release
				standing.Add(-1)
			}
			return nil
		})
		return func() bool { return standing.Load() > 0 }, sync.OnceFunc(func() { close(release) })
	}
	return s
}
