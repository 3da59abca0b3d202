package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// Find resolves what a person typed, a case or a principal, to a case: of a
// principal the open one, else the newest.
func Find(ctx context.Context, s *store.Store, what string) (store.Case, error) {
	if err := ValidName("the case or principal", what); err != nil {
		return store.Case{}, err
	}
	c, err := s.Case(ctx, what)
	if errors.Is(err, store.ErrNotFound) {
		c, err = s.OpenCaseOf(ctx, access.PrincipalID(what))
	}
	if errors.Is(err, store.ErrNotFound) {
		c, err = newest(ctx, s, access.PrincipalID(what))
	}
	if errors.Is(err, store.ErrNotFound) {
		return c, Failf(Missing, "there is no case %q, and no case of a principal %q", what, what).Then("list them: sever cases")
	}
	return c, err
}

// newest is the last case of a principal: a dry run only if there is nothing else.
func newest(ctx context.Context, s *store.Store, who access.PrincipalID) (store.Case, error) {
	cases, err := s.ListCases(ctx, store.CaseFilter{Principal: who})
	if err != nil {
		return store.Case{}, err
	}
	for _, c := range cases {
		if c.Status != access.CaseDryRun {
			return c, nil
		}
	}
	if len(cases) == 0 {
		return store.Case{}, store.ErrNotFound
	}
	return cases[0], nil
}

// PlanOf reads the body of a plan, and refuses one that is not what was hashed.
func PlanOf(p store.Plan) (plan.Plan, error) {
	var out plan.Plan
	if err := json.Unmarshal(p.Body, &out); err != nil {
		return out, fmt.Errorf("plan %d of case %s cannot be read: %w", p.No, p.CaseID, err)
	}
	if out.Hash() != p.Hash {
		return out, Failf(Open, "plan %d of case %s does not fit its hash %.12s: it was changed, or written by another version", p.No, p.CaseID, p.Hash)
	}
	return out, nil
}
