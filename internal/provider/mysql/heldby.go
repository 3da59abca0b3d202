package mysql

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// others finds the privileges, on whatever level, that accounts hold which we may have to
// take away. The server lets nobody revoke what they do not hold themselves. Roles keep
// what they have, and so do accounts that are protected.
func (m mariaDB) others(ctx context.Context, c *session) ([]string, error) {
	all, err := m.listed(ctx, c)
	if err != nil {
		return nil, err
	}
	h := held{privileges: map[string]bool{}, kept: map[identity]bool{}}
	for _, a := range all {
		if a.protected(c.ours, all) != "" {
			h.kept[a.identity] = true
			continue
		}
		if a.Access == 0 || h.privileges["ALL PRIVILEGES"] {
			continue
		}
		global, err := m.everywhere(ctx, c, a)
		if err != nil {
			return nil, err
		}
		for _, r := range global {
			h.add(a.identity, r.Privileges)
		}
	}
	if err := h.onDatabases(ctx, c); err != nil {
		return nil, err
	}
	for _, query := range []string{
		`select distinct User, Host, concat_ws(',', Table_priv, Column_priv) from mysql.tables_priv`,
		`select distinct User, Host, Proc_priv from mysql.procs_priv`,
	} {
		err := c.rows(ctx, func(scan func(...any) error) error {
			var who identity
			var stored string
			err := scan(&who.User, &who.Host, &stored)
			privileges, _ := set(stored)
			h.add(who, privileges)
			return err
		}, query)
		if err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(h.privileges)), nil
}

// held are privileges, but for those of the accounts that are kept.
type held struct {
	privileges map[string]bool
	kept       map[identity]bool
}

func (h held) add(who identity, privileges []string) {
	if who.Host == "" || h.kept[who] {
		return
	}
	for _, p := range privileges {
		h.privileges[p] = true
	}
}

// onDatabases adds what mysql.db says.
func (h held) onDatabases(ctx context.Context, c *session) error {
	return c.records(ctx, func(names, values []string) error {
		var who identity
		var privileges []string
		for i, name := range names {
			switch w := word(name); {
			case name == "User":
				who.User = values[i]
			case name == "Host":
				who.Host = values[i]
			case strings.HasSuffix(name, "_priv") && values[i] == "Y" && w != "GRANT OPTION":
				privileges = append(privileges, w)
			}
		}
		h.add(who, privileges)
		return nil
	}, `select * from mysql.db`)
}
