package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/notice"
)

const caseColumns = `id, principal, reason, requester, ticket, policy, successors, effective_at, status, phase,
	opened_at, contained_at, proven_at, closed_at, second_look_at`

func scanCase(row pgx.CollectableRow) (c Case, err error) {
	return c, row.Scan(&c.ID, &c.Principal, &c.Reason, &c.Requester, &c.Ticket, &c.Policy, &c.Successors, intoZero(&c.EffectiveAt), &c.Status, &c.Phase,
		&c.OpenedAt, intoZero(&c.ContainedAt), intoZero(&c.ProvenAt), intoZero(&c.ClosedAt), intoZero(&c.SecondLookAt))
}

// OpenCase writes a case with the connections it covers. A case that is there
// already stays as it is. When the principal has another open case the error is an
// *OpenCaseError that names it.
func (t *Tx) OpenCase(ctx context.Context, c Case, conns []CaseConnection) error {
	op := "open case " + c.ID
	if c.Successors == nil {
		c.Successors = map[string]string{}
	}
	n, err := t.exec(ctx, op, `
		insert into cases (`+caseColumns+`) values
		    (@id, @principal, @reason, @requester, @ticket, @policy::text::jsonb, @successors, @effective_at, @status, @phase,
		     @opened_at, @contained_at, @proven_at, @closed_at, @second_look_at)
		on conflict do nothing`,
		pgx.NamedArgs{
			"id": c.ID, "principal": c.Principal, "reason": c.Reason, "requester": c.Requester, "ticket": c.Ticket,
			"policy": string(orEmptyObject(c.Policy)), "successors": c.Successors, "effective_at": orNull(c.EffectiveAt), "status": c.Status, "phase": c.Phase,
			"opened_at": c.OpenedAt, "contained_at": orNull(c.ContainedAt), "proven_at": orNull(c.ProvenAt),
			"closed_at": orNull(c.ClosedAt), "second_look_at": orNull(c.SecondLookAt),
		})
	if violates(err, "cases_principal_fk") {
		return fmt.Errorf("%s: principal %s: %w", op, c.Principal, ErrNotFound)
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return wrap(op, t.sameCase(ctx, c))
	}
	for _, conn := range conns {
		conn.CaseID = c.ID
		if err := t.SetConnection(ctx, conn); err != nil {
			return err
		}
	}
	return nil
}

// sameCase tells a case that was opened before from another open case.
func (t *Tx) sameCase(ctx context.Context, c Case) error {
	there, err := collect(ctx, t.tx, "look for the case", scanCase, `
		select `+caseColumns+` from cases where id = @id or (principal = @principal and status = 'open')
		order by id <> @id`, pgx.NamedArgs{"id": c.ID, "principal": c.Principal})
	if err != nil || len(there) > 0 && there[0].ID == c.ID {
		return err
	}
	if len(there) == 0 { // the other case was closed this very moment
		return fmt.Errorf("principal %s had an open case until now: try again", c.Principal)
	}
	return &OpenCaseError{Principal: c.Principal, CaseID: there[0].ID}
}

// SetPhase notes in a word where the ladder stands.
func (t *Tx) SetPhase(ctx context.Context, caseID, phase string) error {
	return t.updateCase(ctx, "note the phase", `update cases set phase = @phase where id = @id`,
		pgx.NamedArgs{"id": caseID, "phase": phase})
}

// SetPolicy puts a case under another reason and its policy: an escalation.
func (t *Tx) SetPolicy(ctx context.Context, caseID string, reason access.Reason, policy []byte) error {
	return t.updateCase(ctx, "set the policy", `update cases set reason = @reason, policy = @policy::text::jsonb where id = @id`,
		pgx.NamedArgs{"id": caseID, "reason": reason, "policy": string(orEmptyObject(policy))})
}

