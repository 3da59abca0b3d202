package digitalocean

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Unlink takes the user out of one pool, or one rule out of its access control list.
func (t *Team) Unlink(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Unlink, step.Account) + " from " + step.Object
	at, err := t.find(ctx, op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	name, isPool := strings.CutPrefix(step.Object, poolObject(""))
	switch {
	case at.cluster.ID == "":
		return already(at.gone)
	case at.cluster.Engine == pg && isPool && name != "":
		return t.unpool(ctx, op, step, name)
	case at.cluster.Engine == kafka || at.cluster.Engine == opensearch:
		return t.unrule(ctx, op, at, step)
	case at.gone != "":
		return already(at.gone)
	}
	return access.Receipt{}, provider.Refuse(op, fmt.Sprintf("%q is no link on engine %s", printable(step.Object), at.cluster.Engine))
}

// unpool does with the pool what POOLS says, and reads the list again.
func (t *Team) unpool(ctx context.Context, op string, step access.Step, name string) (access.Receipt, error) {
	p, err := t.pool(ctx, op, step, name)
	if errors.Is(err, errNoCluster) || err == nil && p == nil {
		return already("no such pool names the user")
	}
	if err != nil {
		return access.Receipt{}, err
	}
	c := call{op: op, scope: scopeUpdate, method: http.MethodPut, path: []string{step.Account.Resource, "pools", name}}
	words := "the pool names no user any more; its clients log in as themselves"
	heir, named := strings.CutPrefix(t.cfg.Pools, poolsUser)
	switch {
	case t.cfg.Pools == poolsDelete:
		c.method, c.scope = http.MethodDelete, scopeDelete
		words = "the pool was deleted"
	case named:
		if err := t.mayInherit(ctx, op, step.Account, heir); err != nil {
			return access.Receipt{}, err
		}
		c.body = pool{Mode: p.Mode, Size: p.Size, Database: p.Database, User: heir}
		words = "the pool is used as " + heir
	default:
		c.body = pool{Mode: p.Mode, Size: p.Size, Database: p.Database}
	}
	said, err := t.send(ctx, c)
	if err != nil && statusOf(err) != http.StatusNotFound {
		return access.Receipt{}, err
	}
	left, listErr := t.pool(ctx, op, step, name)
	switch {
	case errors.Is(listErr, errNoCluster):
	case listErr != nil:
		return access.Receipt{}, listErr
	case left != nil && err != nil:
		return access.Receipt{}, wait(op, "the API "+err.Error()+", and it still lists the pool with the user")
	case left != nil:
		return access.Receipt{}, provider.Refuse(op, "the API said that it is done, and the pool still names the user", access.Blocker{
			Object: poolObject(name), Why: "a PUT without a user seems to keep it", Remedy: "set POOLS to delete or to user:NAME, or change the pool by hand, then retry"})
	}
	return access.Receipt{Words: words, RequestID: said.requestID}, nil
}

// pool is the one of that name, if it names the account.
func (t *Team) pool(ctx context.Context, op string, step access.Step, name string) (*pool, error) {
	all, err := t.poolsOf(ctx, op, step.Account)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(p pool) bool { return p.Name == name })
	if i < 0 {
		return nil, nil
	}
	if step.Database != "" && all[i].Database != step.Database {
		return nil, provider.Refuse(op, fmt.Sprintf("the pool belongs to database %q now, and %q was planned", printable(all[i].Database), printable(step.Database)))
	}
	return &all[i], nil
}

// mayInherit refuses to give a pool to somebody who is not there or may do everything.
func (t *Team) mayInherit(ctx context.Context, op string, leaver access.Ref, heir string) error {
	leaver.Name = strings.Clone(heir)
	u, err := t.user(ctx, op, leaver)
	switch {
	case err != nil:
		return err
	case u == nil:
		return provider.Refuse(op, "POOLS names the user "+printable(heir)+", who is not on the cluster")
	case protected(heir, u.Role) != "":
		return provider.Refuse(op, "POOLS names the user "+printable(heir)+": "+protected(heir, u.Role))
	}
	return nil
}

// unrule sends the list without the rule. The ids of the others are sent along.
func (t *Team) unrule(ctx context.Context, op string, at target, step access.Step) (access.Receipt, error) {
	engine := at.cluster.Engine
	gone, err := ruleOf(engine, step.Database, step.Object)
	if err != nil {
		return access.Receipt{}, refuse(op, err)
	}
	if at.gone != "" {
		return already(at.gone)
	}
	all, whole := listedRules(engine, at.user.Settings)
	if all == nil || !whole {
		return access.Receipt{}, provider.Refuse(op, "the access control list cannot be sent back without the rule", access.Blocker{
			Object: "access control list", Why: "the API does not show all of it in a form that it takes", Remedy: "delete the user, or change the list by hand"})
	}
	left, n := less(all, gone)
	switch {
	case n == 0:
		return already("the user has no such rule")
	case len(left) == 0:
		return access.Receipt{}, provider.Refuse(op, "it is the last rule", access.Blocker{
			Object: "access control list", Why: "whether an empty list means nothing or everything is not documented", Remedy: "delete the user; a new plan does"})
	}
	said, now, err := t.putSettings(ctx, op, step.Account, settingsWith(engine, left))
	if err != nil {
		return access.Receipt{}, err
	}
	if answered, _ := rulesOf(engine, now.Settings); slices.ContainsFunc(answered, gone.same) {
		return access.Receipt{}, provider.Refuse(op, "the API said that it is done, and the rule is still there", access.Blocker{
			Object: gone.object() + " on " + printable(gone.pattern()), Why: "a PUT seems to keep what it leaves out", Remedy: "set RULES=delete, then retry: the rules end with the user"})
	}
	if err := t.settled(ctx, op, step.Account, func(u user) bool {
		listed, whole := rulesOf(engine, u.Settings)
		return whole && !slices.ContainsFunc(listed, gone.same)
	}); err != nil {
		return access.Receipt{}, err
	}
	return access.Receipt{Words: fmt.Sprintf("the rule is gone; %d are left", len(left)), RequestID: said.requestID}, nil
}

// putSettings replaces one kind of setting, and gives what the API answers.
func (t *Team) putSettings(ctx context.Context, op string, ref access.Ref, to *settings) (answer, user, error) {
	said, err := t.send(ctx, call{op: op, scope: scopeUpdate, method: http.MethodPut, path: []string{ref.Resource, "users", ref.Name},
		body: struct {
			Settings *settings `json:"settings"`
		}{to}})
	if err != nil {
		return answer{}, user{}, err
	}
	var out struct {
		User *user `json:"user"`
	}
	if err := json.Unmarshal(said.body, &out); err != nil || out.User == nil || out.User.Name != ref.Name {
		return answer{}, user{}, unreadable(op, "it has no user of that name")
	}
	return said, *out.User, nil
}

// settled reads the user again and waits until the list agrees. A user that is gone
// by now agrees with everything.
func (t *Team) settled(ctx context.Context, op string, ref access.Ref, agrees func(user) bool) error {
	u, err := t.user(ctx, op, ref)
	switch {
	case errors.Is(err, errNoCluster), err == nil && u == nil:
		return nil
	case err != nil:
		return err
	case !agrees(*u):
		return wait(op, "the API said that it is done, and its list of users does not show it")
	}
	return nil
}
