package digitalocean

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Delete removes the user, after no pool names it, and then reads the list: neither
// a 204 nor a 404 is proof.
func (t *Team) Delete(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Delete, step.Account)
	at, err := t.find(ctx, op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	if at.gone != "" {
		return already(at.gone)
	}
	if at.cluster.Engine == pg {
		if err := t.unpooled(ctx, op, step.Account); err != nil {
			return access.Receipt{}, err
		}
	}
	said, err := t.send(ctx, call{op: op, scope: scopeDelete, method: http.MethodDelete,
		path: []string{step.Account.Resource, "users", step.Account.Name}})
	if err != nil && statusOf(err) != http.StatusNotFound {
		return access.Receipt{}, owning(at.cluster.Engine, err)
	}
	left, listErr := t.user(ctx, op, step.Account)
	switch {
	case errors.Is(listErr, errNoCluster):
	case listErr != nil:
		return access.Receipt{}, listErr
	case left != nil && err != nil:
		return access.Receipt{}, wait(op, "the API "+err.Error()+", and it still lists the user")
	case left != nil:
		return access.Receipt{}, wait(op, "the API said that it is done, and it still lists the user")
	case err != nil:
		return already("deleted by somebody else just now: not in the list of users")
	}
	return access.Receipt{Words: "deleted, and not in the list of users any more", RequestID: said.requestID}, nil
}

// unpooled refuses while pools name the user. What the API would do to them is not
// documented.
func (t *Team) unpooled(ctx context.Context, op string, ref access.Ref) error {
	pools, err := t.poolsOf(ctx, op, ref)
	if err != nil || len(pools) == 0 {
		return err
	}
	out := &provider.Error{Kind: provider.Rejected, Op: op, Err: errors.New("connection pools still name the user")}
	for _, p := range pools {
		out.Blockers = append(out.Blockers, access.Blocker{Object: poolObject(p.Name) + " of database " + p.Database,
			Why: "its clients log in as this user", Remedy: "unlink it: give it another user, none, or delete it"})
	}
	return out
}

// owning says what a refused DELETE most likely means on the engines whose users own
// objects. The servers refuse to drop those; how the API passes that on is not
// documented, so every refusal counts, and an error of the server is told with a hint.
func owning(engine string, err error) error {
	e, ok := errors.AsType[*provider.Error](err)
	if !ok || !slices.Contains([]string{pg, mysql}, engine) {
		return err
	}
	status := statusOf(err)
	if e.Kind != provider.Rejected && (e.Kind != provider.Transient || status < 400) || status == http.StatusRequestTimeout {
		return err
	}
	b := access.Blocker{Object: "what the user owns", Why: "the server refuses to drop a user that owns objects or holds privileges, and the API does not say which",
		Remedy: "in every database: REASSIGN OWNED BY the user TO a successor, then DROP OWNED BY the user; a postgres connection to this cluster does it. Then retry"}
	if engine == mysql {
		b = access.Blocker{Object: "what the user defined", Why: "the server refuses to drop a user that is the definer of views, routines, events or triggers, and the API does not say which",
			Remedy: "make them again with another DEFINER, then retry"}
	}
	out := *e
	out.Blockers = append(slices.Clone(e.Blockers), b)
	if status < 500 {
		out.Kind = provider.Rejected
	}
	return &out
}
