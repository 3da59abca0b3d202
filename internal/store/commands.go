package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// Remember ties an idempotency key to a case and returns the case that the key
// belongs to: caseID when the key is new, and else the case of whoever was first.
// A key that was used for another principal is a *KeyReusedError.
func (t *Tx) Remember(ctx context.Context, key, caseID string, principal access.PrincipalID) (string, error) {
	const op = "remember the command"
	args := pgx.NamedArgs{"key": key, "case": caseID, "principal": principal}
	if _, err := t.exec(ctx, op, `
		insert into commands (key, case_id, principal) values (@key, @case, @principal)
		on conflict (key) do nothing`, args); err != nil {
		return "", err
	}
	return t.Recall(ctx, key, principal)
}

// Recall is the case that an idempotency key belongs to; empty for a key that is new. A
// key that was used for another principal is a *KeyReusedError.
func (t *Tx) Recall(ctx context.Context, key string, principal access.PrincipalID) (string, error) {
	was, err := collectOne(ctx, t.tx, "recall the command", func(row pgx.CollectableRow) (k KeyReusedError, err error) {
		return k, row.Scan(&k.Key, &k.CaseID, &k.Principal)
	}, `select key, case_id, principal from commands where key = @key`, pgx.NamedArgs{"key": key})
	switch {
	case errors.Is(err, ErrNotFound):
		return "", nil
	case err == nil && was.Principal != principal:
		return "", &was
	}
	return was.CaseID, err
}
