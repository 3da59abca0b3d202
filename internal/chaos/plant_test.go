package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/dev/simulators"
	digitalocean "github.com/severhq/sever/internal/provider/digitalocean/simulator"
	netim "github.com/severhq/sever/internal/provider/netim/simulator"
	plesk "github.com/severhq/sever/internal/provider/plesk/simulator"
	trove "github.com/severhq/sever/internal/provider/trove/simulator"
)

// leaver is a person of a seed, planted.
type leaver struct {
	Person
	id   string // at Sever
	name string // the invented part of each account's name
	made []made
	// asked is true once somebody has asked for all that was taken.
	asked bool
	// lodger is logged in at the target, or nobody is.
	lodger           *lodger
	rostered, helped time.Time // when people did so, of a case of a sweep
}

// reason is that of the case.
func (l *leaver) reason() string {
	if l.Swept {
		return string(access.Sweep)
	}
	return l.Reason
}

// made is one account as it was planted.
type made struct {
	on, account, host string
}

// object is the account in the words of the audit trail.
func (m made) object() string {
	if m.host != "" {
		return m.on + "/" + m.account + "@" + m.host
	}
	return m.on + "/" + m.account
}

// stage is all that was planted for one seed.
type stage struct {
	w       *world
	seed    uint64
	people  []*leaver
	oids    map[string]string // of the target's roles, by number
	before  []string          // everything but the leavers, before anything happened
	logMark int64
	guests  *guests // who is logged in at MariaDB

	plan      Schedule
	ranBefore map[string]int // the last run of each sweep before this seed
	enrolled  time.Time      // since when the roster says who of these has left
	swept     sweepTally
}

func (s *stage) sweeps() bool { return s.plan.Sweeps() }

const hosting, orders = "NW1024", "orders"

func (s *stage) heir() string    { return fmt.Sprintf("heir%d", s.seed) }
func (s *stage) cluster() string { return fmt.Sprintf("%08x-c4a0-4000-8000-%012x", s.seed, s.seed) }

// plant gives the people of a schedule their accounts, and each a namesake who stays.
func (w *world) plant(ctx context.Context, sch Schedule) (*stage, error) {
	s := &stage{w: w, seed: sch.Seed, oids: map[string]string{}, plan: sch, ranBefore: map[string]int{}}
	sql := "create role " + s.heir() + ";"
	cluster := digitalocean.Cluster{ID: s.cluster(), Name: fmt.Sprintf("chaos-%d", sch.Seed), Engine: "pg", Databases: []string{"shop"}}
	for i, p := range sch.People {
		l := &leaver{Person: p, id: fmt.Sprintf("C%d-%d", sch.Seed, i), name: fmt.Sprintf("chaos%dp%d", sch.Seed, i)}
		s.people = append(s.people, l)
		for _, on := range p.Systems {
			m := made{on: on, account: l.name}
			switch on {
			case Maria:
				l.made = append(l.made, accountsOnMaria(l)...)
				continue
			case Target:
				sql += s.role(i, l.name)
			case simulators.DigitalOcean:
				for _, name := range []string{l.name, l.name + "x"} {
					cluster.Users = append(cluster.Users, digitalocean.User{Name: name})
					cluster.Pools = append(cluster.Pools, digitalocean.Pool{Name: name + "-pool", Mode: "session", Size: 2, Database: "shop", User: name})
				}
			case simulators.Netim:
				m.account = hosting + "_" + l.name
				w.site.Netim.Change(hosting, onHosting(l.name))
			case simulators.Plesk:
				w.onPanel(l.name)
			case simulators.Trove:
				m.host = "%"
				for _, name := range []string{l.name, l.name + "x"} {
					w.site.Trove.Add(w.orders(), trove.Account{Name: name, Host: "%", Password: "of-" + name, Databases: []string{"shop", "crm"}})
				}
			}
			l.made = append(l.made, m)
		}
	}
	w.site.DigitalOcean.Plant(cluster)
	if err := execute(ctx, w.targetURL, sql); err != nil {
		return s, err
	}
	if err := s.plantOnMaria(ctx); err != nil {
		return s, err
	}
	return s, s.count(ctx)
}

// role is one on the target: it owns a table, is member of a group and has privileges.
func (s *stage) role(i int, name string) string {
	return fmt.Sprintf(`create role %[1]s login password 'p'; create role %[1]sx login; grant chaos_team to %[1]s, %[1]sx;
		create table %[2]s (x int); insert into %[2]s values (1); alter table %[2]s owner to %[1]s; grant select, insert on shared to %[1]s; grant select on shared to %[1]sx;`,
		name, s.papers(i))
}

func (s *stage) papers(i int) string { return fmt.Sprintf("papers_%d_%d", s.seed, i) }

func onHosting(name string) func(*netim.Hosting) {
	return func(h *netim.Hosting) {
		for _, n := range []string{hosting + "_" + name, hosting + "_" + name + "x"} {
			h.Users = append(h.Users, netim.User{Name: n, Password: "of-" + n, Internal: "RW", External: "RW"})
			h.Links = append(h.Links, netim.Link{Database: hosting + "_shop", User: n}, netim.Link{Database: hosting + "_blog", User: n})
		}
	}
}

func (w *world) onPanel(name string) {
	for _, db := range w.site.Plesk.Databases() {
		if db.Name == "blog" {
			for _, login := range []string{name, name + "x"} {
				w.site.Plesk.Plant(plesk.User{Database: db.ID, Login: login, Password: "of-" + login, Hosts: []string{"%"}, Role: "readWrite"})
			}
		}
	}
}

