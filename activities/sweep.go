package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
)

// SweepInput names one connection of one run of a sweep.
type SweepInput struct {
	Sweep      int64  `json:"sweep"`
	Run        int    `json:"run"`
	Connection string `json:"connection"`
}

// Listed says what was seen of one connection.
type Listed struct {
	Accounts int64 `json:"accounts"`
	Spared   int64 `json:"spared,omitempty"` // protected ones
	// Looks is how many accounts have to be looked at one by one before the connection
	// is done; they are noted in the records.
	Looks int `json:"looks,omitempty"`
}

// sweepPage is how many accounts are judged and written at a time. Memory holds one
// page, however many accounts a system has.
const sweepPage = 1000

// SweepConnection goes through the whole list of one connection, judges it page by page,
// and writes what it finds. A rule that needs more than the list has its accounts noted
// to be looked at. A repeated attempt begins at the beginning, for a list that was cut
// short has no place to go on from, and finds the same again.
//
// Its work on the system is one listing, like the discovery of a case.
func (a *Access) SweepConnection(ctx context.Context, in SweepInput) (Listed, error) {
	out, err := a.sweepConnection(ctx, in)
	return out, asTemporal(ctx, err)
}

func (a *Access) sweepConnection(ctx context.Context, in SweepInput) (Listed, error) {
	conn, err := a.connections.For(in.Connection)
	if err != nil {
		return Listed{}, fmt.Errorf("%w: %w", errBadInput, err)
	}
	l, err := a.newListing(ctx, conn, in)
	if err != nil {
		return Listed{}, err
	}
	page := make([]access.Account, 0, sweepPage)
	for acct, err := range conn.Provider.Accounts(ctx) {
		if err != nil {
			return Listed{}, fmt.Errorf("list the accounts of %s: %w", in.Connection, err)
		}
		if page = append(page, acct); len(page) == sweepPage {
			if err := l.page(ctx, page); err != nil {
				return Listed{}, err
			}
			page = page[:0]
		}
	}
	if err := l.page(ctx, page); err != nil {
		return Listed{}, err
	}
	return l.done, l.end(ctx)
}

// listing is one attempt at one connection.
type listing struct {
	SweepInput
	*Access
	scene    sweep.Scene
	rejected []plan.Rejection
	met      *sweep.Met // of a rule about links
	done     Listed
}

func (a *Access) newListing(ctx context.Context, conn *catalog.Connection, in SweepInput) (*listing, error) {
	l := &listing{SweepInput: in, Access: a}
	s, err := a.store.Sweep(ctx, in.Sweep)
	if err != nil {
		return nil, err
	}
	l.scene = sceneOf(s, conn)
	if l.scene.Names, err = a.names.of(ctx, a.store, conn); err != nil {
		return nil, err
	}
	if s.Rule.Kind == sweep.Orphans {
		l.met = sweep.NewMet()
	}
	no, err := a.store.Questions(ctx, store.QuestionFilter{Connection: conn.Name, Decision: store.SaidNo})
	for _, q := range no {
		l.rejected = append(l.rejected, plan.Rejection{Principal: q.Principal, Account: q.Ref, Rule: q.Rule})
	}
	return l, err
}

func sceneOf(s store.Sweep, conn *catalog.Connection) sweep.Scene {
	return sweep.Scene{Rule: s.Rule, Connection: conn.Name, Hosts: conn.Spec.Hosts, LooseIDs: conn.Spec.LooseIDs, Protected: conn.Protected, Now: time.Now()}
}

// page judges some accounts and writes what was found of them.
func (l *listing) page(ctx context.Context, accounts []access.Account) error {
	if err := stopping(ctx); err != nil || len(accounts) == 0 {
		return err
	}
	l.done.Accounts += int64(len(accounts))
	for _, a := range accounts {
		if l.scene.Spared(a) != "" {
			l.done.Spared++
		}
		if l.met != nil {
			l.met.Add(a.Ref)
		}
	}
	if l.met != nil {
		return nil // links are judged at the end
	}
	known, owners, err := l.known(ctx, accounts)
	if err != nil {
		return err
	}
	if l.scene.Rule.Looks() {
		return l.note(ctx, accounts, owners)
	}
	found := l.scene.Judge(accounts, known)
	if len(found) == 0 {
		return nil
	}
	return l.store.Do(ctx, func(tx *store.Tx) error { return tx.Find(ctx, l.Sweep, l.Run, found) })
}

// known reads what the records say about the accounts of a page and whose they are.
func (l *listing) known(ctx context.Context, accounts []access.Account) (sweep.Known, [][]access.PrincipalID, error) {
	names := make([]string, len(accounts))
	for i, a := range accounts {
		names[i] = a.Name
	}
	known := sweep.Known{Rejected: l.rejected}
	var err error
	if known.Links, err = l.store.Claims(ctx, l.Connection, names); err != nil {
		return known, nil, err
	}
	owners := l.scene.Owners(known, accounts)
	if l.scene.Rule.Kind != sweep.Left {
		return known, owners, nil
	}
	if !l.scene.LooseIDs {
		if known.Ties, err = l.store.TiesAmong(ctx, l.Connection, names); err != nil {
			return known, nil, err
		}
	}
	seen := map[access.PrincipalID]bool{}
	var people []access.PrincipalID
	for _, of := range owners {
		for _, who := range of {
			if !seen[who] {
				seen[who] = true
				people = append(people, who)
			}
		}
	}
	known.People, err = l.store.PeopleAmong(ctx, people)
	return known, owners, err
}

// note writes down which accounts have to be looked at.
func (l *listing) note(ctx context.Context, accounts []access.Account, owners [][]access.PrincipalID) error {
	looks := make([]store.SweepLook, len(accounts))
	for i, a := range accounts {
		looks[i] = store.SweepLook{Ref: a.Ref, Owners: owners[i]}
	}
	from := l.done.Looks
	l.done.Looks += len(looks)
	return l.store.Do(ctx, func(tx *store.Tx) error { return tx.PlanLooks(ctx, l.Sweep, l.Run, l.Connection, from, looks) })
}

// end judges the links, when the rule is about them, and notes that the connection was
// listed to its end. With accounts to look at that is for later.
func (l *listing) end(ctx context.Context) error {
	if err := l.orphans(ctx); err != nil || l.done.Looks > 0 {
		return err
	}
	return l.store.Do(ctx, func(tx *store.Tx) error {
		return tx.EndSweepLane(ctx, l.Sweep, l.Run, store.SweepLane{Connection: l.Connection, State: store.LaneListed, Accounts: l.done.Accounts, Spared: l.done.Spared})
	})
}

func (l *listing) orphans(ctx context.Context) error {
	if l.met == nil {
		return nil
	}
	for after := (access.Identity{}); ; {
		links, err := l.store.IdentitiesAfter(ctx, l.Connection, after, sweepPage)
		if err != nil || len(links) == 0 {
			return err
		}
		after = links[len(links)-1]
		if found := l.scene.Orphaned(links, l.met); len(found) > 0 {
			if err := l.store.Do(ctx, func(tx *store.Tx) error { return tx.Find(ctx, l.Sweep, l.Run, found) }); err != nil {
				return err
			}
		}
		if err := stopping(ctx); err != nil {
			return err
		}
	}
}
