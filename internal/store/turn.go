package store

import "context"

// turn is the queue of one lane within this process.
type turn struct {
	token chan struct{} // holds one token: the turn
	users int           // who hold the turn or wait for it
}

// takeTurn waits until it is the caller's turn for the key, and returns what gives
// the turn back. When patience ends first the lane is busy, when ctx does the
// caller has gone.
func (s *Store) takeTurn(patience, ctx context.Context, key string) (func(), error) {
	s.mu.Lock()
	t, ok := s.turns[key]
	if !ok {
		t = &turn{token: make(chan struct{}, 1)}
		t.token <- struct{}{}
		s.turns[key] = t
	}
	t.users++
	s.mu.Unlock()

	leave := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(s.turns, key)
		}
	}
	select {
	case <-t.token: // free: no wait, whatever patience says
	default:
		select {
		case <-t.token:
		case <-patience.Done():
			leave()
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			return nil, ErrLaneBusy
		}
	}
	return func() {
		t.token <- struct{}{}
		leave()
	}, nil
}
