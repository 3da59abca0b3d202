package trove

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/provider"
)

// Preflight logs in, looks at our roles, and lists the accounts of every instance once.
func (c *Cloud) Preflight(ctx context.Context) ([]provider.Check, error) {
	op := "preflight " + c.connection
	open, err := c.session.open(ctx)
	if err != nil {
		if provider.KindOf(err) != provider.Denied {
			return nil, c.session.unanswered(op, err)
		}
		return []provider.Check{{
			Name: "may log in", Fatal: true, Detail: brief(err.Error()),
			Remedy: "check the credential, the project and REGIONS; a second factor keeps an API key from logging in",
		}}, nil
	}
	checks := []provider.Check{
		{Name: "may log in", OK: true, Fatal: true, Detail: fmt.Sprintf("databases in %d regions", len(open.regions))},
		c.roles(open.roles),
	}
	for _, r := range open.regions {
		more, err := c.checkRegion(ctx, r)
		if err != nil {
			return nil, c.session.unanswered(op, err)
		}
		checks = append(checks, more...)
	}
	return checks, nil
}

// roles looks at what Rackspace calls our rights. Keystone knows none narrower than
// the project.
func (c *Cloud) roles(ours []string) provider.Check {
	check := provider.Check{Name: "may change and delete accounts", OK: true, Detail: "roles: " + brief(strings.Join(ours, ", "))}
	if c.session.kind != rackspace {
		check.Detail += "; any role on the project may do everything in it"
		return check
	}
	check.OK = slices.ContainsFunc(ours, func(role string) bool { return role == "dbaas:admin" || role == "admin" })
	if !check.OK {
		check.Remedy = "give the user " + c.cfg.Username + " the role dbaas:admin; dbaas:creator may not delete"
	}
	return check
}

func (c *Cloud) checkRegion(ctx context.Context, r region) ([]provider.Check, error) {
	instances, err := c.instances(ctx, r)
	name := "may list the instances of region " + r.name
	if provider.KindOf(err) == provider.Denied {
		return []provider.Check{{Name: name, Fatal: true, Detail: brief(err.Error()), Remedy: "give our login a role on this project in region " + r.name}}, nil
	}
	if err != nil {
		return nil, err
	}
	checks := []provider.Check{{Name: name, OK: true, Fatal: true, Detail: fmt.Sprintf("%d instances", len(instances))}}
	for _, i := range instances {
		check, err := c.checkInstance(ctx, r, i, instances)
		if err != nil {
			return nil, err
		}
		checks = append(checks, check)
	}
	return checks, nil
}

// checkInstance says what can be done on one instance.
func (c *Cloud) checkInstance(ctx context.Context, r region, i instance, others []instance) (provider.Check, error) {
	check := provider.Check{Name: fmt.Sprintf("sees the accounts of instance %s (%s)", i.place, brief(i.name)), OK: true}
	switch {
	case c.cfg.skips(i.id):
		check.Detail = "left out by SKIP_INSTANCES: a person answers for it"
		return check, nil
	case i.replicaOf != "":
		if err := sourced(i, others); err != nil {
			check.OK, check.Detail = false, brief(err.Error())
			check.Remedy = "add " + i.id + " to SKIP_INSTANCES, or give this connection the region of its source"
			return check, nil
		}
		check.Detail = "a replica of " + i.replicaOf + ", whose accounts it copies"
		return check, nil
	}
	users, err := c.users(ctx, r, i.place)
	switch {
	case errors.Is(err, errNoAccounts):
		check.Detail = i.engine + ": " + errNoAccounts.Error()
	case err != nil && stops(ctx, err):
		return check, err
	case err != nil:
		check.OK, check.Detail = false, brief(err.Error())
		check.Remedy = "until it can be read the whole connection is unknown: mend it, or add " + i.id + " to SKIP_INSTANCES and answer for it"
	default:
		check.Detail = fmt.Sprintf("%s %s, %d accounts", i.engine, i.version, len(users))
		if i.engine == postgresql && len(c.cfg.ApprovePublic) == 0 {
			check.Detail += "; a revoke takes CONNECT from PUBLIC and is refused until APPROVE_PUBLIC names the database"
		}
		if i.group != "" {
			check.Detail += "; in a group for high availability, where the system may refuse changes"
		}
	}
	return check, nil
}
