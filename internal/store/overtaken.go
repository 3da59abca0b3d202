package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// supersede ends what a plan takes the place of: the steps that wait at its
// connections, and the plans that have nothing left to do. One that waits for approval
// is over as soon as one of its connections is planned anew: nobody can carry it out any
// more.
func (t *Tx) supersede(ctx context.Context, p Plan) error {
	args := pgx.NamedArgs{"case": p.CaseID, "no": p.No, "connections": p.Connections}
	if _, err := t.exec(ctx, "supersede older steps", `
		update steps s set state = 'superseded'
		from case_accounts a, plans p
		where s.case_id = @case and a.id = s.account_id and a.connection = any(@connections)
		  and p.case_id = s.case_id and p.no = s.plan_no and p.no < @no and p.status <> 'dry run'
		  and s.state in ('pending', 'blocked', 'skipped')`, args); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "supersede older plans", `
		update plans set status = 'superseded'
		where case_id = @case and no < @no and status = 'approved' and connections <@ @connections::text[]`, args); err != nil {
		return err
	}
	return t.AbandonPlans(ctx, p.CaseID, p.Connections, "", replaced(p.No))
}

// AbandonPlans ends the plans of a case that wait for approval and that nothing waits
// for any more, with their tasks: those that are about one of the connections, or all of
// them when connections is nil.
func (t *Tx) AbandonPlans(ctx context.Context, caseID string, connections []string, by, why string) error {
	over, err := collect(ctx, t.tx, "abandon plans of case "+caseID, pgx.RowTo[int], `
		update plans set status = 'superseded'
		where case_id = @case and status = 'waiting' and (@all or connections && @connections) returning no`,
		pgx.NamedArgs{"case": caseID, "all": connections == nil, "connections": list(connections)})
	if err != nil {
		return err
	}
	return t.closePlanTasks(ctx, caseID, over, by, why)
}

// CloseDenied closes the tasks that denied plans have left behind: somebody has said what
// becomes of the case.
func (t *Tx) CloseDenied(ctx context.Context, caseID, by, why string) error {
	denied, err := collect(ctx, t.tx, "denied plans of case "+caseID, pgx.RowTo[int],
		`select no from plans where case_id = @case and status = 'denied'`, pgx.NamedArgs{"case": caseID})
	if err != nil {
		return err
	}
	for _, no := range denied {
		if err := t.CloseTask(ctx, caseID, DeniedTask(no), by, why); err != nil {
			return err
		}
	}
	return nil
}

// ForgetPlans ends all that waits for a word about the plans of a case.
func (t *Tx) ForgetPlans(ctx context.Context, caseID, by, why string) error {
	if err := t.CloseDenied(ctx, caseID, by, why); err != nil {
		return err
	}
	return t.AbandonPlans(ctx, caseID, nil, by, why)
}

// decidedAbout is what else ends with a person's word about plans. What gives back takes
// the place of what took away only now.
func (t *Tx) decidedAbout(ctx context.Context, caseID string, plans []int, status PlanStatus, by, why string) error {
	for _, no := range plans {
		if status != PlanApproved {
			break
		}
		p, err := t.Plan(ctx, caseID, no)
		if err != nil {
			return err
		}
		if err := t.supersede(ctx, p); err != nil {
			return err
		}
	}
	said := string(status)
	if why != "" {
		said += ": " + why
	}
	return t.closePlanTasks(ctx, caseID, plans, by, said)
}

func (t *Tx) closePlanTasks(ctx context.Context, caseID string, plans []int, by, why string) error {
	for _, no := range plans {
		if err := t.CloseTask(ctx, caseID, PlanTask(no), by, why); err != nil {
			return err
		}
	}
	return nil
}

// replaced is why a plan is over that another one took the place of.
func replaced(by int) string { return fmt.Sprintf("plan %d took its place", by) }
