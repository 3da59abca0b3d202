package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// object is a view, a routine, a trigger or an event that runs with the rights of its
// definer.
type object struct {
	Kind     string `json:"kind,omitempty"` // view, function, procedure, package, package body, trigger, event
	Database string `json:"database,omitempty"`
	Name     string `json:"name,omitempty"`
	Mode     string `json:"mode,omitempty"`     // the sql_mode that its text is read in
	Client   string `json:"client,omitempty"`   // the character set that its text came in
	Order    string `json:"order,omitempty"`    // of a trigger: what it shares with those that run beside it
	Security string `json:"security,omitempty"` // DEFINER, or INVOKER, who then needs the rights
	Status   string `json:"status,omitempty"`   // of an event
	Fixed    bool   `json:"fixed,omitempty"`    // the server has no statement that changes its definer
}

func (o object) words() string { return o.Kind + " " + readable(o.Name) }
func (o object) sql() string   { return quote(o.Database) + "." + quote(o.Name) }

func (o object) grant() access.Grant {
	return access.Grant{Kind: access.Ownership, Database: o.Database, Object: o.words(), Privilege: "DEFINER",
		Extent: access.ExtentDatabase, EndedBy: access.Reassign}
}

func (o object) blocker(definer identity, why string) access.Blocker {
	return access.Blocker{Object: o.words() + " in database " + readable(o.Database), Why: why, Remedy: o.byHand(definer)}
}

// byHand is what a person would run to give the object another definer.
func (o object) byHand(definer identity) string {
	show := "SHOW CREATE " + strings.ToUpper(o.Kind) + " " + o.sql()
	switch o.Kind {
	case "view":
		return show + "; then ALTER DEFINER=... VIEW with the same text, in place of " + definer.sql()
	case "event":
		return "ALTER DEFINER=... EVENT " + o.sql() + " with the status that it has"
	}
	if o.Fixed {
		return show + "; then DROP it and CREATE DEFINER=... in place of " + definer.sql() + ", with its sql_mode and character set; and GRANT again what " +
			"mysql.procs_priv has on it"
	}
	return show + "; then the same with CREATE OR REPLACE DEFINER=... in place of " + definer.sql() + ", with its sql_mode and character set"
}

// objects are what the account defines, in one database or in all of them.
func objects(ctx context.Context, c *session, definer identity, database string) ([]object, error) {
	var out []object
	name := definer.User + "@" + definer.Host
	for _, d := range c.objects() {
		query, args := d.read, []any{name}
		if database != "" {
			query, args = query+" and "+d.database+" = ?", append(args, database)
		}
		err := c.rows(ctx, func(scan func(...any) error) error {
			var o object
			var is string
			if err := scan(&is, &o.Kind, &o.Database, &o.Name, &o.Mode, &o.Client, &o.Order, &o.Security, &o.Status); err != nil {
				return err
			}
			o.Fixed = c.fixed(o.Kind)
			if is == name {
				out = append(out, o)
			}
			return nil
		}, query, args...)
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b object) int {
		return strings.Compare(a.Database+"\x00"+a.Kind+"\x00"+a.Name, b.Database+"\x00"+b.Kind+"\x00"+b.Name)
	})
	return out, nil
}

// sight is what our own login may do on all databases, and so how far we see.
type sight struct {
	privileges, except []string
	grants             bool // what we have, to others
}

func ownSight(ctx context.Context, c *session) (sight, error) {
	var s sight
	err := c.rows(ctx, func(scan func(...any) error) error {
		var line string
		err := scan(&line)
		s.read(line)
		return err
	}, `show grants`)
	if slices.Contains(s.privileges, "SUPER") {
		s.privileges = append(s.privileges, c.super()...)
	}
	if slices.Contains(s.privileges, "SET_ANY_DEFINER") { // as MySQL calls it since 8.2
		s.privileges = append(s.privileges, "SET_USER_ID")
	}
	return s, err
}

// read understands one line of SHOW GRANTS. MySQL tells there, too, what we may not do
// in one database; that privilege then counts as missing.
func (s *sight) read(line string) {
	if list, ok := strings.CutPrefix(line, "REVOKE "); ok {
		list, _, _ = strings.Cut(list, " ON ")
		s.except = append(s.except, names(list)...)
		return
	}
	list, to, ok := strings.Cut(line, " ON *.* TO ")
	list, privileges := strings.CutPrefix(list, "GRANT ")
	if ok && privileges && !strings.Contains(list, "`") {
		s.privileges = append(s.privileges, names(list)...)
		s.grants = s.grants || strings.HasSuffix(to, " WITH GRANT OPTION")
	}
}

// names cuts a list of privileges, with or without spaces.
func names(list string) []string {
	out := strings.Split(list, ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

func (s sight) has(privilege string) bool {
	return !slices.Contains(s.except, privilege) && (slices.Contains(s.privileges, privilege) || slices.Contains(s.privileges, "ALL PRIVILEGES"))
}

// missing are those of the wanted privileges that we lack.
func (s sight) missing(wanted ...string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), s.has)
}

// gaps are what we cannot see for lack of a right.
func (s sight) gaps(c *session, login string) []access.Gap {
	var out []access.Gap
	if lacking := s.missing(c.seeing()...); len(lacking) > 0 {
		out = append(out, access.Gap{Object: "definers", Why: "our login lacks " + strings.Join(lacking, ", ") + ", without which the server hides some",
			Remedy: grantTo(login, lacking...)})
	}
	if !s.has("PROCESS") {
		out = append(out, access.Gap{Object: "sessions", Why: "our login lacks PROCESS, without which the server shows it its own sessions only",
			Remedy: grantTo(login, "PROCESS")})
	}
	return out
}

func grantTo(login string, privileges ...string) string {
	return fmt.Sprintf("GRANT %s ON *.* TO %s", strings.Join(privileges, ", "), quote(login))
}
