package trove

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Accounts lists the accounts of every instance of every region, by region, instance,
// name and host as the system orders them. Grants are left out; Look has them.
//
// An instance that cannot be read does not keep the others from being listed, and the
// list then ends with an error: it is not the whole list.
func (c *Cloud) Accounts(ctx context.Context) iter.Seq2[access.Account, error] {
	return func(yield func(access.Account, error) bool) {
		left := errors.New("left")
		err := c.walk(ctx, "list the accounts", func(i instance, users []user) error {
			for _, u := range users {
				if !yield(c.account(i, u), nil) {
					return left
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, left) {
			yield(access.Account{}, err)
		}
	}
}

// walk visits every instance that has accounts of its own. What f says ends it.
func (c *Cloud) walk(ctx context.Context, op string, f func(instance, []user) error) error {
	open, err := c.session.open(ctx)
	if err != nil {
		return c.session.unanswered(op, err)
	}
	var unread []error
	for _, r := range open.regions {
		instances, err := c.instances(ctx, r)
		if err != nil {
			return errors.Join(append(unread, err)...)
		}
		for _, i := range instances {
			if c.cfg.skips(i.id) {
				continue
			}
			if i.replicaOf != "" {
				if err := sourced(i, instances); err != nil {
					unread = append(unread, err)
				}
				continue // accounts are copied from the source
			}
			users, err := c.users(ctx, r, i.place)
			switch {
			case errors.Is(err, errNoAccounts):
				continue
			case err != nil && stops(ctx, err):
				return errors.Join(append(unread, err)...)
			case err != nil:
				unread = append(unread, err)
				continue
			}
			if err := f(i, users); err != nil {
				return err
			}
		}
	}
	return errors.Join(unread...)
}

// sourced refuses a replica whose source we cannot see: its accounts would be nowhere.
func sourced(replica instance, listed []instance) error {
	for _, i := range listed {
		if i.id == replica.replicaOf {
			return nil
		}
	}
	return provider.Refuse("list the accounts of instance "+replica.String(), "it is a replica, and its source is not listed", access.Blocker{
		Object: "instance " + replica.String(), Why: "its source " + replica.replicaOf + " cannot be seen",
		Remedy: "give this connection the project and the region of the source; or add " + replica.id + " to SKIP_INSTANCES and answer for it",
	})
}

// stops reports errors after which going on makes no sense.
func stops(ctx context.Context, err error) bool {
	k := provider.KindOf(err)
	return ctx.Err() != nil || k == provider.Denied || k == provider.Throttled
}

// account is a user as the others know it.
func (c *Cloud) account(i instance, u user) access.Account {
	a := access.Account{
		Ref:    access.Ref{Connection: c.connection, Resource: i.String(), Name: u.name, Host: u.host},
		Engine: i.engine, Protected: reserved(u.name, i.engine),
		Attributes: map[string]string{"instance": i.name, "datastore": i.engine + " " + i.version},
	}
	if i.group != "" {
		a.Attributes["high availability"] = i.group
	}
	return a
}

// unseen is what stands for all that the system does not show.
const unseen = "privileges that the API does not show"

// grants are the databases of a user, and the unknown rest.
func grants(u user) []access.Grant {
	var out []access.Grant
	for _, d := range u.databases {
		g := access.Grant{Kind: access.Privilege, Database: d, Privilege: "any", Extent: access.ExtentDatabase, EndedBy: access.Revoke}
		if _, err := databaseSegment(d); err != nil {
			g.EndedBy = access.Delete
		}
		out = append(out, g)
	}
	return append(out, access.Grant{
		Kind: access.Privilege, Object: unseen, Privilege: "unknown: global, table, column, routine, role",
		Extent: access.ExtentUnknown, EndedBy: access.Delete,
	})
}

// describe is a user in one line of evidence.
func (u user) describe() string {
	return fmt.Sprintf("%s@%s is there, with %d databases", u.name, u.host, len(u.databases))
}
