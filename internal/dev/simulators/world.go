package simulators

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/severhq/sever/internal/config"
	digitalocean "github.com/severhq/sever/internal/provider/digitalocean/simulator"
	plesk "github.com/severhq/sever/internal/provider/plesk/simulator"
)

// LetsIn tries to log in with the password that the account had at first.
func (s *Site) LetsIn(a Account) bool {
	secret := a.password.Reveal()
	switch a.On {
	case DigitalOcean:
		return s.DigitalOcean.Connect(a.id, a.Name, secret)
	case Netim:
		return s.Netim.Login(a.id, a.Name, secret)
	case Plesk:
		server, err := strconv.Atoi(a.id)
		return err == nil && s.Plesk.Opens(server, a.Name, secret)
	}
	return s.Trove.Login(a.id, a.Name, a.Host, secret)
}

// Left are those accounts of a person that are still there, whatever became of their
// passwords.
func (s *Site) Left(id string) []Account {
	now := s.everybody()
	return slices.DeleteFunc(s.Accounts(id), func(a Account) bool {
		return !slices.ContainsFunc(now, func(b Account) bool { return a.On == b.On && a.id == b.id && a.Name == b.Name && a.Host == b.Host })
	})
}

// Others counts the accounts that belong to neither Ada nor Carol: nobody else's may
// go with theirs.
func (s *Site) Others() int {
	n := 0
	for _, a := range s.everybody() {
		if !slices.Contains(hers[Ada][a.On], a.Name) && !slices.Contains(hers[Carol][a.On], a.Name) {
			n++
		}
	}
	return n
}

// Alarms are requests that no client should ever send. There should be none.
func (s *Site) Alarms() []string { return slices.Concat(s.DigitalOcean.Alarms(), s.Plesk.Alarms()) }

// everybody is every account in the four worlds.
func (s *Site) everybody() []Account {
	return slices.Concat(s.onClusters(), s.onHostings(), s.onPanel(), s.onInstances())
}

func (s *Site) onClusters() []Account {
	var out []Account
	for _, c := range s.DigitalOcean.World() {
		for _, u := range c.Users {
			out = append(out, Account{On: DigitalOcean, Place: c.Engine + " cluster " + c.Name, Name: u.Name, Holds: onCluster(c, u), id: c.ID, password: config.NewSecret(u.Password)})
		}
	}
	return out
}

func onCluster(c digitalocean.Cluster, u digitalocean.User) []string {
	var out []string
	if u.Replication {
		out = append(out, "REPLICATION")
	}
	for _, p := range c.Pools {
		if p.User == u.Name {
			out = append(out, "pool "+p.Name)
		}
	}
	for _, r := range u.Rules {
		out = append(out, r.Permission+" "+r.Pattern)
	}
	for _, db := range u.Databases {
		out = append(out, u.MongoRole+" "+db)
	}
	return out
}

func (s *Site) onHostings() []Account {
	var out []Account
	for _, h := range s.Netim.World() {
		for _, u := range h.Users {
			a := Account{On: Netim, Place: "hosting " + h.ID, Name: u.Name, id: h.ID, password: config.NewSecret(u.Password)}
			for _, l := range h.Links {
				if l.User == u.Name {
					a.Holds = append(a.Holds, "link to "+l.Database)
				}
			}
			out = append(out, a)
		}
	}
	return out
}

func (s *Site) onPanel() []Account {
	databases := map[int]plesk.Database{}
	for _, db := range s.Plesk.Databases() {
		databases[db.ID] = db
	}
	var out []Account
	for _, u := range s.Plesk.Users() {
		db, one := databases[u.Database]
		a := Account{On: Plesk, Place: "database " + db.Name, Name: u.Login, id: strconv.Itoa(db.Server), password: config.NewSecret(u.Password)}
		if !one {
			a.Place, a.id = fmt.Sprintf("all databases of subscription %d", u.Subscription), strconv.Itoa(u.Server)
		}
		a.Holds = append(a.Holds, a.Place)
		for _, db := range s.Plesk.Databases() {
			if db.Default == u.ID {
				a.Holds = append(a.Holds, "default user of "+db.Name)
			}
		}
		out = append(out, a)
	}
	return out
}

func (s *Site) onInstances() []Account {
	var out []Account
	for _, in := range s.Trove.World() {
		for _, u := range in.Accounts {
			a := Account{On: Trove, Place: in.Datastore + " instance " + in.Name, Name: u.Name, Host: u.Host, id: in.ID, password: config.NewSecret(u.Password)}
			for _, db := range u.Databases {
				a.Holds = append(a.Holds, "database "+db)
			}
			out = append(out, a)
		}
	}
	return out
}
