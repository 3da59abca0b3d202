package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Rotate gives the account another password. The server gets its hash only, so it stands
// in no log. Ways to log in that need no secret stay; of several passwords one is left.
// Sessions that are open live on, and a locked account stays locked.
//
// An id here is made from the credential, so the account has another one afterwards, and
// the result tells it. A repeated call, which could not know of it, finds the mark of
// newSecret and makes another password; the newest works.
func (s *Server) Rotate(ctx context.Context, ref access.Ref) (provider.Rotated, error) {
	op := op(access.Rotate, ref, "")
	t, err := planned(op, ref)
	if err != nil {
		return provider.Rotated{}, err
	}
	var out provider.Rotated
	err = s.with(ctx, func(c *session) error {
		out, err = s.rotate(ctx, c, op, t)
		return err
	})
	if errors.Is(err, errGone) {
		return provider.Rotated{Receipt: access.Receipt{Already: true, Words: errGone.Error()}}, nil
	}
	if err != nil {
		return provider.Rotated{}, s.classified(op, err)
	}
	return out, nil
}

func (s *Server) rotate(ctx context.Context, c *session, op string, t target) (provider.Rotated, error) {
	all, err := s.namesakes(ctx, c, t.User)
	if err != nil {
		return provider.Rotated{}, err
	}
	first := t.ref.ForeignID
	if now, there := t.in(all); there && now.id != first && now.rotated(first) {
		t.ref.ForeignID = now.id
	}
	now, err := s.find(ctx, c, op, t)
	if err != nil {
		return provider.Rotated{}, err
	}
	secret, hash := newSecret(c.plugin(), first)
	fresh := method{c.plugin(), hash}
	ways := now.with(fresh)
	if !slices.Contains(ways, fresh.identified()) {
		return provider.Rotated{}, refuse(op, errors.New("the account has no password that could be replaced"), access.Blocker{
			Object: "account " + now.String(), Why: "it logs in by other means than a password: " + strings.Join(ways, " or "),
			Remedy: "end for the leaver what lets her in there"})
	}
	if now.Second { // which the next statement would leave
		if err := c.exec(ctx, "alter user "+now.sql()+" discard old password"); err != nil {
			return provider.Rotated{}, err
		}
	}
	err = c.exec(ctx, "alter user "+now.sql()+" identified with "+strings.Join(ways, " or "))
	if err := hashRefused(ctx, c, op, err); err != nil {
		return provider.Rotated{}, err
	}
	if all, err = s.namesakes(ctx, c, t.User); err != nil {
		return provider.Rotated{}, err
	}
	after, there := t.in(all)
	if !there || !after.rotated(first) || after.Locked != now.Locked {
		return provider.Rotated{}, fmt.Errorf("the server said yes, and %s is not as it should be", now.identity)
	}
	return provider.Rotated{ForeignID: after.id, Secret: secret,
		Receipt: access.Receipt{Words: "ALTER USER: new password; open sessions live on"}}, nil
}

// invalid is what the server's own installation writes in the place of a hash that no
// password fits.
const invalid = "invalid"

// with are the ways to log in, with a fresh one in the place of the passwords.
func (a account) with(fresh method) (ways []string) {
	for _, m := range a.methods() {
		if !without[m.Plugin] && m.Text != invalid {
			m = fresh
		}
		if way := m.identified(); !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	return ways
}

// rotated reports whether one of the account's passwords is one that we made for the
// account that had this id.
func (a account) rotated(id string) bool {
	return slices.ContainsFunc(a.methods(), func(m method) bool {
		return account{identity: a.identity, method: m}.marked(id)
	})
}
