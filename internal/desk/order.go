package desk

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Order asks for the end of a principal's access.
type Order struct {
	Principal access.PrincipalID
	Reason    access.Reason
	By        string // who asks
	Ticket    string
	// At is when to begin, in the future; zero begins at once. Only for reasons that
	// wait for anything, as are Grace and its removal.
	At    time.Time
	Grace time.Duration // how long accounts stay locked before anything is removed
	Hold  string        // why nothing may be removed until somebody says resume
	// Successors receive what the leaver owns: account by connection; the key "" is
	// the default.
	Successors map[string]string
	Shared     plan.SharedRule // of accounts that others use too; empty: as the policy has it
	// Key makes a repeated order the same order; empty draws one.
	Key string
}

// Understand reads an order by itself, without asking anybody: its words, its
// policy, and whether who asks may do this act.
func (d *Desk) Understand(o Order, act roles.Act, now time.Time) (workflows.Submit, error) {
	var s workflows.Submit
	if err := ValidText("the principal", string(o.Principal), MaxPrincipal); err != nil {
		return s, err
	}
	if o.Reason == "" {
		return s, Invalidf("the reason is missing").Then("say why: hr, or incident")
	}
	policy, err := PolicyOf(d.Vars, o.Reason)
	if err != nil {
		return s, err
	}
	if o.Shared != "" {
		policy.Shared = o.Shared
	}
	if !plan.KnownSharedRule(policy.Shared) {
		return s, Invalidf("shared is %q: choose %s or %s", o.Shared, plan.SharedTask, plan.SharedRotate)
	}
	for what, text := range map[string]string{"the ticket": o.Ticket, "the key": o.Key} {
		if text == "" {
			continue
		}
		if err := ValidName(what, text); err != nil {
			return s, err
		}
	}
	if err := o.times(&policy, now); err != nil {
		return s, err
	}
	if o.Hold != "" {
		if err := ValidText("the reason of the hold", o.Hold, MaxText); err != nil {
			return s, err
		}
	}
	for connection, account := range o.Successors {
		if err := d.successor(connection, account); err != nil {
			return s, err
		}
	}
	if err := d.May(o.By, act); err != nil {
		return s, err
	}
	return workflows.Submit{Hold: o.Hold, Case: NewCaseID(now), Principal: o.Principal, Policy: policy, Requester: o.By,
		Ticket: o.Ticket, EffectiveAt: o.At.UTC(), Successors: o.Successors}, nil
}

// times checks when the order is to begin, and how long it waits before it removes.
func (o Order) times(policy *plan.Policy, now time.Time) error {
	switch {
	case !o.At.IsZero() && !o.At.After(now):
		return Invalidf("%s is not in the future", o.At.Format(time.RFC3339)).Then("leave the time out to begin at once")
	case !o.At.IsZero() && policy.ContainFirst:
		return Invalidf("a time to begin makes no sense with reason %s: it begins at once", o.Reason).Then("leave the time out, or use the reason hr")
	case o.Grace < 0:
		return Invalidf("a grace of %s: give a positive length of time", o.Grace).Then("such as 720h for thirty days")
	case o.Grace > 0 && policy.ContainFirst:
		return Invalidf("a grace makes no sense with reason %s: nobody waits", o.Reason).Then("leave the grace out, hold the case (sever hold), or use the reason hr")
	case o.Grace > 0:
		policy.Grace = o.Grace
	}
	return nil
}

// successor refuses an account that cannot be one, and a connection that is not there.
func (d *Desk) successor(connection, account string) error {
	if err := ValidName("the successor", account); err != nil || connection == "" {
		return err
	}
	return KnownConnection(d.Connections, connection)
}

// May refuses what the roles do not let somebody do.
func (d *Desk) May(who string, act roles.Act) error {
	if err := ValidName("the acting person", who); err != nil {
		return err
	}
	if no, ok := errors.AsType[*roles.RefusalError](d.Roles.May(who, act)); ok {
		return Failf(Forbidden, "%w", no).Then("ask somebody who has the role, or act as yourself (--as, SEVER_ACTOR): sever help roles")
	}
	return nil
}

// Leaver is the principal on record. Identities must lead somewhere: one at a
// connection that nobody configured would be overlooked for ever.
func (d *Desk) Leaver(ctx context.Context, in workflows.Submit) (access.Principal, error) {
	who, err := d.Store.Principal(ctx, in.Principal)
	if errors.Is(err, store.ErrNotFound) {
		return who, Failf(Missing, "there is no principal %q on record", in.Principal).
			Then("ids are compared letter for letter; list them: sever identities list").
			Then("or import who has which account: sever identities import FILE.csv")
	}
	if err != nil {
		return who, err
	}
	ids, err := d.Store.IdentitiesOf(ctx, in.Principal, "")
	if err != nil {
		return who, err
	}
	if len(ids) == 0 && !HasRules(d.Connections) {
		return who, Refusedf("no account is known to belong to %s: every connection would answer that it has none", Person(who.Name, who.ID)).
			Then("import who has which account: sever identities import FILE.csv")
	}
	for _, id := range ids {
		if d.Connections != nil {
			if err := KnownConnection(d.Connections, id.Connection); err != nil {
				return who, Refusedf("%s has account %s at %q, and no such connection is configured: nobody would look there", in.Principal, id.Account, id.Connection).
					Then("configure it (SEVER_CONNECTIONS, sever help settings)")
			}
		}
		for _, connection := range []string{id.Connection, ""} {
			if in.Successors[connection] == id.Account {
				return who, Invalidf("%s at %s belongs to %s: nobody can be their own successor", id.Account, id.Connection, in.Principal)
			}
		}
	}
	return who, nil
}

// HasRules reports whether naming rules generate the names of accounts at a connection.
func HasRules(conns *catalog.Connections) bool {
	return conns != nil && slices.ContainsFunc(conns.All(), func(c *catalog.Connection) bool { return len(c.Names) > 0 })
}