// orders is the id of the instance with that name.
func (w *world) orders() string {
	all := w.site.Trove.World()
	return all[slices.IndexFunc(all, func(p trove.Placed) bool { return p.Name == orders })].ID
}

// count notes what there is besides the leavers, and who has which number.
func (s *stage) count(ctx context.Context) (err error) {
	numbers, err := rows(ctx, s.w.targetURL, `select oid || ' ' || rolname from pg_roles where rolname ~ $1`, fmt.Sprintf(`^chaos%dp\d`, s.seed))
	if err != nil {
		return err
	}
	for _, n := range numbers {
		oid, name, _ := strings.Cut(n, " ")
		s.oids[oid] = name
	}
	s.before, err = s.others(ctx)
	s.logMark = sizeOf(s.w.targetLog)
	return err
}

// roster is what sever identities import reads.
func (s *stage) roster() string {
	out := "principal,connection,account,host\n"
	for _, l := range s.people {
		for _, m := range l.made {
			out += strings.Join([]string{l.id, m.on, m.account, m.host}, ",") + "\n"
		}
	}
	for who, like := range s.stayers() {
		for _, m := range like.made {
			out += strings.Join([]string{who, m.on, m.account + "x", m.host}, ",") + "\n"
		}
	}
	return out
}

// everything is each system's own account of itself, a line for each thing.
func (w *world) everything(ctx context.Context) ([]string, error) {
	var out []string
	line := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, c := range w.site.DigitalOcean.World() {
		for _, u := range c.Users {
			line("digitalocean %s user %+v", c.Name, u)
		}
		for _, p := range c.Pools {
			if p.User == "" && len(names(p.Name)) > 0 {
				continue // unlinked: only its name tells whose it was
			}
			line("digitalocean %s pool %+v", c.Name, p)
		}
	}
	for _, h := range w.site.Netim.World() {
		for _, u := range h.Users {
			line("netim %s user %+v", h.ID, u)
		}
		for _, l := range h.Links {
			line("netim %s link %+v", h.ID, l)
		}
	}
	for _, u := range w.site.Plesk.Users() {
		line("plesk user %+v", u)
	}
	for _, d := range w.site.Plesk.Databases() {
		line("plesk database %+v", d)
	}
	for _, in := range w.site.Trove.World() {
		for _, a := range in.Accounts {
			line("trove %s account %+v", in.Name, a)
		}
	}
	onTarget, err := rows(ctx, w.targetURL, `
		select 'pg-main role ' || rolname || ' ' || concat_ws(' ', rolcanlogin, rolsuper, rolinherit, rolcreaterole, rolpassword) from pg_authid
		union all select 'pg-main member ' || member::regrole || ' of ' || roleid::regrole || ' ' || admin_option from pg_auth_members
		union all select 'pg-main table ' || relname || ' of ' || relowner::regrole from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
		union all select 'pg-main grant on ' || relname || ' to ' || x.grantee::regrole || ': ' || x.privilege_type from pg_class, aclexplode(relacl) x
			where relnamespace = 'public'::regnamespace`)
	if err != nil {
		return out, err
	}
	slices.Sort(onTarget)
	onMaria, err := w.maria.everything(ctx)
	return slices.Concat(out, onTarget, onMaria), err
}

// others is everything that names none of the leavers.
func (s *stage) others(ctx context.Context) ([]string, error) {
	all, err := s.w.everything(ctx)
	return slices.DeleteFunc(all, func(line string) bool {
		return slices.ContainsFunc(names(line), s.leaves) || strings.Contains(line, fmt.Sprintf("papers_%d_", s.seed))
	}), err
}

// leaves reports whether an invented name is a leaver's.
func (s *stage) leaves(name string) bool {
	return slices.ContainsFunc(s.people, func(l *leaver) bool { return l.name == name })
}

// left are the accounts of a leaver that are still there, with what they have.
func left(all []string, l *leaver) (out []string) {
	for _, line := range all {
		if slices.Contains(names(line), l.name) {
			out = append(out, line)
		}
	}
	return out
}

// clear removes all that a seed planted, so that the next one finds a small world.
func (s *stage) clear(ctx context.Context) error {
	if err := s.clearMaria(ctx); err != nil {
		return err
	}
	s.w.site.DigitalOcean.Destroy(s.cluster())
	mine := func(name string) bool { return strings.Contains(name, fmt.Sprintf("chaos%dp", s.seed)) }
	s.w.site.Netim.Change(hosting, func(h *netim.Hosting) {
		h.Users = slices.DeleteFunc(h.Users, func(u netim.User) bool { return mine(u.Name) })
		h.Links = slices.DeleteFunc(h.Links, func(l netim.Link) bool { return mine(l.User) })
	})
	for _, u := range s.w.site.Plesk.Users() {
		if mine(u.Login) {
			s.w.site.Plesk.Drop(u.ID)
		}
	}
	for _, in := range s.w.site.Trove.World() {
		for _, a := range in.Accounts {
			if mine(a.Name) {
				s.w.site.Trove.Drop(in.ID, a.Name, a.Host)
			}
		}
	}
	roles, err := rows(ctx, s.w.targetURL, `select quote_ident(rolname) from pg_roles where rolname ~ $1 or rolname = $2`, fmt.Sprintf(`^chaos%dp\d`, s.seed), s.heir())
	if err != nil || len(roles) == 0 {
		return err
	}
	list := strings.Join(roles, ", ")
	return execute(ctx, s.w.targetURL, "drop owned by "+list+" cascade; drop role "+list)
}
