package mysql

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	driver "github.com/go-sql-driver/mysql"
)

// model is a MySQL server as its manual describes it, as far as this provider uses it.
// It is no proof of how a real one behaves; it holds that what we send is what we meant.
type model struct {
	mu       sync.Mutex
	partial  string // @@partial_revokes
	own      []string
	users    map[string]*modelUser      // by name@host, quoted
	granted  map[string]map[string]bool // by account and what it is on: privileges
	edges    map[[2]string]bool         // role, who has it: with ADMIN OPTION
	defaults map[string][]string
	objects  map[string]string // "view shop.v": definer
	sessions map[string]string // by number: name
	changes  []string
	refuses  map[string]*driver.MySQLError // by the beginning of a statement
}

type modelUser struct {
	plugin, hash, attributes string
	locked, expired          bool
}

func newModel() *model {
	return &model{partial: "0", users: map[string]*modelUser{}, granted: map[string]map[string]bool{}, edges: map[[2]string]bool{},
		defaults: map[string][]string{}, objects: map[string]string{}, sessions: map[string]string{}, refuses: map[string]*driver.MySQLError{},
		own: []string{"GRANT SELECT, PROCESS, CREATE USER, SHOW VIEW, TRIGGER, EVENT ON *.* TO `sever`@`%`", "GRANT CONNECTION_ADMIN,ROLE_ADMIN ON *.* TO `sever`@`%`"}}
}

// second is how a second password stands in User_attributes.
const second = `"additional_password": "$A$005$secret", `

const one = "(`[^`]*`@`[^`]*`)"

var (
	alterLock  = regexp.MustCompile("^alter user " + one + " account (lock|unlock)$")
	alterWith  = regexp.MustCompile("^(alter|create) user " + one + " identified with (\\w+)(?: as '([^']*)')?(?:.* account (lock|unlock))?$")
	discard    = regexp.MustCompile("^alter user " + one + " discard old password$")
	dropUser   = regexp.MustCompile("^drop user " + one + "$")
	membership = regexp.MustCompile("^(grant|revoke) " + one + " (?:to|from) " + one + "( with admin option)?$")
	privileges = regexp.MustCompile("^(grant|revoke) (.+) on (.+) (?:to|from) " + one + "( with grant option)?$")
	defaulting = regexp.MustCompile("^set default role (.+) to " + one + "$")
	killing    = regexp.MustCompile(`^kill connection (\d+)$`)
	alterView  = regexp.MustCompile("^ALTER ALGORITHM=UNDEFINED DEFINER=" + one + " SQL SECURITY DEFINER VIEW (\\S+) AS ")
	alterEvent = regexp.MustCompile("^alter definer=" + one + " event (\\S+) (enable|disable)$")
	ofName     = regexp.MustCompile(`and \w+_NAME = '([^']*)'`)
	inSchema   = regexp.MustCompile(`and \w+_SCHEMA = '([^']*)'`)
)

func (m *model) say(sql string) (answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for beginning, refusal := range m.refuses {
		if strings.HasPrefix(sql, beginning) {
			return answer{}, refusal
		}
	}
	if a, ok := m.read(strings.TrimSpace(sql)); ok {
		return a, nil
	}
	if strings.HasPrefix(sql, "SET ") || strings.HasPrefix(sql, "set names") || strings.HasPrefix(sql, "set session") || strings.HasPrefix(sql, "use ") {
		return answer{}, nil
	}
	m.changes = append(m.changes, sql)
	if m.change(sql) {
		return answer{}, nil
	}
	return answer{}, &driver.MySQLError{Number: 1064, Message: "the model does not know: " + sql}
}

func (m *model) change(sql string) bool {
	if f := alterLock.FindStringSubmatch(sql); f != nil {
		m.users[f[1]].locked = f[2] == "lock"
	} else if f := alterWith.FindStringSubmatch(sql); f != nil {
		if f[1] == "create" {
			m.users[f[2]] = &modelUser{}
		}
		u := m.users[f[2]]
		u.plugin, u.hash = f[3], f[4]
		if f[5] != "" {
			u.locked = f[5] == "lock"
		}
	} else if f := discard.FindStringSubmatch(sql); f != nil {
		m.users[f[1]].attributes = strings.Replace(m.users[f[1]].attributes, second, "", 1)
	} else if f := dropUser.FindStringSubmatch(sql); f != nil {
		delete(m.users, f[1])
	} else if f := membership.FindStringSubmatch(sql); f != nil {
		delete(m.edges, [2]string{f[2], f[3]})
		if f[1] == "grant" {
			m.edges[[2]string{f[2], f[3]}] = f[4] != ""
		}
	} else if f := privileges.FindStringSubmatch(sql); f != nil {
		m.grant(f[1] == "grant", f[4], f[3], f[2], f[5] != "")
	} else if f := defaulting.FindStringSubmatch(sql); f != nil {
		m.defaults[f[2]] = strings.Split(f[1], ", ")
	} else if f := killing.FindStringSubmatch(sql); f != nil {
		delete(m.sessions, f[1])
	} else if f := alterView.FindStringSubmatch(sql); f != nil {
		m.objects["view "+f[2]] = f[1]
	} else if f := alterEvent.FindStringSubmatch(sql); f != nil {
		m.objects["event "+f[2]] = f[1]
	} else {
		return false
	}
	return true
}

