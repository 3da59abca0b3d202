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

// Restore undoes one step from the record that Look made. Steps are undone in reverse
// order. An account that is made again carries the id of the one that was dropped; it
// has another once it is opened, with a new password.
func (s *Server) Restore(ctx context.Context, before access.Account, step access.Step) (provider.Restored, error) {
	op := op(access.Restore, step.Account, step.Database) + " after " + string(step.Action)
	t, err := planned(op, step.Account)
	if err != nil {
		return provider.Restored{}, err
	}
	was, err := readSnapshot(before.Snapshot)
	if err != nil {
		return provider.Restored{}, refuse(op, err)
	}
	if was.Account != t.identity {
		return provider.Restored{}, refuse(op, errors.New("the record is of another account"))
	}
	r := restoration{server: s, op: op, target: t, was: was, step: step}
	undo := r.undo()
	if undo == nil {
		return provider.Restored{}, refuse(op, fmt.Errorf("there is nothing to undo about %q", step.Action))
	}
	err = s.with(ctx, func(c *session) error { return undo(ctx, c) })
	if err != nil {
		return provider.Restored{}, s.classified(op, err)
	}
	return r.out, nil
}

// restoration is one call of Restore.
type restoration struct {
	server *Server
	op     string
	target target
	was    snapshot
	step   access.Step
	out    provider.Restored
}

func (r *restoration) undo() func(context.Context, *session) error {
	switch r.step.Action {
	case access.Contain:
		return r.unlock
	case access.Unlink:
		return func(ctx context.Context, c *session) error {
			return r.giveBack(ctx, c, func(o right) bool {
				g := o.grant()
				return g.EndedBy == access.Unlink && g.Object == r.step.Object && g.Database == r.step.Database
			})
		}
	case access.Revoke:
		return func(ctx context.Context, c *session) error { return r.giveBack(ctx, c, in(r.step.Database)) }
	case access.Reassign:
		return r.takeBack
	case access.Delete:
		return r.create
	}
	return nil
}

// find is the account as it is now.
func (r *restoration) find(ctx context.Context, c *session) (account, error) {
	now, err := r.server.find(ctx, c, r.op, r.target)
	if errors.Is(err, errGone) {
		return account{}, refuse(r.op, errors.New("the account is not there; undo its deletion first"))
	}
	return now, err
}

// giveBack grants again what fits and is not there now.
func (r *restoration) giveBack(ctx context.Context, c *session, fits func(right) bool) error {
	now, err := r.find(ctx, c)
	if err != nil {
		return err
	}
	have, err := r.server.rights(ctx, c, now, true)
	if err != nil {
		return err
	}
	var given []string
	var active []right // at login, of those that were given
	for _, w := range r.was.Rights {
		same := func(h right) bool { return compareRights(h, w) == 0 && h.words() == w.words() }
		if !fits(w) || slices.ContainsFunc(have, same) {
			continue
		}
		err := c.exec(ctx, w.give(now.identity)...)
		if err == nil {
			given = append(given, w.object())
			if w.Kind == ofRole && w.Default {
				active = append(active, w)
			}
			continue
		}
		if kind := provider.KindOf(r.server.classified(r.op, err)); number(err) == 0 || (kind == provider.Transient && !vanished(err)) {
			return err
		}
		r.missing(strings.TrimSpace(w.object()+" "+w.database()), r.server.hide(err.Error()), strings.Join(w.give(now.identity), "; "))
	}
	if err := c.activate(ctx, now.identity, have, active); err != nil {
		return err
	}
	r.out.Already = len(given) == 0
	r.out.Words = "GRANT: " + strings.Join(given, ", ")
	if len(given) == 0 {
		r.out.Words = "nothing to give back"
	}
	return nil
}

// activate makes roles active at login. MySQL takes all of them at once; in MariaDB
// there is one, which right.give names.
func (c *session) activate(ctx context.Context, to identity, have, given []right) error {
	var names []string
	for _, r := range slices.Concat(have, given) {
		if r.Kind == ofRole && r.Default && r.Other.Host != "" {
			names = append(names, r.role())
		}
	}
	if len(given) == 0 || len(names) == 0 {
		return nil
	}
	return c.exec(ctx, "set default role "+strings.Join(names, ", ")+" to "+to.sql())
}

// vanished reports whether what a GRANT is about is not there any more.
func vanished(err error) bool {
	return slices.Contains([]uint16{1049, 1054, 1133, 1141, 1146, 1305, 1396, 1959, 1976, 3523}, number(err))
}

func (r *restoration) missing(what, why, remedy string) {
	r.out.Missing = append(r.out.Missing, access.Gap{Object: what, Why: why, Remedy: remedy})
}

// takeBack undoes Reassign: what was revoked comes back, and what the successor still
// defines.
func (r *restoration) takeBack(ctx context.Context, c *session) error {
	now, err := r.find(ctx, c)
	if err != nil {
		return err
	}
	heir, err := r.server.successor(ctx, c, now, r.step.Successor)
	if err != nil {
		return err
	}
	hers, err := objects(ctx, c, now.identity, r.step.Database)
	if err != nil {
		return err
	}
	var heirs, back []object
	if heir.refused == nil {
		if heirs, err = objects(ctx, c, heir.identity, r.step.Database); err != nil {
			return err
		}
	}
	for _, o := range r.was.Objects {
		same := func(x object) bool { return x.Kind == o.Kind && x.Database == o.Database && x.Name == o.Name }
		i := slices.IndexFunc(heirs, same)
		switch {
		case o.Database != r.step.Database || slices.ContainsFunc(hers, same):
		case i >= 0:
			back = append(back, heirs[i])
		default:
			r.missing(o.words()+" in database "+readable(o.Database), "it is not the successor's any more", o.byHand(heir.identity))
		}
	}
	// The rights first: what needs them is handed over only when it works.
	if err := r.giveBack(ctx, c, in(r.step.Database)); err != nil {
		return err
	}
	if err := handOver(ctx, c, r.op, back, heir.identity, now.identity); err != nil {
		return err
	}
	if len(back) > 0 {
		r.out.Already = false
		r.out.Words += fmt.Sprintf("; DEFINER=%s for %d objects", now.identity, len(back))
	}
	return nil
}

// create undoes Delete: the account again, locked, with a credential that no password
// fits and the id of the one that was dropped. An earlier call whose answer was lost
// made the same.
func (r *restoration) create(ctx context.Context, c *session) error {
	_, err := r.server.find(ctx, c, r.op, r.target)
	switch {
	case err == nil:
		r.out.Already, r.out.Words = true, "it is there"
		return nil
	case !errors.Is(err, errGone):
		return err
	}
	none := method{c.plugin(), deadHash(c.plugin(), r.target.identity, r.target.ref.ForeignID)}
	sql := "create user " + r.target.sql() + " identified with " + none.identified()
	if l := r.was.Limits.clauses(); l != "" {
		sql += " " + l
	}
	switch days := r.was.Lifetime; {
	case days == nil || *days < 0:
	case *days == 0:
		sql += " password expire never"
	default:
		sql += fmt.Sprintf(" password expire interval %d day", *days)
	}
	if err := hashRefused(ctx, c, r.op, c.exec(ctx, sql+" account lock")); err != nil {
		return err
	}
	if _, err := r.find(ctx, c); err != nil {
		return err
	}
	r.out.Words = "CREATE USER: locked, no password fits"
	return nil
}