// AddSuccessors names more successors; those named before stay unless named anew.
func (t *Tx) AddSuccessors(ctx context.Context, caseID string, successors map[string]string) error {
	if successors == nil {
		successors = map[string]string{}
	}
	return t.updateCase(ctx, "add successors", `update cases set successors = successors || @successors::jsonb where id = @id`,
		pgx.NamedArgs{"id": caseID, "successors": successors})
}

// MarkContained notes the moment from which nobody can log in any more: every
// connection has answered or was waived, and every account to contain is contained or
// proven gone; accepted is not contained. Before that it notes nothing. The first time stays.
func (t *Tx) MarkContained(ctx context.Context, caseID string, at time.Time) error {
	first, err := t.exec(ctx, "mark contained", `
		update cases set contained_at = @at
		where id = @id and contained_at is null
		  and not exists (select from case_connections where case_id = @id and state not in ('discovered', 'waived'))
		  and not exists (
		    select from steps s where s.case_id = @id and s.action = 'contain' and s.state not in ('done', 'superseded')
		      and not exists (select from proofs p where p.account_id = s.account_id and p.gone))`,
		pgx.NamedArgs{"id": caseID, "at": at})
	if err == nil && first > 0 {
		t.Tell(notice.Contained(caseID, at))
	}
	return err
}

// MarkProven notes when every account was proven gone, and when everything is
// looked at again. The first proof stays, the last appointment holds.
func (t *Tx) MarkProven(ctx context.Context, caseID string, at, secondLook time.Time) error {
	return t.updateCase(ctx, "mark proven", `
		update cases set proven_at = coalesce(proven_at, @at), second_look_at = @second where id = @id`,
		pgx.NamedArgs{"id": caseID, "at": at, "second": orNull(secondLook)})
}

// CloseCase ends a case, once, and with it what waits for a word about its plans. A closed
// case can still become reinstated; ending it as it ended before is no error, ending it
// otherwise is ErrCaseClosed.
func (t *Tx) CloseCase(ctx context.Context, caseID string, status access.CaseStatus, at time.Time) error {
	op := "close case " + caseID
	n, err := t.exec(ctx, op, `
		update cases set status = @status, closed_at = @at, phase = 'closed'
		where id = @id and (status = 'open' or (@status = 'reinstated' and status <> 'reinstated'))`,
		pgx.NamedArgs{"id": caseID, "status": status, "at": at})
	switch {
	case err != nil:
		return err
	case n > 0:
		return t.ForgetPlans(ctx, caseID, "", "the case is closed: "+string(status))
	}
	c, err := t.Case(ctx, caseID)
	if err == nil && c.Status != status {
		err = fmt.Errorf("%w: %s", ErrCaseClosed, c.Status)
	}
	return wrap(op, err)
}

// ReopenCase takes the end of a case back, because a later look found something.
// What was proven is not proven any more. It fails with an *OpenCaseError when the
// principal has another open case by now.
func (t *Tx) ReopenCase(ctx context.Context, caseID, phase string) error {
	c, err := t.Case(ctx, caseID)
	if err != nil {
		return err
	}
	if other, err := t.OpenCaseOf(ctx, c.Principal); err == nil && other.ID != caseID {
		return &OpenCaseError{Principal: c.Principal, CaseID: other.ID}
	}
	return t.updateCase(ctx, "open the case again", `
		update cases set status = 'open', phase = @phase, closed_at = null, proven_at = null, second_look_at = null where id = @id`,
		pgx.NamedArgs{"id": caseID, "phase": phase})
}

func (t *Tx) updateCase(ctx context.Context, op, sql string, args pgx.NamedArgs) error {
	op = fmt.Sprintf("%s of case %s", op, args["id"])
	n, err := t.exec(ctx, op, sql, args)
	if err == nil && n == 0 {
		err = wrap(op, ErrNotFound)
	}
	return err
}

func orEmptyObject(text []byte) []byte {
	if len(text) == 0 {
		return []byte("{}")
	}
	return text
}