func (m *model) grant(give bool, who, on, list string, grantable bool) {
	at := who + " " + on
	if m.granted[at] == nil {
		m.granted[at] = map[string]bool{}
	}
	all := strings.Split(list, ", ")
	if grantable && !strings.Contains(list, "_") {
		all = append(all, "grant option")
	}
	for _, p := range all {
		p = strings.ToUpper(p)
		if delete(m.granted[at], p); give {
			m.granted[at][p] = grantable
		}
	}
}

// read answers what changes nothing.
func (m *model) read(sql string) (answer, bool) {
	table := func(names string, rows [][]string) (answer, bool) {
		return answer{strings.Split(names, ","), rows}, true
	}
	switch {
	case sql == aboutUs:
		return table("v,u,t", [][]string{{"8.4.3", "sever@%", "2030-01-01 00:00:00.000"}})
	case sql == "select @@partial_revokes":
		return table("p", [][]string{{m.partial}})
	case sql == "show grants":
		rows := make([][]string, len(m.own))
		for i, line := range m.own {
			rows[i] = []string{line}
		}
		return table("g", rows)
	case strings.HasPrefix(sql, "select @@read_only"):
		return table("r,p", [][]string{{"0", "1"}})
	case sql == mysqlNameless:
		return table("n", [][]string{{"0"}})
	case strings.HasPrefix(sql, "select ROUTINE_NAME"):
		return table("n", nil)
	case strings.HasPrefix(sql, "show create view `shop`.`v`"):
		return table("View,Create View,character_set_client,collation_connection", [][]string{{"v",
			"CREATE ALGORITHM=UNDEFINED DEFINER=" + m.objects["view `shop`.`v`"] + " SQL SECURITY DEFINER VIEW `shop`.`v` AS select 1", "utf8mb4", "utf8mb4_bin"}})
	case strings.HasPrefix(sql, "show create"):
		kind := strings.Fields(sql)[2]
		return table(kind+",Create "+kind+",character_set_client,collation_connection,Database Collation", [][]string{{"x", "CREATE ...", "utf8mb4", "utf8mb4_bin", "utf8mb4_bin"}})
	case strings.Contains(sql, "mysql.user"):
		return m.userRows(sql)
	case strings.Contains(sql, "mysql.role_edges"):
		return table("fu,fh,tu,th,a,d", m.edgeRows())
	case strings.Contains(sql, "mysql.global_grants"):
		return table("u,h,p,g", m.grantRows("*.*", true))
	case strings.Contains(sql, "mysql.db"):
		return m.databaseRows()
	case strings.Contains(sql, "mysql.tables_priv"):
		return table("u,h,d,t,p", m.grantRows("table ", false))
	case strings.Contains(sql, "mysql.columns_priv"), strings.Contains(sql, "mysql.procs_priv"), strings.Contains(sql, "mysql.proxies_priv"):
		return table("a,b,c,d,e,f", nil)
	case strings.Contains(sql, "information_schema.PROCESSLIST"):
		var rows [][]string
		for _, id := range slices.Sorted(maps.Keys(m.sessions)) {
			rows = append(rows, []string{id, m.sessions[id], "10.0.0.1:4711"})
		}
		return table("i,u,h", rows)
	case strings.Contains(sql, "count(*)"): // the triggers beside one
		return table("n", [][]string{{"1"}})
	case strings.Contains(sql, "information_schema."):
		return m.objectRows(sql)
	}
	return answer{}, false
}

