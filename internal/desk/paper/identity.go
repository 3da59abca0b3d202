package paper

import (
	"context"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// IdentityList is who has which account, and how that is known.
type IdentityList struct {
	Identities []access.Identity `json:"identities"`
	Next       string            `json:"next,omitempty"`
}

// Identities lists links: those on record, and those that naming rules generate.
func Identities(ctx context.Context, s *store.Store, conns *catalog.Connections, f store.IdentityFilter, p store.Page) (IdentityList, error) {
	found, err := s.ListIdentities(ctx, f, p)
	if err != nil {
		return IdentityList{}, err
	}
	more, err := generated(ctx, s, conns, f, p, found)
	if err != nil {
		return IdentityList{}, err
	}
	return IdentityList{Identities: slices.Concat([]access.Identity{}, found, more)}, nil
}

// generated are the links by the naming rules of the connections that are configured
// here. They are on no record: a discovery generates them anew. All of them would be a
// long list, so they are shown for one principal or one connection, on a list without
// pages; a link that is on record stands there with its stronger evidence.
func generated(ctx context.Context, s *store.Store, conns *catalog.Connections, f store.IdentityFilter, p store.Page, have []access.Identity) ([]access.Identity, error) {
	if f.Principal == "" && f.Connection == "" || p != (store.Page{}) {
		return nil, nil
	}
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
