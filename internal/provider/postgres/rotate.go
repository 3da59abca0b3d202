package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Rotate gives the role another password. The server gets its verifier only, so it
// stands in no log. Sessions that are open live on, and a role that may not log in still
// may not. A role that is known to have no password is refused: whoever logs in with it
// is let in by other means, and a password would be one more.
//
// A call whose answer was lost is repeated with another password; the newest works.
func (s *Server) Rotate(ctx context.Context, ref access.Ref) (provider.Rotated, error) {
	op := op(access.Rotate, ref, "")
	t, err := planned(op, ref)
	if err != nil {
		return provider.Rotated{}, err
	}
	var out provider.Rotated
	err = s.conns.act(ctx, t.oid, s.home, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			r, err := t.find(ctx, op, tx)
			if err != nil {
				return err
			}
			if noPassword(ctx, tx, r) {
				return refuse(op, errors.New("the role has no password that could be replaced"), access.Blocker{
					Object: "role " + readable(r.Name), Why: "it logs in by other means than a password, or not at all",
					Remedy: "look in pg_hba.conf how it is let in, and end that for the leaver"})
			}
			secret, verifier, err := newSecret()
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "alter role "+quote(r.Name)+" password "+literal(verifier)); err != nil {
				return err
			}
			// Read back by oid: had the name moved in between, another role would have it now.
			if _, err := t.find(ctx, op, tx); err != nil {
				return err
			}
			out = provider.Rotated{Receipt: access.Receipt{Words: "ALTER ROLE: new password; open sessions live on"}, Secret: secret}
			return nil
		})
	})
	if errors.Is(err, errGone) {
		return provider.Rotated{Receipt: access.Receipt{Already: true, Words: errGone.Error()}}, nil
	}
	if err != nil {
		return provider.Rotated{}, s.classified(op, err)
	}
	return out, nil
}
