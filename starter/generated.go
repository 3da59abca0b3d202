package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// generated are the links by the naming rules of the connections that are configured
// here. They are on no record: a discovery generates them anew. All of them would be a
// long list, so they are shown for one principal or one connection, on a list without
// pages; a link that is on record stands there with its stronger evidence.
func (a *app) generated(ctx context.Context, s *store.Store, f store.IdentityFilter, p store.Page, have []access.Identity) ([]access.Identity, error) {
	if f.Principal == "" && f.Connection == "" || p != (store.Page{}) {
		return nil, nil
	}
	conns, err := a.connections()
	if err != nil || conns == nil {
		return nil, err
	}
	defer conns.Close()
	if !desk.HasRules(conns) {
		return nil, nil
	}
	people, err := s.People(ctx)
	if err != nil {
		return nil, err
	}
	var out []access.Identity
	for _, conn := range conns.All() {
		if f.Connection != "" && f.Connection != conn.Name {
			continue
		}
		for _, who := range people {
			if f.Principal == "" || f.Principal == who.ID {
				out = append(out, desk.ByRule(conn, plan.Profile{Principal: who.Principal, Attributes: who.Attributes})...)
			}
		}
	}
	return slices.DeleteFunc(out, func(id access.Identity) bool {
		return f.Account != "" && f.Account != id.Account || slices.ContainsFunc(have, func(h access.Identity) bool { return sameLink(h, id) })
	}), nil
}

func sameLink(a, b access.Identity) bool {
	return a.Principal == b.Principal && a.Connection == b.Connection && a.Account == b.Account && a.Host == b.Host
}

// notHers says who rejected an account that a link leads to.
func notHers(id access.Identity, no []store.Question) string {
	for _, q := range no {
		if q.Principal == id.Principal && q.Connection == id.Connection && q.Name == id.Account && q.Host == id.Host {
			return printable(fmt.Sprintf("; an account of that name is not theirs, said %s", q.By))
		}
	}
	return ""
}
