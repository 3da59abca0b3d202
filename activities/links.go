package activities

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
)

// links reads all that is known about whose the accounts of a connection are.
func (a *Access) links(ctx context.Context, conn *catalog.Connection, who access.PrincipalID, listed []access.Account, known []store.CaseAccount) (plan.Links, error) {
	l := plan.Links{Who: who, Connection: conn.Name, Rules: conn.Names, Hosts: conn.Spec.Hosts, Listed: listed}
	for _, k := range known {
		l.Known = append(l.Known, plan.KnownAccount{Ref: k.Ref, Evidence: k.Evidence, SharedWith: k.SharedWith, Seen: k.Before.Name != ""})
	}
	person, err := a.store.Person(ctx, who)
	if err != nil {
		return l, err
	}
	l.Profile = plan.Profile{Principal: person.Principal, Attributes: person.Attributes}
	if l.Others, err = a.names.of(ctx, a.store, conn); err != nil {
		return l, err
	}
	if l.Claims, err = a.claims(ctx, l); err != nil {
		return l, err
	}
	if !conn.Spec.LooseIDs {
		if l.Ties, err = a.store.Ties(ctx, who, conn.Name); err != nil {
			return l, err
		}
	}
	no, err := a.store.Questions(ctx, store.QuestionFilter{Connection: conn.Name, Decision: store.SaidNo})
	for _, q := range no {
		l.Rejected = append(l.Rejected, plan.Rejection{Principal: q.Principal, Account: q.Ref, Rule: q.Rule})
	}
	return l, err
}

// claims are the identities of anybody that name an account which may be hers.
func (a *Access) claims(ctx context.Context, l plan.Links) ([]access.Identity, error) {
	mine, err := a.store.IdentitiesOf(ctx, l.Who, l.Connection)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, id := range mine {
		names = append(names, id.Account)
	}
	for _, r := range l.Rules {
		if name, missing, err := r.Name(l.Profile); err == nil && len(missing) == 0 {
			names = append(names, name)
			if at := strings.LastIndex(name, "@"); at > 0 {
				names = append(names, name[:at])
			}
		}
	}
	for _, a := range l.Listed {
		if slices.ContainsFunc(names, func(n string) bool { return n != a.Name && strings.EqualFold(n, a.Name) }) {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return a.store.Claims(ctx, l.Connection, slices.Compact(names))
}

// nameBook keeps, for each connection, who has which name by its rules. It is made anew
// when anything about a principal has changed.
type nameBook struct {
	mu     sync.Mutex
	byConn map[string]nameIndex
}

type nameIndex struct {
	version string
	names   plan.NameIndex
}

func (b *nameBook) of(ctx context.Context, s *store.Store, conn *catalog.Connection) (plan.NameIndex, error) {
	if len(conn.Names) == 0 {
		return nil, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	// The version is read first: what changes between the two reads is in the index and
	// makes it anew the next time.
	version, err := s.PeopleVersion(ctx)
	if err != nil {
		return nil, err
	}
	if have, ok := b.byConn[conn.Name]; ok && have.version == version {
		return have.names, nil
	}
	everybody, err := s.People(ctx)
	if err != nil {
		return nil, err
	}
	people := make([]plan.Profile, len(everybody))
	for i, p := range everybody {
		people[i] = plan.Profile{Principal: p.Principal, Attributes: p.Attributes}
	}
	if b.byConn == nil {
		b.byConn = map[string]nameIndex{}
	}
	b.byConn[conn.Name] = nameIndex{version, plan.IndexNames(conn.Names, people)}
	return b.byConn[conn.Name].names, nil
}
