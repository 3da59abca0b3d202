package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// accountsOnMaria are those that a person has there, one for each host.
func accountsOnMaria(l *leaver) (out []made) {
	for _, host := range MariaHosts[:l.Hosts] {
		out = append(out, made{on: Maria, account: l.name, host: host})
	}
	return out
}

// plantOnMaria makes the accounts of those who have some. Each is member of a role, has
// privileges at every level, and with the first host defines a view and a procedure, which
// work for the heir as well. The namesakes have the same hosts, and less.
func (s *stage) plantOnMaria(ctx context.Context) error {
	sql := []string{"create user " + s.heir() + "@`%` identified by 'p'", "grant all privileges on wiki.* to " + s.heir() + "@`%`"}
	var in []string
	for i, l := range s.people {
		if l.Hosts == 0 {
			continue
		}
		for _, host := range MariaHosts[:l.Hosts] {
			at := "`" + l.name + "`@`" + host + "`"
			x := "`" + l.name + "x`@`" + host + "`"
			sql = append(sql, "create user "+at+" identified by 'p', "+x+" identified by 'p'",
				"grant chaos_editors to "+at, "grant chaos_editors to "+x, "set default role chaos_editors for "+at,
				"grant process on *.* to "+at, "grant select, insert on wiki.* to "+at, "grant select on wiki.* to "+x,
				"grant select (title), update on wiki.pages to "+at, "grant select (title) on wiki.pages to "+x)
		}
		definer := "definer=`" + l.name + "`@`" + MariaHosts[0] + "`"
		sql = append(sql, "create "+definer+" view wiki."+s.papers(i)+" as select id, title from wiki.pages",
			"create "+definer+" procedure wiki."+s.papers(i)+"() select count(*) from wiki.pages")
		in = append(in, l.name, l.name+"x")
	}
	if err := s.w.maria.run(ctx, sql...); err != nil {
		return err
	}
	s.guests = s.w.maria.welcome(ctx, in)
	return nil
}

// clearMaria removes all that a seed planted there, and what may be left of it in tables
// that DROP USER does not look into.
func (s *stage) clearMaria(ctx context.Context) error {
	s.guests.leave()
	mine := fmt.Sprintf(`user like 'chaos%dp%%' or user = '%s'`, s.seed, s.heir())
	things, err := s.w.maria.column(ctx, fmt.Sprintf(`select concat('drop view wiki.', table_name) from information_schema.views where table_name like 'papers\_%d\_%%'
		union all select concat('drop procedure wiki.', routine_name) from information_schema.routines where routine_name like 'papers\_%[1]d\_%%'`, s.seed))
	if err != nil {
		return err
	}
	for _, table := range []string{"global_priv", "roles_mapping", "db", "tables_priv", "columns_priv", "procs_priv", "proxies_priv"} {
		things = append(things, "delete from mysql."+table+" where "+mine)
	}
	return s.w.maria.run(ctx, append(things, "flush privileges")...)
}

// open reports whether a line of everything says that the account lets somebody in.
func (m made) open(line string) bool {
	return strings.HasPrefix(line, Maria+" account "+m.account+"@"+m.host+" open ")
}

// there reports whether a line of everything says that the account exists.
func (m made) there(line string) bool {
	return strings.HasPrefix(line, Maria+" account "+m.account+"@"+m.host+" ")
}

// definers: what a leaver defined works, for the heir once the leaver is gone.
func (s *stage) definers(all []string) (wrong []string) {
	for i, l := range s.people {
		if l.Hosts == 0 {
			continue
		}
		may := []string{s.heir() + "@%"}
		if slices.ContainsFunc(all, accountsOnMaria(l)[0].there) {
			may = append(may, l.name+"@%")
		}
		for _, what := range []string{"view", "routine"} {
			if !slices.ContainsFunc(may, func(who string) bool {
				return slices.ContainsFunc(all, func(line string) bool {
					return strings.HasPrefix(line+" ", fmt.Sprintf("%s %s wiki %s of %s ", Maria, what, s.papers(i), who))
				})
			}) {
				wrong = append(wrong, fmt.Sprintf("missing: the %s %s of %s at %s", what, s.papers(i), strings.Join(may, " or "), Maria))
			}
		}
	}
	return wrong
}
