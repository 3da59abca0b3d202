package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/provider"
)

// create undoes Delete: a new role with the recorded attributes, locked and without
// a password. When an earlier call did so and its answer was lost, it says so.
func (r *restoration) create(ctx context.Context, tx pgx.Tx) error {
	_, err := r.target.find(ctx, r.op, tx)
	switch {
	case err == nil:
		r.out.Already, r.out.Words = true, "it was not deleted"
		return nil
	case errors.Is(err, provider.ErrAnotherAccount):
		return r.adopt(ctx, tx, err)
	case !errors.Is(err, errGone):
		return err
	}
	if _, err := tx.Exec(ctx, r.was.Role.create()); err != nil {
		return err
	}
	if c := r.was.Role.Comment; c != nil {
		if _, err := tx.Exec(ctx, "comment on role "+quote(r.was.Role.Name)+" is "+literal(*c)); err != nil {
			return err
		}
	}
	for _, set := range r.was.Settings {
		for _, v := range set.Values {
			sql := set.alter(r.was.Role.Name, v)
			if _, err := r.orMissing(ctx, tx, "setting "+settingName(v), sql); err != nil {
				return err
			}
		}
	}
	now, err := r.named(ctx, tx)
	if err != nil {
		return err
	}
	r.out.ForeignID = now.id()
	r.out.Words = "CREATE ROLE: locked, with oid " + now.id()
	return nil
}

// adopt takes a role of the name for ours when it is as create leaves one: the
// recorded attributes, locked, and nothing anywhere names it.
func (r *restoration) adopt(ctx context.Context, tx pgx.Tx, another error) error {
	now, err := r.named(ctx, tx)
	if err != nil {
		return err
	}
	t := target{ref: r.target.ref, oid: now.OID}
	t.ref.ForeignID = now.id()
	left, err := t.leftovers(ctx, r.op, tx)
	if err != nil {
		return err
	}
	if now.Login || left.any() || now.create() != r.was.Role.create() {
		return another
	}
	r.out.Already, r.out.Words, r.out.ForeignID = true, "it was created anew before", now.id()
	return nil
}

// named is the role that has the name now.
func (r *restoration) named(ctx context.Context, tx pgx.Tx) (role, error) {
	rows, err := tx.Query(ctx, roleByNameOrID, r.was.Role.Name, 0)
	if err != nil {
		return role{}, err
	}
	n, err := readNamesakes(rows, r.target.ref)
	if err != nil {
		return role{}, err
	}
	if n.byName == nil {
		return role{}, errors.New("the role vanished in between")
	}
	return *n.byName, nil
}

// create is the statement that makes the role, unable to log in.
func (r role) create() string {
	sql := "create role " + quote(r.Name) + " nologin"
	for _, a := range []struct {
		set  bool
		word string
	}{
		{r.Super, "superuser"}, {r.CreateRole, "createrole"}, {r.CreateDB, "createdb"},
		{r.Replication, "replication"}, {r.BypassRLS, "bypassrls"}, {!r.Inherit, "noinherit"},
	} {
		if a.set {
			sql += " " + a.word
		}
	}
	if r.ConnLimit != -1 {
		sql += fmt.Sprintf(" connection limit %d", r.ConnLimit)
	}
	if r.ValidUntil != nil {
		sql += " valid until " + literal(*r.ValidUntil)
	}
	return sql
}

// alter is the statement that makes one setting of a role.
func (s setting) alter(role, value string) string {
	name, v, _ := strings.Cut(value, "=")
	sql := "alter role " + quote(role)
	if s.Database != "" {
		sql += " in database " + quote(s.Database)
	}
	return sql + " set " + quoteSetting(name) + " to " + settingValue(name, v)
}

func settingName(value string) string {
	name, _, _ := strings.Cut(value, "=")
	return name
}

// quoteSetting quotes a name that may have one dot: "app"."tenant".
func quoteSetting(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = quote(p)
	}
	return strings.Join(parts, ".")
}

// listSettings hold lists of names. As one literal they would become one name.
var listSettings = map[string]bool{
	"search_path": true, "temp_tablespaces": true, "local_preload_libraries": true,
	"session_preload_libraries": true,
}

func settingValue(name, value string) string {
	if !listSettings[strings.ToLower(name)] {
		return literal(value)
	}
	items := splitNames(value)
	if len(items) == 0 {
		return "''"
	}
	for i, item := range items {
		items[i] = literal(item)
	}
	return strings.Join(items, ", ")
}

// splitNames reads a list as the catalog has it: "$user", public.
func splitNames(list string) []string {
	var out []string
	var item strings.Builder
	quoted := false
	flush := func() {
		if s := strings.TrimSpace(item.String()); s != "" {
			out = append(out, s)
		}
		item.Reset()
	}
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '"' && quoted && i+1 < len(list) && list[i+1] == '"':
			item.WriteByte(c)
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			flush()
		default:
			item.WriteByte(c)
		}
	}
	flush()
	return out
}
