package trove

import (
	"context"
	"strings"
	"time"
)

// roll is what the newest whole list of an instance said.
type roll struct {
	read  time.Time // when reading it began
	names map[string]bool
	// alike are accounts that differ in nothing but case.
	alike map[string][]string
}

func folded(u user) string { return strings.ToLower(u.name) + "@" + strings.ToLower(u.host) }

func (u user) key() string { return u.name + "@" + u.host }

// keep remembers a whole list.
func (c *Cloud) keep(at place, began time.Time, users []user) {
	r := roll{read: began, names: map[string]bool{}, alike: map[string][]string{}}
	for _, u := range users {
		r.names[u.key()] = true
		r.alike[folded(u)] = append(r.alike[folded(u)], u.key())
	}
	for k, names := range r.alike {
		if len(names) < 2 {
			delete(r.alike, k)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lists[at.String()] = r
}

func (c *Cloud) list(at place) (roll, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.lists[at.String()]
	return r, ok
}

// lacks reports whether a list read just now lacks an account that was, after that,
// not found by name either. A thousand accounts that are proven gone one after the
// other share a list so. One that has the account is read again: it may be old.
func (c *Cloud) lacks(at place, u user) (roll, bool) {
	r, ok := c.list(at)
	return r, ok && time.Since(r.read) < c.cfg.ListAge && !r.names[u.key()]
}

// twin is another account whose name differs in nothing but case. Where there is one
// the system hides databases of one of the two.
func (c *Cloud) twin(ctx context.Context, r region, at place, u user) (string, error) {
	l, known := c.list(at)
	if !known || !l.names[u.key()] { // an account that is newer than the list
		if _, err := c.users(ctx, r, at); err != nil {
			return "", err
		}
		l, _ = c.list(at)
	}
	for _, other := range l.alike[folded(u)] {
		if other != u.key() {
			return other, nil
		}
	}
	return "", nil
}
