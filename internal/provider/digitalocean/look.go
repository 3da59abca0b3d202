package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Look asks for the cluster, for all of its users and, on PostgreSQL, for its pools.
// The user's own address is not asked: a 404 there says nothing. Open sessions cannot
// be seen; -1 says so of a user that is there, and words of one that is gone.
func (t *Team) Look(ctx context.Context, ref access.Ref) (access.Sighting, error) {
	op := "look at " + ref.String()
	if err := t.mine(op, ref); err != nil {
		return access.Sighting{}, err
	}
	switch {
	case ref.Host != "":
		return access.Sighting{
			Gaps: []access.Gap{{Object: ref.String(), Why: "users of DigitalOcean's clusters have no host, so the name is not one of theirs",
				Remedy: "correct the identity: the name alone"}},
			Asked: "nothing", Answered: "an account with a host cannot be here",
		}, nil
	case ref.Resource == "":
		return t.search(ctx, op, ref)
	case !uuidRule.MatchString(ref.Resource):
		return access.Sighting{}, provider.Refuse(op, fmt.Sprintf("%q is no UUID of a cluster", printable(ref.Resource)))
	}
	asked := fmt.Sprintf("GET cluster %s, all of its users, for %q", ref.Resource, printable(ref.Name))
	c, err := t.cluster(ctx, op, ref.Resource)
	if errors.Is(err, errNoCluster) {
		return t.without(asked), nil
	}
	if err != nil {
		return access.Sighting{}, err
	}
	if !supported(c.Engine) {
		return access.Sighting{Sessions: -1, Gaps: []access.Gap{unlistable(c)},
			Asked: "GET cluster " + c.ID, Answered: "engine " + printable(c.Engine) + "; " + whyNot(c.Engine)}, nil
	}
	users, err := t.users(ctx, op, c.ID)
	if errors.Is(err, errNoCluster) {
		return t.without(asked), nil
	}
	if err != nil {
		return access.Sighting{}, err
	}
	var pools []pool
	if c.Engine == pg {
		asked += ", all of its pools"
		pools, err = t.poolsOf(ctx, op, ref)
		if errors.Is(err, errNoCluster) {
			return t.without(asked), nil
		}
		if err != nil {
			return access.Sighting{}, err
		}
	}
	seen := access.Sighting{Asked: asked + t.when()}
	i := slices.IndexFunc(users, func(u user) bool { return u.Name == ref.Name })
	if i < 0 {
		for _, p := range pools {
			seen.Residue = append(seen.Residue, poolObject(p.Name)+" still names the user")
		}
		seen.Answered = fmt.Sprintf("cluster %s is %s and has %d users, none of that name; %d pools name it; sessions opened before cannot be seen by this API",
			c.ID, printable(c.Status), len(users), len(pools))
		return seen, nil
	}
	seen.Exists, seen.Sessions, seen.Account = true, -1, t.account(c, users[i])
	seen.Account.Grants = t.grants(c, users[i], pools)
	seen.Account.Snapshot = snapshotOf(c, users[i], pools).bytes()
	seen.Answered = fmt.Sprintf("user %q is one of %d on cluster %s (%s); %d grants; sessions cannot be seen by this API",
		printable(ref.Name), len(users), c.ID, c.Engine, len(seen.Account.Grants))
	return seen, nil
}

// without is the sighting of an account whose cluster is not there any more.
func (t *Team) without(asked string) access.Sighting {
	return access.Sighting{Asked: asked + ", and the list of all clusters" + t.when(), Answered: errNoCluster.Error()}
}

// search looks for a name on every cluster. Clusters whose users nobody can list
// keep its absence from being known.
func (t *Team) search(ctx context.Context, op string, ref access.Ref) (access.Sighting, error) {
	all, silent, err := t.population(ctx, op)
	if err != nil {
		return access.Sighting{}, err
	}
	seen := access.Sighting{Asked: fmt.Sprintf("the users of all clusters, for %q", printable(ref.Name)) + t.when()}
	n := 0
	for _, h := range all {
		n += len(h.users)
		if slices.ContainsFunc(h.users, func(u user) bool { return u.Name == ref.Name }) {
			return access.Sighting{}, wait(op, "the user is on cluster "+h.ID+" now; the list that did not have it is out of date")
		}
	}
	var not []string
	for _, c := range silent {
		if slices.Contains(t.cfg.WithoutPeople, c.ID) {
			continue
		}
		seen.Gaps = append(seen.Gaps, unlistable(c))
		not = append(not, c.ID)
	}
	seen.Answered = fmt.Sprintf("none of %d users on %d clusters", n, len(all))
	if len(not) > 0 {
		seen.Answered += "; not to be asked: " + strings.Join(not, ", ")
	}
	return seen, nil
}

// unlistable is the gap of a cluster whose users the API does not list.
func unlistable(c cluster) access.Gap {
	return access.Gap{
		Object: fmt.Sprintf("cluster %s (%s)", c.ID, printable(c.Name)),
		Why:    whyNot(c.Engine),
		Remedy: "make sure that no person has a login there, then add the UUID to WITHOUT_PEOPLE",
	}
}

// poolsOf are the pools that name the user.
func (t *Team) poolsOf(ctx context.Context, op string, ref access.Ref) ([]pool, error) {
	all, err := t.pools(ctx, op, ref.Resource)
	return slices.DeleteFunc(all, func(p pool) bool { return p.User != ref.Name }), err
}

func (t *Team) when() string { return " at " + t.now().UTC().Format(time.RFC3339) }
