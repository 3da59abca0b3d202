package netim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// An order that Netim has accepted and not carried out is an operation with an id. The
// call that gave it answers Pending, and remembers the id here. The next call for the
// same account asks what became of it, so an order is given once however often a step
// is tried. What is remembered is an economy and nothing depends on it: a process that
// forgot everything finds the order among the operations that are pending, by the names
// in it, or else looks at the hosting and orders again, which ends in the same place.
type orders struct {
	mu   sync.Mutex
	open map[access.Ref][]order
	// made are the users that this process ordered to be made anew, whatever came of it.
	made map[access.Ref]bool
}

// order is one operation that was pending when it was last looked at.
type order struct {
	op string
	id int64
}

func newOrders() *orders { return &orders{open: map[access.Ref][]order{}, made: map[access.Ref]bool{}} }

func (o *orders) making(ref access.Ref) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made[ref] = true
}

func (o *orders) weMade(ref access.Ref) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.made[ref]
}

func (o *orders) add(ref access.Ref, op string, id int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(o.open[ref], order{op, id}) {
		o.open[ref] = append(o.open[ref], order{op, id})
	}
}

func (o *orders) of(ref access.Ref) []order {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.open[ref])
}

func (o *orders) drop(ref access.Ref, gone order) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open[ref] = slices.DeleteFunc(o.open[ref], func(one order) bool { return one == gone })
	if len(o.open[ref]) == 0 {
		delete(o.open, ref)
	}
}

// follow asks what became of the orders for an account. It gives the operation that
// this call ordered before, if there is one, and whether another order waits.
func (a *Account) follow(ctx context.Context, c change) (before *operation, busy string, err error) {
	for _, o := range a.orders.of(c.ref) {
		now, err := a.operation(ctx, c.op, o.id)
		if errors.Is(err, errForgotten) {
			a.orders.drop(c.ref, o)
			continue
		}
		if err != nil {
			return nil, "", err
		}
		if now.status != isPending {
			a.orders.drop(c.ref, o)
		}
		switch {
		case o.op == c.op && !c.once:
			before = &now
		case now.status == isPending:
			busy = now.words
		}
	}
	if before != nil || busy != "" {
		return before, busy, nil
	}
	id, err := a.underway(ctx, c)
	if err != nil || id == "" {
		return nil, "", err
	}
	if c.once {
		return nil, "operation " + id + ", which names the user, is pending", nil
	}
	return &operation{status: isPending, words: "operation " + id + ", which names the user, is pending"}, "", nil
}

// errForgotten says that Netim does not know the operation any more.
var errForgotten = errors.New("the operation is not known any more")

func (a *Account) operation(ctx context.Context, op string, id int64) (operation, error) {
	op = fmt.Sprintf("%s: read operation %d", op, id)
	r, err := readOperation(id)
	if err != nil {
		return operation{}, provider.Refuse(op, err.Error())
	}
	got, err := a.client.call(ctx, op, r)
	if err != nil {
		if provider.KindOf(err) == provider.Rejected {
			return operation{}, errForgotten
		}
		return operation{}, err
	}
	now, err := parseOperation(got)
	if err == nil && now.id != id {
		err = fmt.Errorf("%w: it is about operation %d", errUnreadable, now.id)
	}
	if err != nil {
		return operation{}, &provider.Error{Op: op, Err: err}
	}
	return now, nil
}

// underway looks among the operations that are pending for one that names the user,
// and the database if the change is about one. A call whose answer was lost is found
// so. What the elements hold is not documented, so all of it is searched; finding too
// much costs time and finding too little a repeated order.
func (a *Account) underway(ctx context.Context, c change) (string, error) {
	op := c.op + ": read the pending operations"
	got, err := a.client.call(ctx, op, request{method: http.MethodGet, path: "/operations/pending/", body: object{}})
	switch {
	case err != nil && provider.KindOf(err) == provider.Rejected:
		return "", nil // some APIs say 404 for none; then the hosting alone decides
	case err != nil:
		return "", err
	}
	var list []json.RawMessage
	if json.Unmarshal(got.raw, &list) != nil || list == nil {
		var m map[string]json.RawMessage
		if json.Unmarshal(got.raw, &m) != nil || m == nil {
			return "", &provider.Error{Op: op, Err: fmt.Errorf("%w: it is no list", errUnreadable)}
		}
		for _, one := range m {
			list = append(list, one)
		}
	}
	for _, one := range list {
		said := plain(one)
		if named(said, c.ref.Name) && (c.database == "" || named(said, c.database)) {
			m, _ := membersOf(one)
			return brief(got.scrub(m.text("id_ope"))), nil
		}
	}
	return "", nil
}

// plain is the JSON with its escapes resolved, also those of JSON inside a string.
func plain(raw json.RawMessage) string {
	var b bytes.Buffer
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			b.WriteString(v + "\n")
			var inner any
			if strings.HasPrefix(strings.TrimSpace(v), "{") && json.Unmarshal([]byte(v), &inner) == nil {
				walk(inner)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for name, one := range v {
				b.WriteString(name + "\n")
				walk(one)
			}
		}
	}
	var v any
	_ = json.Unmarshal(raw, &v) // what cannot be read names nobody
	walk(v)
	return b.String()
}

// named reports whether a text has the name in it, as a whole.
func named(text, name string) bool {
	part := func(r rune) bool { return r == '_' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		head, tail := text[:from+i], text[from+i+len(name):]
		before := strings.LastIndexFunc(head, func(r rune) bool { return !part(r) })
		if (head == "" || before == len(head)-1) && strings.IndexFunc(tail+" ", func(r rune) bool { return !part(r) }) == 0 {
			return true
		}
		from += i + len(name)
	}
}
