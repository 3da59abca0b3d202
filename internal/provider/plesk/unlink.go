package plesk

import (
	"context"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// Unlink makes another user the default one of step.Database: the oldest other user
// of it. Nobody else is touched, and the account itself is not either.
func (p *Panel) Unlink(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Unlink, step.Account) + " from " + short(step.Database)
	if step.Account.Name != "" && (step.Object != defaultUser || step.Database == "") {
		return access.Receipt{}, refuse(op, errors.New("the step names no link of Plesk's"))
	}
	u, there, err := p.find(ctx, op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	if !there {
		return already, nil
	}
	if err := p.keeps(ctx, op, u); err != nil {
		return access.Receipt{}, err
	}
	db, still, err := p.defaultOf(ctx, op, u.ID, step.Database)
	if err != nil {
		return access.Receipt{}, err
	}
	if !still {
		return access.Receipt{Already: true, Words: "it is not the default user"}, nil
	}
	heir, err := p.heir(ctx, op, db, u)
	if err != nil {
		return access.Receipt{}, err
	}
	if err := p.makeDefault(ctx, op, db, heir); err != nil {
		return access.Receipt{}, err
	}
	return access.Receipt{Words: fmt.Sprintf("default user of %s is now %s (id %d)", short(db.Name), short(heir.Login), heir.ID)}, nil
}

// defaultOf is the database of that name whose default user it is now. A name can
// be there on several database servers; the user is the default one of one of them.
func (p *Panel) defaultOf(ctx context.Context, op string, id userID, name string) (database, bool, error) {
	dbs, err := p.api.databases(ctx)
	if err != nil {
		return database{}, false, classified(op, err)
	}
	var found []database
	for _, db := range p.seen(dbs, nil).defaults(id) {
		if db.Name == name {
			found = append(found, db)
		}
	}
	switch len(found) {
	case 0:
		return database{}, false, nil
	case 1:
		return found[0], true, nil
	}
	return database{}, false, refuse(op, fmt.Errorf("it is the default user of %d databases of that name", len(found)))
}

// heir is who takes over, as the database has it now.
func (p *Panel) heir(ctx context.Context, op string, db database, leaving user) (user, error) {
	users, err := p.api.usersOf(ctx, db.ID)
	if err != nil {
		return user{}, classified(op, vanished(err))
	}
	heir, ok := p.seen(nil, users).heir(db.ID, leaving.ID)
	if !ok {
		return user{}, refuse(op, errors.New("nobody can take over"), access.Blocker{
			Object: "database " + db.Name, Why: "it has no other user that could be its default one",
			Remedy: "make another user of it in the panel, then retry",
		})
	}
	return heir, nil
}

// makeDefault sends the change, and reads whether it holds.
func (p *Panel) makeDefault(ctx context.Context, op string, db database, u user) error {
	if err := p.api.setDefault(ctx, db.ID, u.ID); err != nil {
		return classified(op, err)
	}
	dbs, err := p.api.databases(ctx)
	if err != nil {
		return classified(op, err)
	}
	if now, ok := p.seen(dbs, nil).database(db.ID); !ok || now.Default != u.ID {
		return classified(op, errors.New("the answer was ok, and the default user is another one"))
	}
	return nil
}
