package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Restore undoes one step from the record that Look made. A user made anew has no
// id that would tell it from the old one, and a password that nobody knows until
// containing is undone, too.
func (t *Team) Restore(ctx context.Context, before access.Account, step access.Step) (provider.Restored, error) {
	op := op(access.Restore, step.Account) + " after " + string(step.Action)
	if err := t.mine(op, step.Account); err != nil {
		return provider.Restored{}, err
	}
	was, err := readSnapshot(before, step.Account)
	if err != nil {
		return provider.Restored{}, refuse(op, err)
	}
	at, err := t.find(ctx, op, step.Account)
	if err != nil {
		return provider.Restored{}, err
	}
	r := restoration{team: t, op: op, ref: step.Account, at: at, was: was, before: before}
	switch {
	case at.cluster.ID == "":
		return provider.Restored{}, refuse(op, errNoCluster)
	case step.Action == access.Delete:
		err = r.create(ctx)
	case at.user == nil:
		err = provider.Refuse(op, "the user is not there: undo its deletion first")
	case step.Action == access.Contain:
		err = r.open(ctx)
	case step.Action == access.Unlink && at.cluster.Engine == pg:
		err = r.repool(ctx, step)
	case step.Action == access.Unlink:
		err = r.rerule(ctx, step)
	case step.Action == access.Revoke:
		err = r.replicate(ctx)
	default:
		err = provider.Refuse(op, fmt.Sprintf("nothing undoes %q", step.Action))
	}
	if err != nil {
		return provider.Restored{}, err
	}
	return r.out, nil
}

// restoration is one call of Restore.
type restoration struct {
	team   *Team
	op     string
	ref    access.Ref
	at     target
	was    snapshot
	before access.Account
	out    provider.Restored
}

func (r *restoration) missing(what, why, remedy string) {
	r.out.Missing = append(r.out.Missing, access.Gap{Object: what, Why: why, Remedy: remedy})
}

// open gives the user a new password: the old one cannot come back. A repeated call
// gives another, because the answer with the first may have been lost.
func (r *restoration) open(ctx context.Context) error {
	requestID, secret, err := r.team.resetAuth(ctx, r.op, r.ref)
	if err != nil {
		return err
	}
	r.out.RequestID, r.out.Words, r.out.Secret = requestID, "a new password", secret
	if secret == "" {
		r.missing("password", "the API made a new one and does not show it to this token",
			"add the scope database:view_credentials to the token and retry, or read the password in the control panel")
	}
	return nil
}

// repool gives the pool back to the user, or makes the pool again.
func (r *restoration) repool(ctx context.Context, step access.Step) error {
	name := strings.TrimPrefix(step.Object, poolObject(""))
	i := slices.IndexFunc(r.was.Pools, func(p pool) bool { return p.Name == name })
	if i < 0 {
		return provider.Refuse(r.op, "the record has no "+printable(step.Object))
	}
	want := r.was.Pools[i]
	all, err := r.team.pools(ctx, r.op, r.ref.Resource)
	if err != nil {
		return err
	}
	c := call{op: r.op, scope: scopeCreate, method: "POST", path: []string{r.ref.Resource, "pools"}, body: want}
	if i := slices.IndexFunc(all, func(p pool) bool { return p.Name == name }); i >= 0 {
		now := all[i]
		heir, _ := strings.CutPrefix(r.team.cfg.Pools, poolsUser)
		switch {
		case now.User == r.ref.Name:
			r.out.Receipt, _ = already("the pool names the user")
			return nil
		case now.Database != want.Database || now.User != "" && now.User != heir:
			r.missing(step.Object, fmt.Sprintf("somebody gave it to the user %q and the database %q since", printable(now.User), printable(now.Database)),
				"decide by hand whose pool it is")
			return nil
		}
		c.scope, c.method, c.path = scopeUpdate, "PUT", append(c.path, name)
		c.body = pool{Mode: now.Mode, Size: now.Size, Database: now.Database, User: r.ref.Name}
	}
	said, err := r.team.send(ctx, c)
	if err != nil {
		return err
	}
	mine, err := r.team.poolsOf(ctx, r.op, r.ref)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(mine, func(p pool) bool { return p.Name == name }) {
		return wait(r.op, "the API said that it is done, and its list of pools does not show it")
	}
	r.out.RequestID, r.out.Words = said.requestID, "the pool names the user again"
	return nil
}

// rerule adds the rule to the list as it is now.
func (r *restoration) rerule(ctx context.Context, step access.Step) error {
	engine := r.at.cluster.Engine
	want, err := ruleOf(engine, step.Database, step.Object)
	if err != nil {
		return refuse(r.op, err)
	}
	recorded, _ := rulesOf(engine, r.was.Settings)
	all, whole := listedRules(engine, r.at.user.Settings)
	switch {
	case !slices.ContainsFunc(recorded, want.same):
		return provider.Refuse(r.op, "the record has no such rule")
	case slices.ContainsFunc(all, want.same):
		r.out.Receipt, _ = already("the user has the rule")
		return nil
	case !whole:
		r.missing(step.Object+" on "+printable(step.Database), "the API does not show the access control list in a form that it takes", "add the rule by hand")
		return nil
	}
	said, _, err := r.team.putSettings(ctx, r.op, r.ref, settingsWith(engine, append(all, want)))
	if err != nil {
		return err
	}
	r.out.RequestID, r.out.Words = said.requestID, "the user has the rule again"
	return r.team.settled(ctx, r.op, r.ref, func(u user) bool {
		listed, _ := rulesOf(engine, u.Settings)
		return slices.ContainsFunc(listed, want.same)
	})
}

func (r *restoration) replicate(ctx context.Context) error {
	may := func(s *settings) bool { return s != nil && s.Replication != nil && *s.Replication }
	switch {
	case r.at.cluster.Engine != pg || !may(r.was.Settings):
		return provider.Refuse(r.op, "the record has no replication")
	case may(r.at.user.Settings):
		r.out.Receipt, _ = already("the user may replicate")
		return nil
	}
	said, _, err := r.team.putSettings(ctx, r.op, r.ref, &settings{Replication: new(true)})
	if err != nil {
		return err
	}
	r.out.RequestID, r.out.Words = said.requestID, "the user may replicate again"
	return r.team.settled(ctx, r.op, r.ref, func(u user) bool { return may(u.Settings) })
}

var errUnknownReach = errors.New("what the user could reach was not shown when it was recorded, and a user without a list may reach everything")