func (m *model) userRows(sql string) (answer, bool) {
	yes := func(b bool) string { return map[bool]string{true: "1", false: "0"}[b] }
	whole := strings.HasPrefix(sql, "select *")
	a := answer{columns: strings.Split("h,u,p,t,l,e,c,life,tls,ci,i,s,q,up,lo,se,cu,g,su,a", ",")}
	if whole {
		a.columns = []string{"Host", "User", "Select_priv", "Repl_slave_priv", "Create_tmp_table_priv", "Grant_priv", "plugin", "User_attributes"}
	}
	for _, who := range slices.Sorted(maps.Keys(m.users)) {
		u, i, has := m.users[who], unquoted(who), m.granted[who+" *.*"]
		_, grants := has["GRANT OPTION"]
		if whole {
			row := []string{i.Host, i.User}
			for _, p := range []string{"SELECT", "REPLICATION SLAVE", "CREATE TEMPORARY TABLES", "GRANT OPTION"} {
				_, ok := has[p]
				row = append(row, map[bool]string{true: "Y", false: "N"}[ok])
			}
			a.rows = append(a.rows, append(row, u.plugin, u.attributes))
			continue
		}
		_, creates := has["CREATE USER"]
		_, super := has["SUPER"]
		attributes := u.attributes
		if attributes == null || attributes == "" {
			attributes = "{}"
		}
		a.rows = append(a.rows, []string{i.Host, i.User, u.plugin, u.hash, yes(u.locked), yes(u.expired), "1700000000", null, "", "", "", "", "0", "0", "0", "5",
			yes(creates), yes(grants), yes(super), attributes})
	}
	return a, true
}

func unquoted(who string) identity {
	user, host, _ := strings.Cut(strings.ReplaceAll(who, "`", ""), "@")
	return identity{user, host}
}

func (m *model) edgeRows() (rows [][]string) {
	for e, admin := range m.edges {
		from, to := unquoted(e[0]), unquoted(e[1])
		rows = append(rows, []string{from.User, from.Host, to.User, to.Host, fmt.Sprint(admin), fmt.Sprint(slices.Contains(m.defaults[e[1]], e[0]))})
	}
	return rows
}

// grantRows are dynamic privileges, or those on tables.
func (m *model) grantRows(on string, dynamic bool) (rows [][]string) {
	for _, at := range slices.Sorted(maps.Keys(m.granted)) {
		who, where, _ := strings.Cut(at, " ")
		if i := unquoted(who); dynamic && where == on {
			for _, p := range slices.Sorted(maps.Keys(m.granted[at])) {
				if strings.Contains(p, "_") {
					rows = append(rows, []string{i.User, i.Host, p, fmt.Sprint(m.granted[at][p])})
				}
			}
		} else if name, ok := strings.CutPrefix(where, on); ok && !dynamic && len(m.granted[at]) > 0 {
			database, table, _ := strings.Cut(strings.ReplaceAll(name, "`", ""), ".")
			rows = append(rows, []string{i.User, i.Host, database, table, strings.Join(slices.Sorted(maps.Keys(m.granted[at])), ",")})
		}
	}
	return rows
}

func (m *model) databaseRows() (answer, bool) {
	a := answer{columns: []string{"Host", "Db", "User", "Select_priv", "Grant_priv"}}
	for at, has := range m.granted {
		who, on, _ := strings.Cut(at, " ")
		name, ok := strings.CutSuffix(on, "`.*")
		if i := unquoted(who); ok && len(has) > 0 {
			row := []string{i.Host, strings.TrimPrefix(name, "`"), i.User, "N", "N"}
			for n, p := range []string{"SELECT", "GRANT OPTION"} {
				if _, ok := has[p]; ok {
					row[3+n] = "Y"
				}
			}
			a.rows = append(a.rows, row)
		}
	}
	return a, true
}

func (m *model) objectRows(sql string) (answer, bool) {
	a := answer{columns: strings.Split("d,k,s,n,m,c,o,sec,st", ",")}
	wanted := ""
	if f := inSchema.FindStringSubmatch(sql); f != nil {
		wanted = f[1]
	}
	for _, o := range slices.Sorted(maps.Keys(m.objects)) {
		kind, name, _ := strings.Cut(o, " ")
		sort := map[string]string{"view": "VIEWS", "event": "EVENTS", "trigger": "TRIGGERS"}[kind]
		if sort == "" {
			sort = "ROUTINES"
		}
		schema, object, _ := strings.Cut(strings.ReplaceAll(name, "`", ""), ".")
		if strings.HasPrefix(sql, "select DEFINER from") { // of one object
			if named := ofName.FindStringSubmatch(sql); strings.Contains(sql, "information_schema."+sort) && named[1] == object {
				return answer{[]string{"d"}, [][]string{{strings.ReplaceAll(m.objects[o], "`", "")}}}, true
			}
			continue
		}
		if definer := unquoted(m.objects[o]); strings.Contains(sql, "information_schema."+sort) && (wanted == "" || wanted == schema) {
			a.rows = append(a.rows, []string{definer.User + "@" + definer.Host, kind, schema, object, "", "utf8mb4", "", "DEFINER", "ENABLED"})
		}
	}
	return a, true
}
