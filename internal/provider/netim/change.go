package netim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// change is one order to Netim, and how to see whether it was carried out.
type change struct {
	op       string
	ref      access.Ref
	database string
	request  request
	bad      error // why there is no request
	// reached asks a hosting that was just read. A change that no reading can show
	// answers unseen.
	reached func(*hosting) verdict
	// once is for an order whose new password somebody will be told: an earlier order
	// had another one, and may not be taken for this one.
	once bool
	// alongside is for an order that may be given while another of the account waits.
	alongside bool
}

// by is the change with its request.
func (c change) by(r request, err error) change {
	c.request, c.bad = r, err
	return c
}

// verdict is what reading a hosting says about a change.
type verdict int

const (
	unseen verdict = iota // cannot be told
	no
	yes
)

// told makes a verdict.
func told(reached, readable bool) verdict {
	switch {
	case !readable:
		return unseen
	case reached:
		return yes
	}
	return no
}

// soon is when to ask again about an order of another step.
const soon = 2 * time.Second

// carryOut gives the order, unless an earlier one is on its way, and says how it
// stands. The caller has looked and found that it is needed.
func (a *Account) carryOut(ctx context.Context, c change) (access.Receipt, error) {
	if c.bad != nil {
		return access.Receipt{}, provider.Refuse(c.op, "it is not sent: "+c.bad.Error())
	}
	before, busy, err := a.follow(ctx, c)
	switch {
	case err != nil:
		return access.Receipt{}, err
	case before != nil && before.status == isPending:
		return access.Receipt{Pending: true, Words: before.words, RequestID: before.requestID()}, nil
	case before != nil:
		return a.judge(ctx, c, *before, c.refusal(*before))
	case busy != "" && !c.alongside:
		return access.Receipt{}, c.wait(busy)
	}
	got, err := a.client.call(ctx, c.op, c.request)
	switch {
	case err == nil:
	case provider.KindOf(err) == provider.Rejected:
		return a.judge(ctx, c, operation{status: isFailed, words: err.Error()}, c.blocked(err))
	case errors.Is(err, errUnreadable):
		return a.judge(ctx, c, operation{words: err.Error()}, err)
	default:
		return access.Receipt{}, err
	}
	ope, err := parseOperation(got)
	if err != nil {
		return a.judge(ctx, c, operation{words: err.Error()}, &provider.Error{Op: c.op, Err: err})
	}
	if ope.status == isPending {
		a.orders.add(c.ref, c.op, ope.id)
		return access.Receipt{Pending: true, Words: ope.words, RequestID: ope.requestID()}, nil
	}
	return a.judge(ctx, c, ope, c.refusal(ope))
}

// idle is an error while any order for the user waits.
func (a *Account) idle(ctx context.Context, c change) error {
	c.once = true
	_, busy, err := a.follow(ctx, c)
	if err == nil && busy != "" {
		err = c.wait(busy)
	}
	return err
}

func (c change) wait(busy string) error {
	return &provider.Error{Kind: provider.Throttled, Op: c.op, RetryAfter: soon, Err: errors.New("another order for the user waits: " + busy)}
}

// judge reads the hosting again: that decides, whatever was answered. Where it shows
// that the change was not made, or shows nothing, the answer counts; otherwise is what
// the answer means then, nil for "it was done".
func (a *Account) judge(ctx context.Context, c change, ope operation, otherwise error) (access.Receipt, error) {
	now, err := a.fetch(ctx, c.op, c.ref.Resource)
	if err != nil {
		return access.Receipt{}, err
	}
	r := access.Receipt{Words: ope.words}
	if ope.id > 0 {
		r.RequestID = ope.requestID()
	}
	switch v := c.reached(&now); {
	case v == yes:
		r.Words += "; read again: it is so"
		return r, nil
	case otherwise != nil:
		return access.Receipt{}, otherwise
	case v == unseen:
		r.Words += "; accepted by the provider, not independently confirmed"
		return r, nil
	}
	r.Pending = true
	r.Words += "; read again: it is not so yet"
	return r, nil
}

// refusal is the error of an operation that ended without success, nil of any other.
func (c change) refusal(o operation) error {
	if !o.over() {
		return nil
	}
	return c.blocked(&provider.Error{Kind: provider.Rejected, Op: c.op, Err: errors.New(o.words)})
}

// blocked adds to a refusal of Netim what it stands in the way of, and what a person
// can do.
func (c change) blocked(err error) error {
	e, ok := errors.AsType[*provider.Error](err)
	if !ok || len(e.Blockers) > 0 {
		return err
	}
	object := "user " + brief(c.ref.Name)
	if c.database != "" {
		object += " in database " + brief(c.database)
	}
	e.Blockers = append(e.Blockers, access.Blocker{
		Object: object, Why: e.Err.Error(),
		Remedy: fmt.Sprintf("see whether hosting %s is on hold or expired, do it in Netim's panel, then retry", c.ref.Resource),
	})
	return e
}
