// Package catalog knows every kind of system that Sever can speak to, and opens
// the connections that somebody configured.
//
// A new provider is its folder and one line in all.
package catalog

import (
	"cmp"
	"maps"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/digitalocean"
	"github.com/severhq/sever/internal/provider/mysql"
	"github.com/severhq/sever/internal/provider/netim"
	"github.com/severhq/sever/internal/provider/plesk"
	"github.com/severhq/sever/internal/provider/postgres"
	"github.com/severhq/sever/internal/provider/trove"
)

// all is the catalog.
var all = Table{
	digitalocean.Spec,
	mysql.Spec,
	netim.Spec,
	plesk.Spec,
	postgres.Spec,
	trove.Spec,
}

// Table is a list of kinds of systems. Tests make their own.
type Table []provider.Spec

// Specs are the kinds of systems that this program knows.
func Specs() Table { return slices.Clone(all) }

// Open opens every connection that the variables configure (see Table.Open).
func Open(vars config.Vars) (*Connections, error) { return all.Open(vars) }

// Honesty says what this program can do, and what it cannot (see Table.Honesty).
func Honesty() []Row { return all.Honesty() }

// Row is one line of the honesty table: what a provider does for one action on
// one engine.
type Row struct {
	Provider string
	Engine   string
	Action   access.Action
	access.Capability
}

// ladder are the actions that a plan can hold, in their order.
var ladder = []access.Action{
	access.Contain, access.Rotate, access.Unlink, access.Revoke, access.Reassign, access.Delete, access.Confirm, access.Restore,
}

// Honesty is a row for every provider, engine and action. An action that is not
// supported has its row too.
func (t Table) Honesty() []Row {
	var rows []Row
	for _, spec := range t.byName() {
		for _, engine := range slices.Sorted(maps.Keys(spec.Engines)) {
			for _, action := range ladder {
				can := spec.Engines[engine][action]
				can.Support = cmp.Or(can.Support, access.None)
				rows = append(rows, Row{spec.Name, engine, action, can})
			}
		}
	}
	return rows
}

// named finds a kind of system.
func (t Table) named(kind string) (provider.Spec, bool) {
	i := slices.IndexFunc(t, func(s provider.Spec) bool { return s.Name == kind })
	if i < 0 {
		return provider.Spec{}, false
	}
	return t[i], true
}

func (t Table) byName() Table {
	return slices.SortedFunc(slices.Values(t), func(a, b provider.Spec) int { return cmp.Compare(a.Name, b.Name) })
}
