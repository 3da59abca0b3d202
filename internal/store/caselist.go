package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
)

// CaseFilter narrows a list of cases; empty fields do not.
type CaseFilter struct {
	Status    access.CaseStatus
	Principal access.PrincipalID
	Limit     int    // 100 if zero
	Before    string // the id of the last case of the page before
}

// Case is one case by id.
func (q queries) Case(ctx context.Context, id string) (Case, error) {
	return collectOne(ctx, q.db, "case "+id, scanCase,
		`select `+caseColumns+` from cases where id = @id`, pgx.NamedArgs{"id": id})
}

// OpenCaseOf is the open case of a principal.
func (q queries) OpenCaseOf(ctx context.Context, principal access.PrincipalID) (Case, error) {
	return collectOne(ctx, q.db, "open case of "+string(principal), scanCase,
		`select `+caseColumns+` from cases where principal = @principal and status = 'open'`, pgx.NamedArgs{"principal": principal})
}

// LastCaseOf is the newest case of a principal, open or not.
func (q queries) LastCaseOf(ctx context.Context, principal access.PrincipalID) (Case, error) {
	return collectOne(ctx, q.db, "last case of "+string(principal), scanCase,
		`select `+caseColumns+` from cases where principal = @principal order by opened_at desc, id desc limit 1`,
		pgx.NamedArgs{"principal": principal})
}

// ListCases lists cases, newest first.
func (q queries) ListCases(ctx context.Context, f CaseFilter) ([]Case, error) {
	return collect(ctx, q.db, "list cases", scanCase, `
		select `+caseColumns+` from cases
		where (@status = '' or status = @status)
		  and (@principal = '' or principal = @principal)
		  and (@before = '' or (opened_at, id) < (select b.opened_at, b.id from cases b where b.id = @before))
		order by opened_at desc, id desc
		limit @limit`,
		pgx.NamedArgs{"status": string(f.Status), "principal": string(f.Principal), "before": f.Before, "limit": cmpOr(f.Limit, 100)})
}
