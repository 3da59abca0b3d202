package memory

import (
	"context"

	"github.com/severhq/sever/internal/access"
)

// Contain locks the account; with mode Kill its password dies too. Sessions stay
// alive.
func (s *System) Contain(ctx context.Context, ref access.Ref, mode access.Mode) (access.Receipt, error) {
	return s.change(ctx, Call{Op: OpContain, Account: ref}, func(a *account) (func(), error) {
		if a == nil || a.Locked && (mode != access.Kill || a.dead) {
			return nil, nil
		}
		return func() {
			a.Locked = true
			if mode == access.Kill {
				a.Password, a.dead = "", true
			}
		}, nil
	})
}

// EndSessions ends what the account started, also when the account itself is gone
// by now, and then counts. Clients that reconnect are back before the count
// unless the account is contained.
func (s *System) EndSessions(ctx context.Context, ref access.Ref) (int, error) {
	alive := 0
	_, err := s.change(ctx, Call{Op: OpEndSessions, Account: ref}, func(a *account) (func(), error) {
		if s.alive(ref) == 0 {
			return nil, nil
		}
		return func() {
			for _, r := range s.remainsOf(ref) {
				r.sessions = 0
			}
			switch {
			case a == nil:
			case a.Stubborn > 0:
				a.Stubborn--
			case a.Locked || a.dead:
				a.Sessions = 0
			default:
				a.Sessions = a.clients
			}
			alive = s.alive(ref)
		}, nil
	})
	if err != nil {
		return 0, err
	}
	return alive, nil
}
