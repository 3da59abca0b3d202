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
			if a.Second { // which the next statement would leave
				if err := c.exec(ctx, "alter user "+a.sql()+" discard old password"); err != nil {
					return access.Receipt{}, err
				}
			}
			none := method{c.plugin(), deadHash(c.plugin(), a.identity, a.id)}
			err := c.exec(ctx, "alter user "+a.sql()+" identified with "+none.identified()+" account lock")
			if err := hashRefused(ctx, c, op, err); err != nil {
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

// hashRefused tells apart why the server did not take a hash.
func hashRefused(ctx context.Context, c *session, op string, cause error) error {
	if n := number(cause); n != 1290 && n != 1396 {
		return cause
	}
	if strict, err := c.refusesHashes(ctx, c); err != nil {
		return err
	} else if !strict {
		return cause
	}
	return refuse(op, errors.New("the server takes no hash, and so the credential was not replaced; what was locked before stays locked"),
		access.Blocker{Object: "credential", Why: "a plugin judges passwords, and strict_password_validation keeps hashes from passing it by",
			Remedy: "SET GLOBAL strict_password_validation = OFF"})
}
