package trove

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// blind is what no answer of this system says, and every report has to.
const blind = "; accounts at localhost and open sessions are not shown by this API"

// Look finds one account by name and host. Without an instance it looks on all.
func (c *Cloud) Look(ctx context.Context, ref access.Ref) (access.Sighting, error) {
	op := opOf("look at", ref, "")
	if err := c.mine(op, ref); err != nil {
		return access.Sighting{}, err
	}
	if ref.Resource == "" || ref.Host == "" {
		return c.lookEverywhere(ctx, op, ref)
	}
	at, err := c.target(op, ref)
	if err != nil {
		return access.Sighting{}, err
	}
	f, err := c.find(ctx, op, at, ref)
	if err != nil {
		return access.Sighting{}, err
	}
	seen := access.Sighting{
		Asked:    fmt.Sprintf("%s@%s on instance %s, by name and in the list", ref.Name, ref.Host, at),
		Answered: f.answered + blind,
	}
	switch {
	case f.gap != nil:
		seen.Gaps = []access.Gap{*f.gap}
		seen.Answered = "cannot be told: " + f.gap.Why
		return seen, nil
	case f.instance.id != "" && reserved(ref.Name, f.instance.engine) != "":
		return c.builtIn(ctx, op, f, ref, seen)
	case !f.there:
		// Sessions that were open when it went may live on, unseen; Answered says so.
		return seen, nil
	}
	seen.Exists, seen.Sessions = true, -1
	seen.Account = c.account(f.instance, f.user)
	seen.Account.Grants = grants(f.user)
	return c.doubt(ctx, f, at, seen)
}

// doubt adds what keeps the databases of the account from being all of them.
func (c *Cloud) doubt(ctx context.Context, f finding, at place, seen access.Sighting) (access.Sighting, error) {
	if f.instance.engine == postgresql {
		return seen, nil // names are told apart by case there
	}
	twin, err := c.twin(ctx, f.region, at, f.user)
	not, odd := errors.AsType[*listError](err)
	switch {
	case odd && not.err.Kind == provider.Rejected:
		seen.Gaps = append(seen.Gaps, oddAccount(at, not.answer.words()))
	case err != nil:
		return access.Sighting{}, err
	case twin != "":
		seen.Gaps = append(seen.Gaps, access.Gap{
			Object: fmt.Sprintf("databases of %s@%s", f.user.name, f.user.host),
			Why:    "the account " + twin + " differs in nothing but case, and the system hides databases of one of the two",
			Remedy: "look with SHOW GRANTS over SQL; deleting the account works all the same",
		})
	}
	return seen, nil
}

// builtIn is one of the system's own accounts. They are there and not listed; root is
// a note of whether it was ever enabled.
func (c *Cloud) builtIn(ctx context.Context, op string, f finding, ref access.Ref, seen access.Sighting) (access.Sighting, error) {
	seen.Exists, seen.Sessions = true, -1
	seen.Answered = "it is an account of the system itself, which its API does not show"
	seen.Account = c.account(f.instance, user{name: ref.Name, host: ref.Host})
	if ref.Name != "root" {
		return seen, nil
	}
	a, err := f.region.get(ctx, op, "/instances/"+f.instance.id+"/root")
	if err != nil {
		return access.Sighting{}, err
	}
	var root struct {
		Enabled *bool `json:"rootEnabled"` //nolint:tagliatelle // theirs
	}
	switch {
	case a.status != http.StatusOK:
		return access.Sighting{}, a.judge(op)
	case a.into(op, &root) != nil || root.Enabled == nil:
		seen.Gaps = []access.Gap{{Object: "root of instance " + f.instance.String(), Why: "the answer cannot be read: " + a.glance()}}
	case *root.Enabled:
		seen.Account.Attributes["root"] = "was enabled at some time: whoever knew its password may know it still"
		seen.Answered = "root was enabled at some time"
	default:
		seen.Account.Attributes["root"] = "was never enabled"
		seen.Answered = "root was never enabled"
	}
	return seen, nil
}

// lookEverywhere looks for a name without an instance, or without a host, through the
// whole list. It proves absence and nothing else: what it finds is no account that a
// plan could name.
func (c *Cloud) lookEverywhere(ctx context.Context, op string, ref access.Ref) (access.Sighting, error) {
	var hits []string
	accounts, instances := 0, 0
	err := c.walk(ctx, op, func(i instance, users []user) error {
		instances++
		for _, u := range users {
			accounts++
			if u.name == ref.Name && (ref.Host == "" || u.host == ref.Host) && (ref.Resource == "" || ref.Resource == i.String()) {
				hits = append(hits, fmt.Sprintf("%s@%s on %s", u.name, u.host, i.place))
			}
		}
		return nil
	})
	if err != nil {
		return access.Sighting{}, err
	}
	seen := access.Sighting{Asked: fmt.Sprintf("%s in the lists of %d instances", brief(ref.String()), instances)}
	if len(hits) == 0 {
		seen.Answered = fmt.Sprintf("not among %d accounts", accounts) + blind
		return seen, nil
	}
	seen.Answered = "there is " + strings.Join(hits, ", ")
	gap := access.Gap{Object: "account " + brief(ref.Name), Why: seen.Answered, Remedy: "discover the connection again"}
	if ref.Host == "" {
		gap.Why = "an account here is a name and a host, and the identity names no host: " + seen.Answered
		gap.Remedy = "confirm an identity for each of them, with its host"
	}
	seen.Gaps = []access.Gap{gap}
	return seen, nil
}
