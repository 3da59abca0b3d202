package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// mine refuses a reference that this connection could not have made.
func (t *Team) mine(op string, ref access.Ref) error {
	switch {
	case ref.Connection != t.connection:
		return provider.Refuse(op, "this is connection "+t.connection)
	case ref.Name == "":
		return provider.Refuse(op, "the account has no name")
	}
	return nil
}

// target is an account before it is changed: the cluster as it is now, and the user,
// nil when it is not there.
type target struct {
	cluster cluster
	user    *user
	// gone says in words why there is nothing to do; empty when there may be.
	gone string
}

// find looks at the account of a step. It refuses what no step may touch, and waits
// for a cluster that is being changed by somebody else.
func (t *Team) find(ctx context.Context, op string, ref access.Ref) (target, error) {
	if err := t.mine(op, ref); err != nil {
		return target{}, err
	}
	if why := protected(ref.Name, ""); why != "" {
		return target{}, provider.Refuse(op, "protected: "+why)
	}
	switch {
	case ref.Host != "":
		return target{}, provider.Refuse(op, "users here have no host")
	case !uuidRule.MatchString(ref.Resource):
		return target{}, provider.Refuse(op, fmt.Sprintf("%q is no UUID of a cluster", printable(ref.Resource)))
	}
	c, err := t.cluster(ctx, op, ref.Resource)
	if errors.Is(err, errNoCluster) {
		return target{gone: err.Error()}, nil
	}
	if err != nil {
		return target{}, err
	}
	switch {
	case !supported(c.Engine):
		return target{}, provider.Refuse(op, whyNot(c.Engine))
	case c.Status != online:
		return target{}, wait(op, fmt.Sprintf("cluster %s is %q; it is changed only while it is online", c.ID, printable(c.Status)))
	}
	out := target{cluster: c}
	out.user, err = t.user(ctx, op, ref)
	switch {
	case errors.Is(err, errNoCluster):
		return target{gone: err.Error()}, nil
	case err != nil:
		return target{}, err
	case out.user == nil:
		out.gone = "no such user"
	case protected(ref.Name, out.user.Role) != "":
		return target{}, provider.Refuse(op, "protected: "+protected(ref.Name, out.user.Role))
	}
	return out, nil
}

// user is the one that ref names, from the whole list of its cluster, or nil.
func (t *Team) user(ctx context.Context, op string, ref access.Ref) (*user, error) {
	all, err := t.users(ctx, op, ref.Resource)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(u user) bool { return u.Name == ref.Name })
	if i < 0 {
		return nil, nil
	}
	return &all[i], nil
}

// already is the receipt of a step that found nothing left to do.
func already(why string) (access.Receipt, error) {
	return access.Receipt{Already: true, Words: why}, nil
}
