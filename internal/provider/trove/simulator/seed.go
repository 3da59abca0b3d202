package simulator

import "fmt"

// Seed plants what a small company has: an order database with its replica, a
// reporting database, a PostgreSQL, and a cache without accounts. The leaver is
// ada, with accounts at several hosts; "app" and "billing" are other people's.
// It gives the ids of the instances by name.
func Seed(s *Server) map[string]string {
	ids := map[string]string{}
	id := func(name string) string {
		if ids[name] == "" {
			ids[name] = ID(len(ids) + 1)
		}
		return ids[name]
	}
	last := s.o.Regions[len(s.o.Regions)-1]
	team := func(n int) []Account {
		var out []Account
		for i := range n {
			out = append(out, Account{
				Name: fmt.Sprintf("analyst%02d", i), Host: "10.0.0.%", Password: fmt.Sprintf("analyst-%02d-secret", i),
				Databases: []string{"reporting"}, Sessions: i % 3,
			})
		}
		return out
	}
	s.Plant(Instance{ID: id("orders"), Name: "orders", Datastore: "mysql"}, append(team(24),
		Account{Name: "ada", Host: "%", Password: "ada-everywhere", Databases: []string{"shop", "crm"}, Hidden: []string{"archive.invoices"}, Sessions: 1},
		Account{Name: "ada", Host: "192.168.1.12", Password: "ada-at-her-desk", Databases: []string{"shop"}},
		Account{Name: "app", Host: "10.0.0.%", Password: "app-of-the-shop", Databases: []string{"shop"}, Sessions: 12},
		Account{Name: "billing", Host: "%", Password: "billing-at-night", Databases: []string{"crm", "shop"}},
	)...)
	s.Plant(Instance{ID: id("orders-replica"), Name: "orders-replica", Datastore: "mysql", ReplicaOf: id("orders")})
	s.Plant(Instance{ID: id("reporting"), Name: "reporting", Datastore: "mariadb", Region: last},
		Account{Name: "ada.lovelace", Host: "%", Password: "ada-reports", Databases: []string{"reporting"}},
		Account{Name: "app", Host: "%", Password: "app-reports", Databases: []string{"reporting"}},
		Account{Name: "readers", Host: "%", Role: true},
	)
	s.Plant(Instance{ID: id("cache"), Name: "cache", Datastore: "redis", Version: "6.2"})
	if s.o.Face == Trove {
		s.Plant(Instance{ID: id("ledger"), Name: "ledger", Datastore: "postgresql", Region: last},
			Account{Name: "ada", Host: "%", Password: "ada-ledger", Databases: []string{"ledger"}},
			Account{Name: "app", Host: "%", Password: "app-ledger", Databases: []string{"ledger"}},
		)
	}
	return ids
}
