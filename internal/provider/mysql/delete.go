package mysql

import (
	"context"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// Delete drops the account when nothing names it any more. DROP USER would drop its
// privileges with it and leave what it defines without a definer, so both are refused
// here, by name.
func (s *Server) Delete(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Delete, step.Account, "")
	return s.act(ctx, op, step.Account, func(c *session, a account) (access.Receipt, error) {
		own, err := ownSight(ctx, c)
		if err != nil {
			return access.Receipt{}, err
		}
		if lacking := own.missing(c.seeing()...); len(lacking) > 0 {
			return access.Receipt{}, refuse(op, errors.New("what it defines cannot be seen whole, and would break"),
				access.Blocker{Object: "views and triggers", Why: "our login lacks privileges", Remedy: grantTo(s.login, lacking...)})
		}
		rights, err := s.rights(ctx, c, a, true)
		if err != nil {
			return access.Receipt{}, err
		}
		defined, err := objects(ctx, c, a.identity, "")
		if err != nil {
			return access.Receipt{}, err
		}
		if n := len(rights) + len(defined); n > 0 {
			left := blockers(defined, func(o object) access.Blocker { return o.blocker(a.identity, "would be left without its definer") })
			left = append(left, blockers(rights, func(r right) access.Blocker { return r.blocker(a.identity) })...)
			return access.Receipt{}, refuse(op, fmt.Errorf("%d entries still name it", n), left...)
		}
		if err := c.exec(ctx, "drop user "+a.sql()); err != nil {
			return access.Receipt{}, err
		}
		all, err := s.namesakes(ctx, c, a.User)
		if err != nil {
			return access.Receipt{}, err
		}
		if now, there := a.in(all); there && now.id == a.id {
			return access.Receipt{}, fmt.Errorf("the server said yes, and %s is still there", a.identity)
		}
		return access.Receipt{Words: "DROP USER"}, nil
	})
}
