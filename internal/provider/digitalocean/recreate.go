package digitalocean

import (
	"context"
	"net/http"
	"slices"

	"github.com/severhq/sever/internal/access"
)

// create makes the user anew with everything that only its deletion ended; the rest
// comes back by undoing the steps that took it. The answer holds a password, and it
// is dropped: undoing the containing makes another.
func (r *restoration) create(ctx context.Context) error {
	made := createUser{Name: r.ref.Name}
	switch r.at.cluster.Engine {
	case pg:
		r.bySQL("nothing but what PUBLIC may")
		if r.was.Settings == nil || r.was.Settings.Replication == nil {
			r.missing(replication, "the API did not show whether the user might replicate", "give it by hand if it could")
		}
	case mysql:
		r.bySQL("what every new user gets, which may be more than it had")
		made.MySQL = r.was.MySQL
	case mongodb:
		if r.was.Settings == nil || r.was.Settings.Mongo == nil || len(r.was.Settings.Mongo.Databases) == 0 {
			return refuse(r.op, errUnknownReach)
		}
		made.Settings = &settings{Mongo: r.was.Settings.Mongo}
	default:
		rules := r.rules()
		if len(rules) == 0 {
			return refuse(r.op, errUnknownReach)
		}
		made.Settings = settingsWith(r.at.cluster.Engine, rules)
		if r.was.Cert {
			r.missing("client certificate", "a new user has a new one", "hand it over from the control panel")
		}
	}
	if r.at.user != nil {
		r.out.Receipt, _ = already("a user of that name is there")
		return nil
	}
	said, err := r.team.send(ctx, call{op: r.op, scope: scopeCreate, method: http.MethodPost, path: []string{r.ref.Resource, "users"}, body: made})
	taken := statusOf(err) == http.StatusUnprocessableEntity // or a name that the API does not take
	if err != nil && !taken {
		return err
	}
	now, listErr := r.team.user(ctx, r.op, r.ref)
	switch {
	case listErr != nil:
		return listErr
	case now == nil && taken:
		return err
	case now == nil:
		return wait(r.op, "the API said that it is done, and its list of users does not show it")
	case taken: // somebody was faster
		r.out.Receipt, err = already("a user of that name is there")
		return err
	}
	r.out.RequestID, r.out.Words = said.requestID, "made anew, with a password that nobody has"
	return nil
}

func (r *restoration) bySQL(instead string) {
	r.missing("what SQL granted", "the API neither shows nor gives it; the new user has "+instead,
		"give it back by SQL, from the record of a connection to the server itself where there is one")
}

// rules are those that no step took one by one.
func (r *restoration) rules() []rule {
	all, _ := rulesOf(r.was.Engine, r.was.Settings)
	return slices.DeleteFunc(all, func(one rule) bool {
		return slices.ContainsFunc(r.before.Grants, func(g access.Grant) bool {
			return g.EndedBy == access.Unlink && g.Database == one.pattern() && g.Object == one.object()
		})
	})
}
