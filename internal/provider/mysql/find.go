package mysql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Accounts lists the accounts of the server, roles too, without their grants.
func (s *Server) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		var all []account
		var c *session
		err := s.with(ctx, func(open *session) (err error) {
			c = open
			all, err = s.accounts(ctx, c)
			return err
		})
		// We are an account ourselves: a list without us is not the list.
		if err == nil && !slices.ContainsFunc(all, func(a account) bool { return a.identity == c.ours }) {
			err = fmt.Errorf("the list of %d accounts lacks our own login: it is not whole", len(all))
		}
		if err != nil {
			yield(access.Account{}, s.unlisted(err))
			return
		}
		slices.SortFunc(all, func(a, b account) int { return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Host, b.Host)) })
		for _, a := range all {
			if !yield(s.seen(c, a, all), nil) {
				return
			}
		}
	}
}

// unlisted is why there is no list. Without the right to read it nothing works on this
// connection, so that is about our login.
func (s *Server) unlisted(err error) error {
	out := s.classified("list "+s.connection, err)
	if e, ok := errors.AsType[*provider.Error](out); ok && mayNot(err) {
		e.Kind, e.Blockers = provider.Denied, []access.Blocker{{Object: "the grant tables", Why: missingRight, Remedy: mayRead(s.login)}}
	}
	return out
}

func mayRead(login string) string { return fmt.Sprintf("GRANT SELECT ON mysql.* TO %s", quote(login)) }

// target is the account that a step must act on.
type target struct {
	identity
	ref access.Ref
}

// planned reads a step's reference. It refuses what cannot be one account.
func planned(op string, ref access.Ref) (target, error) {
	if err := checkRef(ref); err != nil {
		return target{}, refuse(op, err)
	}
	if len(ref.ForeignID) != idDigits {
		return target{}, refuse(op, fmt.Errorf("%q is not the id of an account; look at the account first", ref.ForeignID))
	}
	return target{who(ref), ref}, nil
}

// namesakes are all accounts of the name, and with them all administrators.
func (s *Server) namesakes(ctx context.Context, c *session, name string) ([]account, error) {
	return s.accounts(ctx, c, name)
}

func (i identity) in(all []account) (account, bool) {
	// Compared here, letter for letter: the server takes a name with a space behind for the same.
	n := slices.IndexFunc(all, func(a account) bool { return a.identity == i })
	if n < 0 {
		return account{}, false
	}
	return all[n], true
}

// find is the account as it is now, if it is the planned one and may be touched.
func (s *Server) find(ctx context.Context, c *session, op string, t target) (account, error) {
	all, err := s.namesakes(ctx, c, t.User)
	if err != nil {
		return account{}, err
	}
	a, there := t.in(all)
	if !there {
		return account{}, errGone
	}
	if why := a.protected(c.ours, all); why != "" {
		return account{}, refuse(op, fmt.Errorf("%s is protected: %s", t.identity, why))
	}
	if a.id != t.ref.ForeignID {
		return a, refuse(op, fmt.Errorf("%w: its credential is not the one of the plan; it was made again, or was given a new password", provider.ErrAnotherAccount))
	}
	return a, nil
}

// act runs fn on the planned account. That it is gone is a success, of a first call or
// of a call whose answer was lost.
func (s *Server) act(ctx context.Context, op string, ref access.Ref, fn func(*session, account) (access.Receipt, error)) (access.Receipt, error) {
	t, err := planned(op, ref)
	if err != nil {
		return access.Receipt{}, err
	}
	var receipt access.Receipt
	err = s.with(ctx, func(c *session) error {
		a, err := s.find(ctx, c, op, t)
		if err != nil {
			return err
		}
		receipt, err = fn(c, a)
		if number(err) == 1396 {
			return s.failed(ctx, c, op, t, err)
		}
		return err
	})
	if errors.Is(err, errGone) {
		return access.Receipt{Already: true, Words: errGone.Error()}, nil
	}
	if err != nil {
		return access.Receipt{}, s.classified(op, err)
	}
	return receipt, nil
}

// failed reads back what error 1396 was about. The server says it of an account that is
// not there, and of much else.
func (s *Server) failed(ctx context.Context, c *session, op string, t target, cause error) error {
	if _, err := s.find(ctx, c, op, t); err != nil {
		return err // gone, or another account, or nobody knows
	}
	return refuse(op, s.scrubbed(cause, "the account is there as planned, and the server does not do it"),
		access.Blocker{Object: "account " + t.String(), Why: s.hide(cause.Error()), Remedy: "run the statement by hand and see SHOW WARNINGS: sever plan prints it"})
}
