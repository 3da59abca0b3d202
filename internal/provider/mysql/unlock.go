package mysql

import (
	"context"
	"fmt"
	"strings"
)

// unlock undoes Contain. Where the credential is dead a new one is made, and it is in
// the result once. It has a new id, which the result tells as well; a repeated call that
// could not know of it finds the mark of newSecret and makes another.
func (r *restoration) unlock(ctx context.Context, c *session) error {
	all, err := r.server.namesakes(ctx, c, r.target.User)
	if err != nil {
		return err
	}
	t := r.target
	if now, there := t.in(all); there && now.id != t.ref.ForeignID && now.marked(t.ref.ForeignID) {
		t.ref.ForeignID = now.id
		r.target = t
		return r.renew(ctx, c, now, r.step.Account.ForeignID)
	}
	now, err := r.find(ctx, c)
	if err != nil {
		return err
	}
	if _, dead := now.dead(); dead {
		return r.renew(ctx, c, now, now.id)
	}
	if !now.Locked || r.was.Locked {
		r.out.Already, r.out.Words = true, "nothing to unlock"
		return nil
	}
	if err := c.exec(ctx, "alter user "+now.sql()+" account unlock"); err != nil {
		return err
	}
	r.out.Words = "ALTER USER: ACCOUNT UNLOCK"
	return nil
}

// renew gives the account a way to log in: those of before that need no secret, and a
// new password in the place of an old one.
func (r *restoration) renew(ctx context.Context, c *session, now account, planned string) error {
	var ways []string
	secret, hash := newSecret(c.plugin(), planned)
	for _, m := range r.was.Methods {
		if !without[m.Plugin] {
			if r.out.Secret != "" {
				continue
			}
			r.out.Secret = secret
			m = method{c.plugin(), hash}
		}
		ways = append(ways, m.identified())
	}
	lock := "unlock"
	if r.was.Locked {
		lock = "lock"
	}
	err := c.exec(ctx, "alter user "+now.sql()+" identified with "+strings.Join(ways, " or ")+" account "+lock)
	if err := hashRefused(ctx, c, r.op, err); err != nil {
		return err
	}
	all, err := r.server.namesakes(ctx, c, now.User)
	if err != nil {
		return err
	}
	after, there := now.in(all)
	if !there || after.contained() != r.was.Locked {
		return fmt.Errorf("the server said yes, and %s is not as it should be", now.identity)
	}
	r.out.ForeignID = after.id
	r.out.Words = "ALTER USER: ACCOUNT " + strings.ToUpper(lock)
	if r.out.Secret != "" {
		r.out.Words += ", new password"
	}
	return nil
}
