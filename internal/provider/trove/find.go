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

// finding is what is known of one account after looking for it.
type finding struct {
	region   region
	instance instance
	user     user
	there    bool
	// answered says how that is known.
	answered string
	// gap is why it is not known; nothing else is then.
	gap *access.Gap
}

// find looks for an account by name and host on its instance. That it is not found by
// name proves nothing: it is gone when the whole list lacks it too, or the instance is.
func (c *Cloud) find(ctx context.Context, op string, at place, ref access.Ref) (finding, error) {
	r, err := c.regionOf(ctx, op, at)
	if err != nil {
		return finding{}, err
	}
	f := finding{region: r}
	f.instance, err = c.instance(ctx, op, r, at, false)
	if errors.Is(err, errNoInstance) {
		return c.without(ctx, op, f, at)
	}
	if err != nil || reserved(ref.Name, f.instance.engine) != "" {
		return f, err
	}
	u, a, err := r.user(ctx, op, at, ref.Name, ref.Host)
	if err != nil {
		return f, err
	}
	switch {
	case a.status == http.StatusOK:
		f.user, f.there, f.answered = u, true, u.describe()
		return f, nil
	case a.status == http.StatusNotFound, a.unsupported(), a.judge(op).Kind == provider.Rejected:
		return c.unlisted(ctx, op, f, at, ref, a)
	}
	return f, a.judge(op)
}

// unlisted decides about an account that was not found by name.
func (c *Cloud) unlisted(ctx context.Context, op string, f finding, at place, ref access.Ref, a answer) (finding, error) {
	sought := user{name: ref.Name, host: ref.Host}
	absent := func(l roll) finding {
		f.answered = fmt.Sprintf("%s is not found by name, and not among the %d accounts of instance %s as of %s",
			sought.key(), len(l.names), at, l.read.UTC().Format(time.TimeOnly))
		return f
	}
	if l, ok := c.lacks(at, sought); ok {
		return absent(l), nil
	}
	if _, err := c.instance(ctx, op, f.region, at, true); errors.Is(err, errNoInstance) {
		return c.without(ctx, op, f, at)
	} else if err != nil {
		return f, err
	}
	users, err := c.users(ctx, f.region, at)
	if not, ok := errors.AsType[*listError](err); ok && not.err.Kind == provider.Rejected {
		gap := oddAccount(at, not.answer.words())
		f.gap = &gap
		return f, nil
	}
	if errors.Is(err, errNoAccounts) {
		f.gap = &access.Gap{Object: "instance " + at.String(), Why: errNoAccounts.Error(), Remedy: "look on the database server itself"}
		return f, nil
	}
	if err != nil {
		return f, err
	}
	if slices.ContainsFunc(users, func(u user) bool { return u.key() == sought.key() }) {
		f.gap = &access.Gap{
			Object: "account " + sought.key(),
			Why:    "it is in the list, and asked for by name the system says: " + a.words(),
			Remedy: "a role of MariaDB looks like this, and so does an account that is just being made: look again, or use DROP ROLE over SQL",
		}
		return f, nil
	}
	l, _ := c.list(at)
	return absent(l), nil
}

// without decides about an account whose instance is not there.
func (c *Cloud) without(ctx context.Context, op string, f finding, at place) (finding, error) {
	words, gap, err := c.away(ctx, op, f.region, at)
	f.answered, f.gap = words, gap
	return f, err
}

// found is find for a change: what cannot be changed is refused here. A nil finding
// says that nothing is there.
func (c *Cloud) found(ctx context.Context, op string, ref access.Ref) (*finding, access.Receipt, error) {
	at, err := c.target(op, ref)
	if err != nil {
		return nil, access.Receipt{}, err
	}
	f, err := c.find(ctx, op, at, ref)
	if err != nil {
		return nil, access.Receipt{}, err
	}
	switch {
	case f.gap != nil:
		return nil, access.Receipt{}, provider.Refuse(op, "it cannot be told whether the account is there", access.Blocker(*f.gap))
	case reserved(ref.Name, f.instance.engine) != "":
		return nil, access.Receipt{}, provider.Refuse(op, "protected: "+reserved(ref.Name, f.instance.engine), access.Blocker{
			Object: ref.String(), Why: "it is an account of the system itself", Remedy: "decide by hand",
		})
	case !f.there:
		return nil, access.Receipt{Already: true, Words: f.answered}, nil
	case f.instance.replicaOf != "":
		return nil, access.Receipt{}, provider.Refuse(op, "the instance is a replica", access.Blocker{
			Object: "instance " + at.String(), Why: "accounts are copied to it from " + f.instance.replicaOf,
			Remedy: "end the account on the source; it ends here by itself",
		})
	}
	return &f, access.Receipt{}, nil
}

// refused is the error of a change that was not accepted. In a group for high
// availability a refusal may be about the group, with whatever status, and is then no
// word about our rights.
func (f *finding) refused(op string, a answer) error {
	err := a.judge(op)
	if f.instance.group != "" && (a.status == http.StatusForbidden || err.Kind == provider.Rejected) {
		return provider.Refuse(op, err.Err.Error(), access.Blocker{
			Object: "instance " + f.instance.String(), Why: "it belongs to the group " + f.instance.group + " for high availability: " + err.Err.Error(),
			Remedy: "end the account by hand: over SQL, or after taking the instance out of the group",
		})
	}
	return err
}
