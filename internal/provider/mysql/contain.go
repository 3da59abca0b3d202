package mysql

import (
	"context"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// Contain locks the account. With Kill its credential is then replaced by a hash that no
// password is known for, and all other ways to log in go with it. A server that refuses
// hashes leaves it locked at least, and the refusal says so.
func (s *Server) Contain(ctx context.Context, ref access.Ref, mode access.Mode) (access.Receipt, error) {
	op := op(access.Contain, ref, "")
	return s.act(ctx, op, ref, func(c *session, a account) (access.Receipt, error) {
		_, dead := a.dead()
		if a.Locked && (dead || mode != access.Kill) {
			return access.Receipt{Already: true, Words: "it is locked"}, nil
		}
		words := "ALTER USER: ACCOUNT LOCK"
		if err := c.exec(ctx, "alter user "+a.sql()+" account lock"); err != nil {
			return access.Receipt{}, err
		}
		if mode == access.Kill && !dead {
			words += ", no password fits"
			hash := literal(deadHash(a.identity, a.id))
			if err := c.exec(ctx, "alter user "+a.sql()+" identified via "+native+" using "+hash+" account lock"); number(err) == 1290 {
				return access.Receipt{}, refuse(op, errors.New("it is locked, and its credential lives on"), access.Blocker{Object: "credential",
					Why: s.hide(err.Error()), Remedy: "SET GLOBAL strict_password_validation = OFF"})
			} else if err != nil {
				return access.Receipt{}, err
			}
		}
		t, err := planned(op, ref)
		if err != nil {
			return access.Receipt{}, err
		}
		now, err := s.find(ctx, c, op, t)
		if err != nil {
			return access.Receipt{}, err
		}
		if _, dead := now.dead(); !now.Locked || (mode == access.Kill && !dead) {
			return access.Receipt{}, fmt.Errorf("the server said yes, and %s is not locked", a.identity)
		}
		return access.Receipt{Words: words}, nil
	})
}
