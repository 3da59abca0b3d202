package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// Reassign makes step.Successor the definer of what the account defines in one database,
// and then does what Revoke does. Every object is read and weighed before the first is
// touched; when one then fails, those that were handed over are taken back.
func (s *Server) Reassign(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Reassign, step.Account, step.Database)
	if err := checkName("database", step.Database); err != nil {
		return access.Receipt{}, refuse(op, err)
	}
	if err := checkName("successor", step.Successor); err != nil {
		return access.Receipt{}, refuse(op, err)
	}
	return s.act(ctx, op, step.Account, func(c *session, a account) (access.Receipt, error) {
		to, err := s.successor(ctx, c, a, step.Successor)
		if err != nil {
			return access.Receipt{}, err
		}
		if to.refused != nil {
			return access.Receipt{}, refuse(op, to.refused)
		}
		defined, err := objects(ctx, c, a.identity, step.Database)
		if err != nil {
			return access.Receipt{}, err
		}
		if err := handOver(ctx, c, op, defined, a.identity, to.identity); err != nil {
			return access.Receipt{}, err
		}
		receipt, err := s.takeAway(ctx, c, op, a, in(step.Database))
		if err != nil || len(defined) == 0 {
			return receipt, err
		}
		if receipt.Already {
			receipt = access.Receipt{}
		}
		names := make([]string, len(defined))
		for i, o := range defined {
			names[i] = o.words()
		}
		receipt.Words = strings.TrimPrefix(receipt.Words+fmt.Sprintf("; DEFINER=%s: %s", to.identity, strings.Join(names, ", ")), "; ")
		return receipt, nil
	})
}

// heir is the account that a successor's name stands for, or why there is none.
type heir struct {
	identity
	refused error
}

// successor finds name@host, or a name: of the only account that has it, or of the one
// with the leaver's host.
func (s *Server) successor(ctx context.Context, c *session, from account, name string) (heir, error) {
	no := func(format string, args ...any) (heir, error) { return heir{refused: fmt.Errorf(format, args...)}, nil }
	whole := splitAccount(name)
	all, err := s.accounts(ctx, c, name, whole.User)
	if err != nil {
		return heir{}, err
	}
	var found []account
	for _, a := range all {
		if a.User == name || a.identity == whole {
			found = append(found, a)
		}
	}
	if len(found) > 1 {
		if a, same := (identity{name, from.Host}).in(found); same {
			found = []account{a}
		}
	}
	switch {
	case len(found) == 0:
		return no("the successor %s does not exist", readable(name))
	case len(found) > 1:
		return no("there are %d accounts of the name %s: name the successor with its host, as name@host", len(found), readable(name))
	}
	switch to := found[0]; {
	case to.identity == from.identity:
		return no("the successor is the account itself")
	case to.Role || to.User == "":
		return no("the successor %s is no account", to.identity)
	case servants[to.User] != "":
		return no("the successor %s is %s", to.identity, servants[to.User])
	// What the leaver wrote runs with the rights of its definer.
	case to.Access&(superUser|grantOption) != 0 && from.Access&(superUser|grantOption) == 0:
		return no("the successor %s is an administrator, and what the leaver wrote would run with all rights: name one that is not", to.identity)
	default:
		return heir{identity: to.identity}, nil
	}
}

var errNotBack = errors.New("and not all that was handed over could be taken back")
