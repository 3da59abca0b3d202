package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/audit"
)

// CaseFile is everything that is on record about one case, at one moment.
type CaseFile struct {
	Case        Case
	Connections []CaseConnection
	Accounts    []CaseAccount
	Plans       []Plan // all of them, oldest first
	Steps       []Step
	Proofs      []Proof
	Tasks       []Task
	Rows        []audit.Row // the whole chain of the case
	Checkpoints []audit.Checkpoint
}

// CaseFile reads it while others go on writing. A case that is not there is ErrNotFound.
func (s *Store) CaseFile(ctx context.Context, caseID string) (CaseFile, error) {
	var f CaseFile
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) (err error) {
		f, err = queries{tx}.caseFile(ctx, caseID)
		return err
	})
	return f, err
}

func (q queries) caseFile(ctx context.Context, caseID string) (f CaseFile, err error) {
	if f.Case, err = q.Case(ctx, caseID); err != nil {
		return f, err
	}
	if f.Connections, err = q.ConnectionsOf(ctx, caseID); err != nil {
		return f, err
	}
	if f.Accounts, err = q.AccountsOf(ctx, caseID, nil); err != nil {
		return f, err
	}
	if f.Plans, err = q.Plans(ctx, caseID); err != nil {
		return f, err
	}
	if f.Steps, err = q.StepsOf(ctx, caseID); err != nil {
		return f, err
	}
	if f.Proofs, err = q.ProofsOf(ctx, caseID); err != nil {
		return f, err
	}
	if f.Tasks, err = q.TasksOf(ctx, caseID); err != nil {
		return f, err
	}
	if f.Checkpoints, err = q.Checkpoints(ctx); err != nil {
		return f, err
	}
	for row, err := range q.Events(ctx, caseID, 0) {
		if err != nil {
			return f, err
		}
		f.Rows = append(f.Rows, row)
	}
	return f, nil
}
