package desk

import (
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/plan"
)

// policySettings change the policy of a reason. What is not set stays as it is.
type policySettings struct {
	SecondLook  *time.Duration `env:"SEVER_SECOND_LOOK"`
	Patience    *time.Duration `env:"SEVER_PATIENCE"`
	RetryEvery  *time.Duration `env:"SEVER_RETRY_EVERY"`
	BatchSize   *int           `env:"SEVER_BATCH_SIZE"`
	MaxAccounts *int           `env:"SEVER_MAX_ACCOUNTS"`
	MaxPercent  *int           `env:"SEVER_MAX_PERCENT"`
	MaxPerHour  *int           `env:"SEVER_MAX_PER_HOUR"`
	MaxHourPct  *int           `env:"SEVER_MAX_HOUR_PERCENT"`
	ApprovalTTL *time.Duration `env:"SEVER_APPROVAL_TTL"`
	Approval    *string        `env:"SEVER_APPROVAL"`
	Shared      *string        `env:"SEVER_SHARED"`
}

// PolicyOf is the policy of a reason that somebody may give, under an installation's
// settings.
func PolicyOf(vars config.Vars, r access.Reason) (plan.Policy, error) {
	p, err := plan.For(r)
	if err == nil && r == access.Sweep {
		err = fmt.Errorf("reason %q is of cases that sweeps open: choose hr or incident", r)
	}
	if err != nil {
		return p, Invalidf("%w", err)
	}
	return under(vars, p)
}

// SweepPolicy is that of the cases that sweeps open.
func SweepPolicy(vars config.Vars) (plan.Policy, error) {
	p, err := plan.For(access.Sweep)
	if err != nil {
		return p, err
	}
	return under(vars, p)
}

// under changes a policy as the settings say.
func under(vars config.Vars, p plan.Policy) (plan.Policy, error) {
	s, err := config.Parse[policySettings](vars, "")
	if err != nil {
		return p, Invalidf("%w", err)
	}
	err = errors.Join(
		set(&p.SecondLook, s.SecondLook, "SEVER_SECOND_LOOK"),
		set(&p.Patience, s.Patience, "SEVER_PATIENCE"),
		set(&p.RetryEvery, s.RetryEvery, "SEVER_RETRY_EVERY"),
		set(&p.BatchSize, s.BatchSize, "SEVER_BATCH_SIZE"),
		set(&p.MaxAccounts, s.MaxAccounts, "SEVER_MAX_ACCOUNTS"),
		set(&p.MaxPercent, s.MaxPercent, "SEVER_MAX_PERCENT"),
		set(&p.MaxPerHour, s.MaxPerHour, "SEVER_MAX_PER_HOUR"),
		set(&p.MaxHourPercent, s.MaxHourPct, "SEVER_MAX_HOUR_PERCENT"),
	)
	if s.ApprovalTTL != nil { // zero means something here: for ever
		p.ApprovalTTL = *s.ApprovalTTL
		if *s.ApprovalTTL < 0 {
			err = errors.Join(err, fmt.Errorf("SEVER_APPROVAL_TTL is %s: give a positive length of time, or 0 for ever", *s.ApprovalTTL))
		}
	}
	if s.Approval != nil {
		p.Approval = plan.Approval(*s.Approval)
		if p.Approval != plan.ApproveGuarded && p.Approval != plan.ApproveAlways {
			err = errors.Join(err, fmt.Errorf("SEVER_APPROVAL is %q: choose %q or %q", *s.Approval, plan.ApproveGuarded, plan.ApproveAlways))
		}
	}
	if s.Shared != nil {
		p.Shared = plan.SharedRule(*s.Shared)
		if !plan.KnownSharedRule(p.Shared) {
			err = errors.Join(err, fmt.Errorf("SEVER_SHARED is %q: choose %q or %q", *s.Shared, plan.SharedTask, plan.SharedRotate))
		}
	}
	if err != nil {
		return p, Invalidf("%w", err)
	}
	return p, nil
}

func set[T time.Duration | int](to *T, from *T, name string) error {
	if from == nil {
		return nil
	}
	if *from <= 0 {
		return fmt.Errorf("%s is %v: it has to be more than zero", name, *from)
	}
	*to = *from
	return nil
}
