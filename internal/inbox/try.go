package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// result is what became of one attempt.
type result struct {
	state     store.DeliveryState
	words     string
	principal access.PrincipalID
	caseID    string
	again     time.Duration // of one that waits
	failed    error         // of one that waits because something is away
}

func done(format string, args ...any) result {
	return result{state: store.DeliveryDone, words: fmt.Sprintf(format, args...)}
}

func refused(words string) result { return result{state: store.DeliveryRefused, words: words} }

// judge tells what a person has to look at from what is tried again. Before the case is
// asked, only what is away can come back by itself.
func judge(err error) result {
	f := desk.Explain(err)
	switch f.Kind {
	case desk.Invalid, desk.Forbidden, desk.Missing, desk.Refused:
		return refused(f.Error())
	}
	return result{state: store.DeliveryWaiting, failed: err}
}

// try follows an order as far as it goes now.
func (d *Dispatcher) try(ctx context.Context, one store.Delivery, o Order, pace Pace) result {
	if o.Act == None {
		return done("nothing is to be done")
	}
	who := one.Principal
	if who == "" {
		var err error
		if who, err = d.find(ctx, o); err != nil {
			return judge(err)
		}
	}
	var r result
	if o.Act == Hold {
		r = d.hold(ctx, one, o, who, pace)
	} else {
		r = d.offboard(ctx, one, o, who)
	}
	r.principal = who
	return r
}

