package mysql

import (
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Explain is a step as SQL for the server's own client.
func (s *Server) Explain(step access.Step) []string {
	a := who(step.Account)
	switch step.Action {
	case access.Contain:
		out := []string{"ALTER USER " + a.sql() + " ACCOUNT LOCK;"}
		if step.Mode == access.Kill {
			out = append(out, "ALTER USER "+a.sql()+" IDENTIFIED WITH ... AS '...'; -- a hash that no password is known for")
		}
		return append(out, "SELECT CONCAT('KILL CONNECTION ', id, ';') FROM information_schema.PROCESSLIST WHERE user = "+literal(a.User)+"; -- again, until none is left")
	case access.Rotate:
		return []string{"ALTER USER " + a.sql() + " IDENTIFIED WITH ... AS '...'; -- the hash of a new password, beside the ways to log in that need none"}
	case access.Unlink:
		return []string{explainUnlink(step.Object, a)}
	case access.Revoke:
		return []string{"SHOW GRANTS FOR " + a.sql() + ";", "REVOKE ... ON " + quote(step.Database) + ".* FROM " + a.sql() + "; -- and of its tables and routines, each as listed"}
	case access.Reassign:
		return []string{
			"-- each view, routine, trigger and event in " + readable(step.Database) + " that has DEFINER=" + a.String() + ", with the text that SHOW CREATE gives:",
			"ALTER DEFINER=" + identity{step.Successor, a.Host}.sql() + " VIEW ...; CREATE OR REPLACE DEFINER=... PROCEDURE ...; -- and so on",
			"REVOKE ... ON " + quote(step.Database) + ".* FROM " + a.sql() + ";",
		}
	case access.Delete:
		return []string{"DROP USER " + a.sql() + "; -- Sever refuses while anything names it"}
	case access.Confirm:
		return []string{
			"SHOW CREATE USER " + a.sql() + "; SHOW GRANTS FOR " + a.sql() + ";",
			"SELECT * FROM information_schema.PROCESSLIST WHERE user = " + literal(a.User) + ";",
		}
	}
	return nil
}

func explainUnlink(object string, from identity) string {
	kind, name, _ := strings.Cut(object, " ")
	switch {
	case kind == ofRole:
		return "REVOKE " + name + " FROM " + from.sql() + ";"
	case strings.HasPrefix(object, proxyAs+" "), strings.HasPrefix(object, proxiedBy+" "):
		return "REVOKE PROXY ON ... FROM ...; -- " + object
	}
	return "REVOKE ... ON *.* FROM " + from.sql() + "; -- what SHOW GRANTS lists"
}
