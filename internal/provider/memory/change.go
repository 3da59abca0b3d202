package memory

import (
	"context"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// todo looks at the account (nil when it is not there) and gives the one write
// that is left to do, nil when there is none, or the reason why it is refused. It
// changes nothing itself.
type todo func(*account) (apply func(), err error)

// change is the path of every mutating method: read, check that it is the planned
// account, find out what is left to do, write.
func (s *System) change(ctx context.Context, c Call, next todo) (access.Receipt, error) {
	if err := s.mine(c); err != nil {
		return access.Receipt{}, err
	}
	if err := s.reach(ctx, c); err != nil {
		return access.Receipt{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(c, false, Done)
	fault := s.trouble.fault(c)
	a := s.find(c.Account)
	if err := s.allowed(c, a); err != nil {
		return access.Receipt{}, err
	}
	apply, err := next(a)
	switch {
	case err != nil:
		return access.Receipt{}, err
	case fault != nil && !fault.After:
		s.write(c, true, Failed)
		return access.Receipt{}, fault.of(c)
	case apply == nil && fault != nil:
		return access.Receipt{}, fault.of(c)
	case apply == nil:
		return access.Receipt{Already: true, Words: "nothing to do"}, nil
	case s.trouble.later[c.Op] && c.Op != OpEndSessions && c.Op != OpRestore:
		return s.accept(c, apply), nil
	}
	apply()
	if fault != nil {
		s.write(c, true, Lost)
		return access.Receipt{}, fault.of(c)
	}
	s.write(c, true, Done)
	return access.Receipt{Words: string(c.Op) + ": ok"}, nil
}

// allowed refuses what no step may do to the account, whatever is left to do.
func (s *System) allowed(c Call, a *account) error {
	if a == nil {
		return nil
	}
	if id := c.Account.ForeignID; id != "" && id != a.id && (!c.remakes || id != a.origin) {
		return &provider.Error{Kind: provider.Rejected, Op: c.String(), Err: provider.ErrAnotherAccount}
	}
	if a.Protected != "" {
		return c.refuse("protected: " + a.Protected)
	}
	if b, blocked := s.trouble.blocker(c); blocked {
		return c.refuse("refused", b)
	}
	return nil
}

// accept remembers an order once, however often it is given.
func (s *System) accept(c Call, apply func()) access.Receipt {
	receipt := access.Receipt{Pending: true, Words: string(c.Op) + ": accepted"}
	for _, o := range s.trouble.orders {
		if o.call == c {
			return receipt
		}
	}
	s.write(c, true, Pending)
	s.trouble.orders = append(s.trouble.orders, order{c, apply})
	return receipt
}

// callOf is the call for a step.
func callOf(op Op, step access.Step) Call {
	return Call{Op: op, Account: step.Account, Database: step.Database, Object: step.Object}
}
