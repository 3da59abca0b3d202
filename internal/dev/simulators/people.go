package simulators

import (
	"slices"
	"strings"

	"github.com/severhq/sever/internal/config"
	digitalocean "github.com/severhq/sever/internal/provider/digitalocean/simulator"
	netim "github.com/severhq/sever/internal/provider/netim/simulator"
	plesk "github.com/severhq/sever/internal/provider/plesk/simulator"
)

// Person is somebody with accounts in all four.
type Person struct {
	ID, Name, Email string
	Accounts        []Account
}

// Account is one account of somebody, as it was planted.
type Account struct {
	// On is which of the four it is on, and Place where there: a cluster, a hosting, a
	// database server, an instance.
	On, Place  string
	Name, Host string
	// Holds is what it can reach, in words.
	Holds []string

	id       string // of the place
	password config.Secret
}

// The two leavers: Ada has something of everything, Carol a little of each.
const (
	Ada   = "E1042"
	Carol = "E3001"
)

// Accounts are those of a person, in all four.
func (s *Site) Accounts(id string) []Account {
	i := slices.IndexFunc(s.people, func(p Person) bool { return p.ID == id })
	return slices.Clone(s.people[i].Accounts)
}

// People are Ada and Carol.
func (s *Site) People() []Person { return slices.Clone(s.people) }

// hers are the names under which a person has accounts, by simulator.
var hers = map[string]map[string][]string{
	Ada: {
		DigitalOcean: {"ada.lovelace"}, Netim: {"NW1024_ada", "NW2048_ada"}, Plesk: {"ada", "ada_all"}, Trove: {"ada", "ada.lovelace"},
	},
	Carol: {
		DigitalOcean: {"carol.shaw"}, Netim: {"NW1024_carol"}, Plesk: {"carol"}, Trove: {"carol"},
	},
}

// census finds everybody's accounts in the worlds as they are now.
func (s *Site) census() []Person {
	out := []Person{
		{ID: Ada, Name: "Ada Lovelace", Email: "ada@example.com"},
		{ID: Carol, Name: "Carol Shaw", Email: "carol@example.com"},
	}
	for _, a := range s.everybody() {
		for i := range out {
			if slices.Contains(hers[out[i].ID][a.On], a.Name) {
				out[i].Accounts = append(out[i].Accounts, a)
			}
		}
	}
	return out
}

// Roster is a file for sever identities import. More lines may follow it.
func (s *Site) Roster() string {
	var b strings.Builder
	b.WriteString("principal,connection,account,host,name,email\n")
	for _, p := range s.people {
		seen := map[string]bool{}
		for _, a := range p.Accounts {
			line := strings.Join([]string{p.ID, s.Connection(a.On), a.Name, a.Host, p.Name, p.Email}, ",")
			if !seen[line] {
				seen[line] = true
				b.WriteString(line + "\n")
			}
		}
	}
	return b.String()
}

// The clusters and hostings of the seeds that are named here.
const (
	shopCluster = "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"
	events      = "3d0e8c11-2c7f-4b59-8a80-0a7c5b1e5d04"
	// caching is a cluster whose users the API cannot list: nobody has a login there.
	caching = "5f20ae33-4e91-4d7b-8ca2-2c9e7d307f06"
)

func withCarolOnClusters(clusters []digitalocean.Cluster) []digitalocean.Cluster {
	for i := range clusters {
		c := &clusters[i]
		switch c.ID {
		case shopCluster:
			c.Users = append(c.Users, digitalocean.User{Name: "carol.shaw"})
			c.Pools = append(c.Pools, digitalocean.Pool{Name: "carol-reports", Mode: "session", Size: 2, Database: "reporting", User: "carol.shaw"})
		case events:
			c.Users = append(c.Users, digitalocean.User{Name: "carol.shaw", Rules: []digitalocean.Rule{
				{Pattern: "orders.*", Permission: "consume"}, {Pattern: "refunds", Permission: "consume"},
			}})
		}
	}
	return clusters
}

func withCarolOnHostings(hostings []netim.Hosting) []netim.Hosting {
	h := &hostings[0]
	h.Users = append(h.Users, netim.User{Name: "NW1024_carol", Password: "carol at the agency", Internal: "RW", External: "RW"})
	h.Links = append(h.Links, netim.Link{Database: "NW1024_shop", User: "NW1024_carol"}, netim.Link{Database: "NW1024_blog", User: "NW1024_carol"})
	return hostings
}

func (s *Site) carolOnPlesk() {
	for _, db := range s.Plesk.Databases() {
		if db.Name == "blog" {
			s.Plesk.Plant(plesk.User{Database: db.ID, Login: "carol", Password: "seed-carol-password", Hosts: []string{"%"}, Role: "readWrite"})
		}
	}
}
