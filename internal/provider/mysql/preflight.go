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
		return []provider.Check{{Name: serverVersion, Fatal: true, Detail: s.hide(err.Error()), Remedy: instead(err)}}, nil
	}
	return checks, s.classified("preflight "+s.connection, err)
}

const serverVersion = "server version"

const aboutServer = `
select @@read_only,
       (select count(*) from mysql.global_priv where User = '' and json_value(Priv, '$.account_locked') is null),
       (select count(*) from mysql.proxies_priv where User = ? and Host = ? and Proxied_user = '' and With_grant) > 0`

const notOurRoles = `
select User from mysql.global_priv g
where json_value(Priv, '$.is_role') is not null and User <> 'PUBLIC' -- which is everybody's
  and not exists (select 1 from mysql.roles_mapping m where m.Role = g.User and m.User = ? and m.Host = ? and m.Admin_option = 'Y')
order by 1`

func (s *Server) check(ctx context.Context, c *session) ([]provider.Check, error) {
	own, err := ownSight(ctx, c)
	if err != nil {
		return nil, err
	}
	has := func(name, why string, fatal bool, privileges ...string) provider.Check {
		lacking := own.missing(privileges...)
		return provider.Check{Name: name, OK: len(lacking) == 0, Detail: why, Remedy: grantTo(s.login, lacking...), Fatal: fatal}
	}
	checks := []provider.Check{{Name: serverVersion, Fatal: true, OK: true, Detail: c.version}}
	var readOnly, strict, mayProxy bool
	var anonymous int
	if err := c.QueryRowContext(ctx, aboutServer, c.ours.User, c.ours.Host).Scan(&readOnly, &anonymous, &mayProxy); err != nil {
		if !mayNot(err) {
			return nil, err
		}
		return append(checks, provider.Check{Name: "may read the grant tables", Fatal: true, Detail: s.hide(err.Error()), Remedy: mayRead(s.login)}), nil
	}
	if err := c.QueryRowContext(ctx, judgesPasswords).Scan(&strict); err != nil {
		return nil, err
	}
	var roles []string
	err = c.rows(ctx, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		roles = append(roles, name)
		return err
	}, notOurRoles, c.ours.User, c.ours.Host)
	if err != nil {
		return nil, err
	}
	kills := has("may end sessions", "", false, "CONNECTION ADMIN")
	if procedure, err := c.hostedKill(ctx); err != nil {
		return nil, err
	} else if !kills.OK && procedure != "" {
		kills = provider.Check{Name: kills.Name, OK: true, Detail: "by CALL mysql." + procedure}
	}
	checks = append(checks,
		provider.Check{Name: "may read the grant tables", OK: true, Fatal: true},
		provider.Check{Name: "server takes changes", OK: !readOnly, Fatal: true, Remedy: "point the URL at the primary: this server is read-only"},
		has("may change and drop accounts", "as "+c.ours.String(), true, "CREATE USER"),
		has("sees every session", "without it the sessions are unknown", false, "PROCESS"),
		kills,
		has("sees every definer", "without it views and triggers are unknown", false, seeing...),
		has("may hand definers over", "", false, "SET USER", "CREATE VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"),
		provider.Check{Name: "may take away every privilege", OK: own.has("ALL PRIVILEGES"),
			Detail: "the server lets nobody revoke what they do not hold themselves", Remedy: fmt.Sprintf("GRANT ALL PRIVILEGES ON *.* TO %s WITH GRANT OPTION", quote(s.login))},
		provider.Check{Name: "administers every role", OK: len(roles) == 0, Detail: strings.Join(roles[:min(5, len(roles))], ", "),
			Remedy: fmt.Sprintf("GRANT %s TO %s WITH ADMIN OPTION", quote(first(roles)), quote(s.login))},
		provider.Check{Name: "may take proxies away", OK: mayProxy, Remedy: fmt.Sprintf("GRANT PROXY ON ''@'%%' TO %s WITH GRANT OPTION", quote(s.login))},
		provider.Check{Name: "may replace credentials", OK: !strict, Detail: "an incident does, by a hash",
			Remedy: "SET GLOBAL strict_password_validation = OFF: a plugin that judges passwords refuses hashes"},
		provider.Check{Name: "nobody logs in without a name", OK: anonymous == 0, Detail: fmt.Sprintf("%d accounts without a name let anybody in", anonymous),
			Remedy: "DROP USER ''@'host', for each"},
	)
	for i := range checks {
		if checks[i].OK {
			checks[i].Remedy = ""
		}
	}
	return checks, nil
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
