package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Restore undoes one step from the record that Look made. Steps are undone in
// reverse order. Undoing Delete makes a role with a new oid; the steps undone after
// it must carry that oid in step.Account.ForeignID.
//
// A call whose answer was lost may be repeated. When the lost answer had a secret in
// it, the role that was made anew gets another one.
func (s *Server) Restore(ctx context.Context, before access.Account, step access.Step) (provider.Restored, error) {
	op := op(access.Restore, step.Account, step.Database) + " after " + string(step.Action)
	r, err := s.restoration(op, before, step)
	if err != nil {
		return provider.Restored{}, err
	}
	database, undo := s.home, r.undo()
	if undo == nil {
		return provider.Restored{}, refuse(op, fmt.Errorf("there is nothing to undo about %q", step.Action))
	}
	if step.Action == access.Revoke || step.Action == access.Reassign {
		if err := checkName("database", step.Database); err != nil {
			return provider.Restored{}, refuse(op, err)
		}
		database = step.Database
	}
	in := func(database string) error {
		return s.conns.act(ctx, r.target.oid, database, func(conn *pgx.Conn) error {
			r.out = provider.Restored{}
			return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return undo(ctx, tx) })
		})
	}
	err = in(database)
	if turnedAway(err) && database != s.home {
		err = in(s.home) // for what belongs to the server
	}
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

func (s *Server) restoration(op string, before access.Account, step access.Step) (*restoration, error) {
	t, err := planned(op, step.Account)
	if err != nil {
		return nil, err
	}
	was, err := readSnapshot(before.Snapshot)
	if err != nil {
		return nil, refuse(op, err)
	}
	if was.Role.Name != step.Account.Name {
		return nil, refuse(op, errors.New("the record is of another account"))
	}
	return &restoration{server: s, op: op, target: t, was: was, step: step}, nil
}

func (r *restoration) undo() func(context.Context, pgx.Tx) error {
	switch r.step.Action {
	case access.Contain:
		return r.unlock
	case access.Unlink:
		return r.relink
	case access.Revoke, access.Reassign:
		return r.giveBack
	case access.Delete:
		return r.create
	}
	return nil
}

// anew reports whether the role is not the recorded one, but was made in its place.
func (r *restoration) anew() bool { return r.target.oid != r.was.Role.OID }

// find is the role as it is now.
func (r *restoration) find(ctx context.Context, tx pgx.Tx) (role, error) {
	now, err := r.target.find(ctx, r.op, tx)
	if errors.Is(err, errGone) {
		return role{}, refuse(r.op, errors.New("the role is not there; undo its deletion first"))
	}
	return now, err
}

// try sends statements that may fail alone, and reports what went wrong.
func (r *restoration) try(ctx context.Context, tx pgx.Tx, sql ...string) error {
	return pgx.BeginFunc(ctx, tx, func(part pgx.Tx) error {
		for _, one := range sql {
			if _, err := part.Exec(ctx, one); err != nil {
				return err
			}
		}
		return nil
	})
}

// orMissing tries statements, and notes what they would have given back if they
// fail. Only a refusal is noted; a lost connection or a lock is an error.
func (r *restoration) orMissing(ctx context.Context, tx pgx.Tx, what string, sql ...string) (bool, error) {
	err := r.try(ctx, tx, sql...)
	if err == nil || code(err) == "42710" { // it is there: an earlier call gave it back
		return err == nil, nil
	}
	if c := code(err); c == "" || (provider.KindOf(r.server.classified(r.op, err)) == provider.Transient && c != "42704") {
		return false, err
	}
	r.missing(what, r.server.hide(err.Error()), strings.Join(sql, "; "))
	return false, nil
}

func (r *restoration) missing(what, why, remedy string) {
	r.out.Missing = append(r.out.Missing, access.Gap{Object: what, Why: why, Remedy: remedy})
}
