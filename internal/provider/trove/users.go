package trove

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// user is one account of an instance.
type user struct {
	name, host string
	databases  []string
}

type databaseJSON struct {
	Name string `json:"name"`
}

type userJSON struct {
	Name      string          `json:"name"`
	Host      *string         `json:"host"`
	Databases *[]databaseJSON `json:"databases"`
}

// of is the user, if it can be read. An account without a host is one at every host.
func (j userJSON) of() (user, error) {
	u := user{name: j.Name, host: everywhere}
	if j.Host != nil && *j.Host != "" {
		u.host = *j.Host
	}
	if u.name == "" {
		return user{}, errors.New("an account has no name")
	}
	return u, nil
}

// with adds the databases, which must be there to be read.
func (u user) with(list *[]databaseJSON) (user, error) {
	if list == nil {
		return u, errors.New("an account comes without the list of its databases")
	}
	for _, d := range *list {
		if d.Name == "" {
			return u, errors.New("a database has no name")
		}
		u.databases = append(u.databases, d.Name)
	}
	slices.Sort(u.databases)
	u.databases = slices.Compact(u.databases)
	return u, nil
}

// users lists every account of an instance, without databases. On a kind of database
// that has no accounts here there are none.
func (c *Cloud) users(ctx context.Context, r region, at place) ([]user, error) {
	op, began := "list the accounts of instance "+at.String(), time.Now()
	found, err := all(ctx, r, listing[user]{
		op: op, path: "/instances/" + at.id + "/users", limit: c.cfg.PageSize, timeout: c.cfg.ListTimeout,
		key: user.key,
		decode: func(a answer) ([]user, error) {
			var page struct {
				Users *[]userJSON `json:"users"`
			}
			if err := a.into(op, &page); err != nil {
				return nil, err
			}
			if page.Users == nil {
				return nil, &provider.Error{Op: op, Err: errors.New("the answer has no list of accounts: " + a.glance())}
			}
			var out []user
			for _, j := range *page.Users {
				u, err := j.of()
				if err != nil {
					return nil, &provider.Error{Op: op, Err: err}
				}
				out = append(out, u)
			}
			return out, nil
		},
	})
	if not, ok := errors.AsType[*listError](err); ok {
		switch {
		case not.answer.unsupported():
			return nil, errNoAccounts
		case not.err.Kind == provider.Rejected:
			not.err.Blockers = []access.Blocker{access.Blocker(oddAccount(at, not.answer.words()))}
		}
	}
	if err != nil {
		return nil, err
	}
	c.keep(at, began, found)
	return found, nil
}

// errNoAccounts says that the instance's kind of database has no accounts here.
var errNoAccounts = errors.New("this kind of database has no accounts that the system manages")

// oddAccount is the gap that one account makes which the system cannot show: the
// page that it is on cannot be had, so nobody knows who else is there.
func oddAccount(at place, words string) access.Gap {
	return access.Gap{
		Object: "the list of accounts of instance " + at.String(), Why: words,
		Remedy: "rename or drop the account or the grant that it names, over SQL; or add " + at.id + " to SKIP_INSTANCES and answer for it",
	}
}

// user asks for one account by name and host.
func (r region) user(ctx context.Context, op string, at place, name, host string) (user, answer, error) {
	who, err := segment(name, host)
	if err != nil {
		return user{}, answer{}, provider.Refuse(op, err.Error())
	}
	a, err := r.get(ctx, op, "/instances/"+at.id+"/users/"+who)
	if err != nil || a.status != http.StatusOK {
		return user{}, a, err
	}
	var one struct {
		User *userJSON `json:"user"`
	}
	if err := a.into(op, &one); err != nil {
		return user{}, a, err
	}
	if one.User == nil {
		return user{}, a, &provider.Error{Op: op, Err: errors.New("the answer has no account: " + a.glance())}
	}
	u, err := one.User.of()
	if err == nil {
		u, err = u.with(one.User.Databases)
	}
	if err == nil && (u.name != name || u.host != host) {
		err = fmt.Errorf("asked for %s@%s, and was told about %s@%s", name, host, u.name, u.host)
	}
	if err != nil {
		return user{}, a, &provider.Error{Kind: provider.Transient, Op: op, Err: err}
	}
	return u, a, nil
}
