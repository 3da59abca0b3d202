package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/provider"
)

// Preflight checks what our login may do, with the words that would grant it.
func (s *Server) Preflight(ctx context.Context) ([]provider.Check, error) {
	var checks []provider.Check
	err := s.with(ctx, func(c *session) (err error) {
		checks, err = s.check(ctx, c)
		return err
	})
	if errors.Is(err, errUnknownServer) {
		return []provider.Check{{Name: serverVersion, Fatal: true, Detail: s.hide(err.Error()), Remedy: s.instead(err)}}, nil
	}
	return checks, s.classified("preflight "+s.connection, err)
}

const serverVersion = "server version"

// check is a line of preflight whose remedy names our login as %s.
type check = provider.Check

const aboutServer = `
select @@read_only, (select count(*) from mysql.proxies_priv where User = ? and Host = ? and Proxied_user = '' and With_grant) > 0`

func (s *Server) check(ctx context.Context, c *session) ([]provider.Check, error) {
	own, err := ownSight(ctx, c)
	if err != nil {
		return nil, err
	}
	checks := []provider.Check{{Name: serverVersion, Fatal: true, OK: true, Detail: c.version}}
	var readOnly, proxies bool
	var ofDialect []check
	err = c.QueryRowContext(ctx, aboutServer, c.ours.User, c.ours.Host).Scan(&readOnly, &proxies)
	if err == nil {
		ofDialect, err = c.checks(ctx, c, own)
	}
	if mayNot(err) {
		return append(checks, provider.Check{Name: mayReadTables, Fatal: true, Detail: s.hide(err.Error()), Remedy: mayRead(s.login)}), nil
	}
	if err != nil {
		return nil, err
	}
	kills, err := c.mayKill(ctx, own)
	if err != nil {
		return nil, err
	}
	strict, err := c.refusesHashes(ctx, c)
	if err != nil {
		return nil, err
	}
	checks = append(checks,
		provider.Check{Name: mayReadTables, OK: true, Fatal: true},
		provider.Check{Name: "server takes changes", OK: !readOnly, Fatal: true, Remedy: "point the URL at the primary: this server is read-only"},
		own.check(mayChange, "as "+c.ours.String(), true, "CREATE USER"),
		own.check(seesSessions, "without it the sessions are unknown", false, "PROCESS"),
		kills,
		own.check(seesDefiners, "without it what an account defines is unknown", false, c.seeing()...),
		own.check(mayHandOver, "", false, c.handing(), "CREATE VIEW", "DROP", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"),
		provider.Check{Name: mayProxy, OK: proxies, Remedy: "GRANT PROXY ON ''@'%%' TO %s WITH GRANT OPTION"},
		provider.Check{Name: "may replace credentials", OK: !strict, Detail: "an incident does, by a hash",
			Remedy: "SET GLOBAL strict_password_validation = OFF: a plugin that judges passwords refuses hashes"},
	)
	checks = append(checks, ofDialect...)
	for i := range checks {
		if checks[i].OK {
			checks[i].Remedy = ""
		}
		if strings.Contains(checks[i].Remedy, "%s") {
			checks[i].Remedy = fmt.Sprintf(checks[i].Remedy, quote(s.login))
		}
	}
	return checks, nil
}

// check is a line about privileges of ours.
func (s sight) check(name, why string, fatal bool, privileges ...string) check {
	lacking := s.missing(privileges...)
	return check{Name: name, OK: len(lacking) == 0, Detail: why, Remedy: grantOnAll(lacking), Fatal: fatal}
}

func grantOnAll(privileges []string) string {
	return fmt.Sprintf("GRANT %s ON *.* TO %%s", strings.Join(privileges, ", "))
}

// mayKill is about ending sessions, by ourselves or by a hosting service's procedure.
func (c *session) mayKill(ctx context.Context, own sight) (check, error) {
	kills := own.check(mayKill, "", false, c.killing())
	procedure, err := c.hostedKill(ctx)
	if err == nil && !kills.OK && procedure != "" {
		kills = check{Name: kills.Name, OK: true, Detail: "by CALL mysql." + procedure}
	}
	return kills, err
}

// anonymous is the line about accounts without a name.
func anonymous(n int) check {
	return check{Name: "nobody logs in without a name", OK: n == 0, Detail: fmt.Sprintf("%d accounts without a name let anybody in", n),
		Remedy: "DROP USER ''@'host', for each"}
}

const (
	mariaNameless = `
select count(*) from mysql.global_priv where User = '' and json_value(Priv, '$.account_locked') is null`
	notOurRoles = `
select User from mysql.global_priv g
where json_value(Priv, '$.is_role') is not null and User <> 'PUBLIC' -- which is everybody's
  and not exists (select 1 from mysql.roles_mapping m where m.Role = g.User and m.User = ? and m.Host = ? and m.Admin_option = 'Y')
order by 1`
)

func (m mariaDB) checks(ctx context.Context, c *session, own sight) ([]check, error) {
	var nameless int
	if err := c.QueryRowContext(ctx, mariaNameless).Scan(&nameless); err != nil {
		return nil, err
	}
	var roles []string
	err := c.rows(ctx, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		roles = append(roles, name)
		return err
	}, notOurRoles, c.ours.User, c.ours.Host)
	administers := check{Name: administersRoles, OK: len(roles) == 0, Detail: strings.Join(roles[:min(5, len(roles))], ", ")}
	if len(roles) > 0 {
		administers.Remedy = "GRANT " + strings.ReplaceAll(quote(roles[0]), "%", "%%") + " TO %s WITH ADMIN OPTION"
	}
	if err != nil {
		return nil, err
	}
	held, err := m.others(ctx, c)
	takes := own.check(mayTakeAway, "the server lets nobody revoke what they do not hold themselves", false, held...)
	if takes.OK && len(held) > 0 && !own.grants {
		takes.OK, takes.Remedy = false, grantOnAll(held)
	}
	takes.Remedy += " WITH GRANT OPTION"
	return []check{takes, administers, anonymous(nameless)}, err
}

const mysqlNameless = `select count(*) from mysql.user where User = '' and account_locked = 'N'`

func (mySQL) checks(ctx context.Context, c *session, own sight) ([]check, error) {
	var nameless int
	err := c.QueryRowContext(ctx, mysqlNameless).Scan(&nameless)
	revoking := own.check(mayTakeAway, "the server lets nobody revoke what they do not hold themselves", false, staticPrivileges...)
	revoking.Remedy += " WITH GRANT OPTION"
	return []check{
		{Name: "this kind of server was tried", Detail: "MySQL is known from its manual only; nobody has seen this work on a real server", Remedy: "try it on a copy of the server first"},
		revoking,
		own.check(administersRoles, "", false, "ROLE_ADMIN"),
		own.check("may change system accounts", "those that have SYSTEM_USER, and their sessions", false, "SYSTEM_USER"),
		anonymous(nameless),
	}, err
}

// staticPrivileges are what SHOW GRANTS names of MySQL's administrator, where MariaDB
// says ALL PRIVILEGES.
var staticPrivileges = []string{
	"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "RELOAD", "SHUTDOWN", "PROCESS", "FILE", "REFERENCES", "INDEX", "ALTER", "SHOW DATABASES",
	"SUPER", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE", "REPLICATION SLAVE", "REPLICATION CLIENT", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE",
	"ALTER ROUTINE", "CREATE USER", "EVENT", "TRIGGER", "CREATE TABLESPACE", "CREATE ROLE", "DROP ROLE",
}
