package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// AddProof keeps an observation. The account counts as proven from its first proof
// that says gone, and not any more from one that says otherwise.
func (t *Tx) AddProof(ctx context.Context, p Proof) error {
	args := pgx.NamedArgs{"case": p.CaseID, "account": p.AccountID, "look": p.Look, "asked": words(p.Asked), "answered": words(p.Answered), "gone": p.Gone, "at": p.At}
	if _, err := t.exec(ctx, "keep the proof", `
		insert into proofs (case_id, account_id, look, asked, answered, gone, at)
		values (@case, @account, @look, @asked, @answered, @gone, @at)
		on conflict on constraint proofs_once do nothing`, args); err != nil {
		return err
	}
	return t.updateAccount(ctx, "note the proof", `
		update case_accounts set proven_at = case when @gone then coalesce(proven_at, @at) end where id = @id`,
		pgx.NamedArgs{"id": p.AccountID, "gone": p.Gone, "at": p.At})
}

// ProofsOf are the proofs of a case in the order in which they were written, whatever the
// clocks of those who wrote them said.
func (q queries) ProofsOf(ctx context.Context, caseID string) ([]Proof, error) {
	return collect(ctx, q.db, "proofs of case "+caseID, func(row pgx.CollectableRow) (p Proof, err error) {
		return p, row.Scan(&p.CaseID, &p.AccountID, &p.Look, &p.Asked, &p.Answered, &p.Gone, &p.At)
	}, `select case_id, account_id, look, asked, answered, gone, at from proofs where case_id = @case order by id`, pgx.NamedArgs{"case": caseID})
}
