package digitalocean

import (
	"context"
	"errors"
	"iter"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Accounts lists the users of every cluster, by cluster and name, without grants.
// Clusters whose users the API cannot list have none in it: Look for a name on no
// particular cluster has them as gaps, and Preflight names them.
func (t *Team) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		all, _, err := t.population(ctx, "list "+t.connection)
		if err != nil {
			yield(access.Account{}, err)
			return
		}
		for _, h := range all {
			for _, u := range h.users {
				if !yield(t.account(h.cluster, u), nil) {
					return
				}
			}
		}
	}
}

// household is a cluster with its users.
type household struct {
	cluster
	users []user
}

// atOnce is how many clusters are asked side by side.
const atOnce = 4

// population is every cluster whose users can be listed, with all of them, and the
// clusters where they cannot. A cluster that goes while we look is left out.
func (t *Team) population(ctx context.Context, op string) (all []household, silent []cluster, err error) {
	clusters, err := t.clusters(ctx, op)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range clusters {
		if supported(c.Engine) {
			all = append(all, household{cluster: c})
		} else {
			silent = append(silent, c)
		}
	}
	var (
		ask  provider.Together
		slot = make(chan struct{}, atOnce)
		errs = make([]error, len(all))
	)
	for i := range all {
		slot <- struct{}{}
		ask.Go(func() {
			defer func() { <-slot }()
			all[i].users, errs[i] = t.users(ctx, op, all[i].ID)
		})
	}
	ask.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, errNoCluster) {
			return nil, nil, err
		}
	}
	return all, silent, nil
}

// account is what a list shows of a user.
func (t *Team) account(c cluster, u user) access.Account {
	a := access.Account{
		Ref:       access.Ref{Connection: t.connection, Resource: c.ID, Name: u.Name},
		Engine:    c.Engine,
		Protected: protected(u.Name, u.Role),
		Attributes: map[string]string{
			"cluster": printable(c.Name), "version": printable(c.Version), "region": printable(c.Region),
		},
	}
	add := func(name, value string) {
		if value != "" {
			a.Attributes[name] = printable(value)
		}
	}
	add("role", u.Role)
	if u.MySQL != nil {
		add("auth plugin", u.MySQL.Plugin)
	}
	if c.Engine == kafka && u.Cert {
		add("client certificate", "yes")
	}
	return a
}
