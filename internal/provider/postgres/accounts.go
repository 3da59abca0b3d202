package postgres

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Accounts lists the roles of the server, groups too, without their grants.
func (s *Server) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		roles, err := s.roles(ctx)
		if err != nil {
			yield(access.Account{}, s.classified("list "+s.connection, err))
			return
		}
		for _, r := range roles {
			if !yield(s.account(r), nil) {
				return
			}
		}
	}
}

func (s *Server) roles(ctx context.Context) (roles []role, err error) {
	err = s.conns.look(ctx, 0, s.home, func(conn *kept) error {
		rows, err := conn.Query(ctx, everyRole)
		if err != nil {
			return err
		}
		roles, err = pgx.CollectRows(rows, pgx.RowToStructByPos[role])
		return err
	})
	if err != nil {
		return nil, err
	}
	// We are a role ourselves: a list without us is not the list.
	if !slices.ContainsFunc(roles, func(r role) bool { return r.Ours }) {
		return nil, fmt.Errorf("the list of %d roles lacks our own login: it is not whole", len(roles))
	}
	return roles, nil
}

// account is a role without its grants.
func (s *Server) account(r role) access.Account {
	a := access.Account{
		Ref:        access.Ref{Connection: s.connection, Resource: resource, Name: r.Name, ForeignID: r.id()},
		Engine:     engine,
		Contained:  !r.Login,
		Protected:  r.protected(),
		Attributes: map[string]string{},
	}
	for name, set := range map[string]bool{
		"superuser": r.Super, "createrole": r.CreateRole, "createdb": r.CreateDB,
		"replication": r.Replication, "bypassrls": r.BypassRLS, "noinherit": !r.Inherit,
	} {
		if set {
			a.Attributes[name] = "yes"
		}
	}
	if r.ConnLimit >= 0 {
		a.Attributes["connection limit"] = strconv.Itoa(r.ConnLimit)
	}
	// A date in the past stops passwords and no other way in, so it does not contain.
	if r.ValidUntil != nil {
		a.Attributes["valid until"] = *r.ValidUntil
	}
	if r.Comment != nil {
		a.Attributes["comment"] = *r.Comment
	}
	return a
}
