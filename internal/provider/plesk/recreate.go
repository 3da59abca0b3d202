package plesk

import (
	"context"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// recreate makes the user anew where it was, with a password that nobody knows.
func (p *Panel) recreate(ctx context.Context, op string, before access.Account, ref access.Ref) (provider.Restored, error) {
	was, err := readSnapshot(before.Snapshot)
	if err != nil {
		return provider.Restored{}, refuse(op, err)
	}
	if was.Login != ref.Name {
		return provider.Restored{}, refuse(op, errors.New("the record is of another account"))
	}
	u, there, err := p.find(ctx, op, ref)
	if errors.Is(err, provider.ErrAnotherAccount) {
		return p.adopt(ctx, op, was, ref, err)
	}
	if err != nil {
		return provider.Restored{}, err
	}
	if there {
		out := provider.Restored{}
		out.Already, out.Words = true, "it was not deleted"
		if _, made := p.madeFor(ref); made { // under the id that was free again
			out.Missing, err = p.lost(ctx, op, was, u.ID)
		}
		return out, err
	}
	n, err := p.again(ctx, op, was)
	if err != nil {
		return provider.Restored{}, err
	}
	return p.produce(ctx, op, was, ref, n)
}

// again is the user to be made, if the place where it was is still there.
func (p *Panel) again(ctx context.Context, op string, was snapshot) (newUser, error) {
	dbs, err := p.api.databases(ctx)
	if err != nil {
		return newUser{}, classified(op, err)
	}
	n := newUser{Login: was.Login, Password: newPassword(), Database: was.Database}
	if p.api.showsRights() {
		n.Hosts, n.Addresses = was.Hosts, was.Addresses
	}
	if was.Universal {
		if was.Subscription == 0 || was.Server == 0 {
			return newUser{}, refuse(op, errors.New("to which subscription this universal user belonged was never shown"), access.Blocker{
				Object: "database user " + was.Login, Why: "its subscription is not known", Remedy: "make it in the panel",
			})
		}
		n.Subscription, n.Server = was.Subscription, was.Server
		return n, nil
	}
	if db, ok := p.seen(dbs, nil).database(was.Database); !ok || db.Name != was.Name {
		return newUser{}, refuse(op, fmt.Errorf("its database %s is not there any more", short(was.Name)))
	}
	return n, nil
}

// produce sends the request, and reads what was made. What was begun is remembered
// before: the answer may be lost, and the user be there.
func (p *Panel) produce(ctx context.Context, op string, was snapshot, ref access.Ref, n newUser) (provider.Restored, error) {
	p.remember(ref, 0)
	id, err := p.api.addUser(ctx, n)
	if err != nil {
		err = classified(op, err)
		if provider.KindOf(err) == provider.Rejected {
			p.forget(ref) // it was not made, and who has the login next is a stranger
		}
		return provider.Restored{}, err
	}
	p.remember(ref, id)
	u, there, err := p.api.user(ctx, id)
	switch {
	case err != nil:
		return provider.Restored{}, classified(op, err)
	case !there || u.Login != n.Login:
		return provider.Restored{}, classified(op, fmt.Errorf("user %d was made, so the answer said, and is not shown", id))
	}
	out := provider.Restored{ForeignID: id.String()}
	out.Words = "made anew as user " + id.String() + ", with a password that nobody knows"
	out.Missing, err = p.lost(ctx, op, was, id)
	return out, err
}

// adopt takes a user of the login for ours when this process has asked for it to be
// made in place of the planned one, and nobody else of the login is there. In Plesk
// nothing tells it from a user that somebody else has made, so after a restart of
// the process it is refused, and a person decides.
func (p *Panel) adopt(ctx context.Context, op string, was snapshot, ref access.Ref, another error) (provider.Restored, error) {
	id, made := p.madeFor(ref)
	if !made {
		return provider.Restored{}, another
	}
	v, err := p.view(ctx)
	if err != nil {
		return provider.Restored{}, classified(op, err)
	}
	found := v.named(ref)
	if len(found) != 1 || found[0].Database != was.Database || id != 0 && found[0].ID != id {
		return provider.Restored{}, another
	}
	p.remember(ref, found[0].ID)
	out := provider.Restored{ForeignID: found[0].ID.String()}
	out.Already, out.Words = true, "it was made anew before"
	out.Missing, err = p.lost(ctx, op, was, found[0].ID)
	return out, err
}

// lost is what a user made anew does not have back: what was never shown, and the
// databases that have another default user by now.
func (p *Panel) lost(ctx context.Context, op string, was snapshot, id userID) ([]access.Gap, error) {
	out := []access.Gap{{
		Object: "role", Why: "Plesk does not show the role of a user; the new one has the default", Remedy: "compare it in the panel",
	}}
	if !p.api.showsRights() {
		out = append(out, access.Gap{
			Object: "hosts and addresses", Why: "REST does not show from where a user may connect", Remedy: "set them in the panel",
		})
	}
	if len(was.Alone) == 0 {
		return out, nil
	}
	dbs, err := p.api.databases(ctx)
	if err != nil {
		return nil, classified(op, err)
	}
	for _, of := range was.Alone {
		db, there := p.seen(dbs, nil).database(of)
		if there && db.Default == 0 && p.api.setsDefault() {
			if err := p.makeDefault(ctx, op, db, user{ID: id}); err != nil {
				return nil, err
			}
			db.Default = id
		}
		if db.Default != id {
			out = append(out, access.Gap{
				Object: "default user of database " + of.String(), Why: "another one is it now, or nobody could be made it", Remedy: "set it in the panel",
			})
		}
	}
	return out, nil
}

// madeFor is the user that was made in place of the one that ref names; zero when
// the answer with its id was lost.
func (p *Panel) madeFor(ref access.Ref) (userID, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.made[placeOf(ref)]
	return id, ok
}

func (p *Panel) remember(ref access.Ref, id userID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made[placeOf(ref)] = id
}

func (p *Panel) forget(ref access.Ref) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.made, placeOf(ref))
}

// place is an account by all that its reference says.
type place struct{ resource, name, id string }

func placeOf(ref access.Ref) place { return place{ref.Resource, ref.Name, ref.ForeignID} }