// find is the one principal that a subject leads to. Nobody is guessed.
func (d *Dispatcher) find(ctx context.Context, o Order) (access.PrincipalID, error) {
	s := o.Subject
	if s == nil {
		return "", desk.Invalidf("it does not say who it is about")
	}
	if doubt, err := d.Desk.Store.DoubtOf(ctx, s.Identifier()); err == nil && !o.Recycled {
		return "", desk.Refusedf("this %s led to %s, and is in doubt since %s: %s", s.Format, doubt.Principal, doubt.RaisedAt.UTC().Format(time.RFC3339), doubt.Words)
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	people, err := d.Desk.Store.PrincipalsBy(ctx, s.Field, s.Value)
	switch {
	case err != nil:
		return "", err
	case len(people) == 0:
		return "", desk.Failf(desk.Missing, "no principal on record has the %s %q in %s", s.Format, s.Value, s.Field)
	case len(people) > 1:
		return "", desk.Refusedf("the %s %q is that of %d principals (%s, %s): nobody is guessed", s.Format, s.Value, len(people), people[0], people[1])
	}
	return people[0], nil
}

// offboard puts the order to the desk, and is done when the records have its case.
func (d *Dispatcher) offboard(ctx context.Context, one store.Delivery, o Order, who access.PrincipalID) result {
	if one.CaseID != "" {
		if r, settled := d.arrived(ctx, one); settled {
			return r
		}
	}
	now := time.Now()
	order := desk.Order{Principal: who, Reason: o.Reason, By: o.By, Ticket: o.Ticket, At: o.begins(now), Hold: o.Hold, Key: key(one)}
	submit, err := d.Desk.Understand(order, roles.Request, now)
	if err != nil {
		return judge(err)
	}
	if _, err := d.Desk.Leaver(ctx, submit); err != nil {
		return judge(err)
	}
	if err := d.Desk.Awake(ctx); err != nil {
		return result{state: store.DeliveryWaiting, failed: err}
	}
	opened, err := d.Desk.Submit(ctx, submit, order.Key)
	if reused, ok := errors.AsType[*store.KeyReusedError](err); ok {
		return refused(reused.Error())
	}
	if err != nil { // what a case refuses now (it closes, it is being cancelled) it takes later
		return result{state: store.DeliveryWaiting, failed: err}
	}
	return wording(opened)
}

// key makes all attempts one request. What a person has tried again after it was refused
// is another one: the first stays refused.
func key(one store.Delivery) string {
	if one.Retries == 0 {
		return one.Name()
	}
	return fmt.Sprintf("%s+%d", one.Name(), one.Retries)
}

// wording is what the desk promised. Only the records say that it is so.
func wording(opened desk.Opened) result {
	r := result{state: store.DeliveryWaiting, caseID: opened.Case, again: 250 * time.Millisecond, words: "opened case " + opened.Case}
	switch {
	case opened.Over:
		r = done("its case %s is over", opened.Case)
		r.caseID = opened.Case
	case opened.Escalated:
		r.words = "made case " + opened.Case + " more urgent"
	case opened.Joined:
		r.words = "joined case " + opened.Case
	}
	return r
}

// arrived reports what became of a case that was promised, when that can be seen.
func (d *Dispatcher) arrived(ctx context.Context, one store.Delivery) (result, bool) {
	_, err := d.Desk.Store.Case(ctx, one.CaseID)
	if err == nil {
		return done("%s", one.Words), true
	}
	if !errors.Is(err, store.ErrNotFound) {
		return result{state: store.DeliveryWaiting, failed: err}, true
	}
	no, err := d.Desk.Store.Event(ctx, audit.House, "refused/"+one.CaseID)
	if err == nil {
		return refused(no.Words), true
	}
	if !errors.Is(err, store.ErrNotFound) {
		return result{state: store.DeliveryWaiting, failed: err}, true
	}
	return result{}, false // it is on its way, or lost: asking again with the key does no harm
}

// hold keeps the open case of a principal from removing anything. It opens none. A case
// that begins while a doubt stands is held by the desk; one that began a moment before
// is looked for, for a while.
func (d *Dispatcher) hold(ctx context.Context, one store.Delivery, o Order, who access.PrincipalID, pace Pace) result {
	if o.Recycled {
		if err := d.doubt(ctx, one, o, who); err != nil {
			return result{state: store.DeliveryWaiting, failed: err}
		}
	}
	c, err := d.Desk.Store.OpenCaseOf(ctx, who)
	if errors.Is(err, store.ErrNotFound) {
		words := "no case is open"
		if o.Recycled {
			words += "; one that begins is held before it removes anything"
		}
		if time.Since(one.At) < pace.Settle {
			return result{state: store.DeliveryWaiting, words: words, again: min(5*time.Second, pace.Settle)}
		}
		return done("%s", words)
	}
	if err != nil {
		return result{state: store.DeliveryWaiting, failed: err}
	}
	ruling := desk.Ruling{Update: workflows.UpdateHold, Case: c.ID, By: o.By, Why: o.Why, Key: key(one)}
	if err := d.Desk.Sensible(ruling); err != nil {
		return judge(err)
	}
	w, err := d.Desk.Weigh(ctx, ruling, nil)
	if err == nil {
		err = d.Desk.Decide(ctx, w)
	}
	r := done("held case %s", c.ID)
	if f, ok := errors.AsType[*desk.Error](err); ok && f.Said == workflows.HeldAlready {
		r, err = done("case %s was held already", c.ID), nil
	}
	if err != nil {
		return result{state: store.DeliveryWaiting, failed: err}
	}
	r.caseID = c.ID
	return r
}

// doubt records that what leads to a principal is not to be trusted.
func (d *Dispatcher) doubt(ctx context.Context, one store.Delivery, o Order, who access.PrincipalID) error {
	identifier := ""
	if o.Subject != nil {
		identifier = o.Subject.Identifier()
	}
	return d.Desk.Store.Do(ctx, func(tx *store.Tx) error {
		if err := tx.RaiseDoubt(ctx, store.Doubt{Principal: who, Identifier: identifier, Words: o.Why, DeliveryID: one.ID, RaisedAt: time.Now()}); err != nil {
			return err
		}
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: fmt.Sprintf("delivery/%d/doubt", one.ID), At: time.Now(), Kind: audit.DoubtRaised,
			Actor: o.By, Object: string(who), Words: o.Why, Data: map[string]any{"delivery": one.ID}})
	})
}
