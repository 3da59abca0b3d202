package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/config"
)

// Token lets somebody use the HTTP interface. The token itself is not on record, only
// its hash.
type Token struct {
	ID        string
	Name      string // who acts
	Roles     []string
	CreatedBy string
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero: it is not
	RevokedBy string
	UsedAt    time.Time // to the hour; zero: never
}

// Valid reports whether the token opens anything at a time.
func (t Token) Valid(now time.Time) bool { return t.RevokedAt.IsZero() && now.Before(t.ExpiresAt) }

const tokenColumns = `id, name, roles, created_by, created_at, expires_at, coalesce(revoked_at, 'epoch'), coalesce(revoked_by, ''),
	coalesce(last_used_at, 'epoch')`

func (t *Token) scan(row pgx.CollectableRow, more ...any) error {
	err := row.Scan(append([]any{&t.ID, &t.Name, &t.Roles, &t.CreatedBy, &t.CreatedAt, &t.ExpiresAt, &t.RevokedAt, &t.RevokedBy, &t.UsedAt}, more...)...)
	for _, at := range []*time.Time{&t.RevokedAt, &t.UsedAt} {
		if at.Equal(time.Unix(0, 0)) {
			*at = time.Time{}
		}
	}
	return err
}

func scanToken(row pgx.CollectableRow) (t Token, err error) { return t, t.scan(row) }

// AddToken records a token under the hash of its text.
func (t *Tx) AddToken(ctx context.Context, k Token, text config.Secret) error {
	hash := sha256.Sum256([]byte(text.Reveal()))
	_, err := t.exec(ctx, "add the token", `
		insert into tokens (id, name, hash, roles, created_by, expires_at)
		values (@id, @name, @hash, @roles, @by, @expires)`,
		pgx.NamedArgs{"id": k.ID, "name": k.Name, "hash": hash[:], "roles": k.Roles, "by": k.CreatedBy, "expires": k.ExpiresAt})
	return err
}

// RevokeToken ends a token. One that was revoked before stays as it was.
func (t *Tx) RevokeToken(ctx context.Context, id, by string) error {
	n, err := t.exec(ctx, "revoke the token", `
		update tokens set revoked_at = now(), revoked_by = @by where id = @id and revoked_at is null`, pgx.NamedArgs{"id": id, "by": by})
	if err == nil && n == 0 {
		err = wrap("revoke the token "+id, ErrNotFound)
	}
	return err
}

// Tokens are all tokens, the newest first.
func (q queries) Tokens(ctx context.Context) ([]Token, error) {
	return collect(ctx, q.db, "list tokens", scanToken, `select `+tokenColumns+` from tokens order by created_at desc, id`, nil)
}

// TokenOf finds the token by its text, whether or not it is still valid.
func (s *Store) TokenOf(ctx context.Context, text config.Secret) (Token, error) {
	const op = "find the token"
	hash := sha256.Sum256([]byte(text.Reveal()))
	var kept []byte
	k, err := collectOne(ctx, s.db, op, func(row pgx.CollectableRow) (k Token, err error) { return k, k.scan(row, &kept) },
		`select `+tokenColumns+`, hash from tokens where hash = @hash`, pgx.NamedArgs{"hash": hash[:]})
	if err != nil {
		return Token{}, err
	}
	if subtle.ConstantTimeCompare(kept, hash[:]) != 1 {
		return Token{}, wrap(op, ErrNotFound)
	}
	return k, nil
}

// UsedToken notes that a token was used, once an hour.
func (t *Tx) UsedToken(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "note the use of the token", `
		update tokens set last_used_at = date_trunc('hour', now())
		where id = @id and (last_used_at is null or last_used_at < date_trunc('hour', now()))`, pgx.NamedArgs{"id": id})
	return err
}
