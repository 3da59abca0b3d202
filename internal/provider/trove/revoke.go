package trove

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Revoke takes one database away from one account, and reads the list of its
// databases again.
func (c *Cloud) Revoke(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := opOf(string(access.Revoke), step.Account, step.Database)
	database, err := databaseSegment(step.Database)
	if err != nil {
		return access.Receipt{}, provider.Refuse(op, err.Error())
	}
	f, receipt, err := c.found(ctx, op, step.Account)
	if f == nil {
		return receipt, err
	}
	if !slices.Contains(f.user.databases, step.Database) {
		return c.notListed(ctx, op, f, step)
	}
	if err := c.reachesPublic(op, f, step.Database); err != nil {
		return access.Receipt{}, err
	}
	who, err := segment(f.user.name, f.user.host)
	if err != nil {
		return access.Receipt{}, provider.Refuse(op, err.Error())
	}
	path := "/instances/" + f.instance.id + "/users/" + who + "/databases"
	a, err := f.region.send(ctx, request{op: op, method: http.MethodDelete, path: path + "/" + database, timeout: f.region.cfg.Timeout})
	switch {
	case err != nil:
		return access.Receipt{}, err
	case !a.ok() && a.status != http.StatusNotFound:
		return access.Receipt{}, f.refused(op, a)
	}
	left, err := f.region.databases(ctx, op, path)
	switch {
	case errors.Is(err, errNoAccount):
		return c.vanished(ctx, op, step.Account, a)
	case err != nil && a.ok():
		return access.Receipt{Pending: true, Words: "accepted; it could not be read back: " + brief(err.Error())}, nil
	case err != nil:
		return access.Receipt{}, err
	case !slices.Contains(left, step.Database) && a.ok():
		return access.Receipt{Words: fmt.Sprintf("revoked; %d databases are left", len(left))}, nil
	case !slices.Contains(left, step.Database):
		return access.Receipt{Already: true, Words: "somebody else revoked it just now"}, nil
	case a.ok():
		return access.Receipt{Pending: true, Words: "accepted; the database is still listed"}, nil
	}
	return access.Receipt{}, a.judge(op)
}

// notListed is for a database that is not among those of the account. Where another
// account differs in nothing but case, that says nothing.
func (c *Cloud) notListed(ctx context.Context, op string, f *finding, step access.Step) (access.Receipt, error) {
	if f.instance.engine != postgresql {
		twin, err := c.twin(ctx, f.region, f.instance.place, f.user)
		if err != nil {
			return access.Receipt{}, err
		}
		if twin != "" {
			return access.Receipt{}, provider.Refuse(op, "it cannot be told whether it is granted", access.Blocker{
				Object: "database " + step.Database, Why: "the account " + twin + " differs in nothing but case, and the system hides databases of one of the two",
				Remedy: "revoke it over SQL; deleting the account works all the same",
			})
		}
	}
	return access.Receipt{Already: true, Words: fmt.Sprintf("not among the %d databases of the account", len(f.user.databases))}, nil
}

// errNoAccount says that the account was not found by name.
var errNoAccount = errors.New("the account is not found by name")

// databases lists what an account has now.
func (r region) databases(ctx context.Context, op, path string) ([]string, error) {
	a, err := r.get(ctx, op, path)
	if err != nil {
		return nil, err
	}
	var list struct {
		Databases *[]databaseJSON `json:"databases"`
	}
	switch {
	case a.status == http.StatusNotFound:
		return nil, errNoAccount
	case a.status != http.StatusOK:
		return nil, a.judge(op)
	}
	if err := a.into(op, &list); err != nil {
		return nil, err
	}
	u, err := user{}.with(list.Databases)
	if err != nil {
		return nil, &provider.Error{Kind: provider.Transient, Op: op, Err: err}
	}
	return u.databases, nil
}

// reachesPublic refuses what would take CONNECT from PUBLIC, and with it from people
// who have nothing to do with the case, unless a person approved of it.
func (c *Cloud) reachesPublic(op string, f *finding, databases ...string) error {
	if f.instance.engine != postgresql {
		return nil
	}
	var blockers []access.Blocker
	for _, d := range databases {
		if !c.cfg.approved(f.instance.id, d) {
			blockers = append(blockers, access.Blocker{
				Object: "database " + d, Why: "this system takes CONNECT on it from PUBLIC too: accounts without a grant of their own are locked out",
				Remedy: fmt.Sprintf("revoke it through a postgres connection to this server; or add %s/%s to APPROVE_PUBLIC", f.instance.id, d),
			})
		}
	}
	if len(blockers) == 0 {
		return nil
	}
	return provider.Refuse(op, "it would reach further than this account", blockers...)
}
