package netim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// object members as Netim sent them. Names are looked up without regard to case, and
// what is not known is kept and ignored.
type fields map[string]json.RawMessage

var errNoObject = errors.New("it is no object")

func membersOf(raw json.RawMessage) (fields, error) {
	var m fields
	if err := json.Unmarshal(raw, &m); err != nil || m == nil {
		return nil, errNoObject
	}
	return m, nil
}

// get finds a member; exactly, or else in any case.
func (f fields) get(name string) (json.RawMessage, bool) {
	if raw, ok := f[name]; ok {
		return raw, true
	}
	for _, other := range slices.Sorted(maps.Keys(f)) {
		if strings.EqualFold(other, name) {
			return f[other], true
		}
	}
	return nil, false
}

// text is a member that is a string or a number, "" when it is neither.
func (f fields) text(name string) string {
	raw, _ := f.get(name)
	if s, err := text(raw); err == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// operation is Netim's word on an order.
type operation struct {
	id     int64
	status string // in small letters
	words  string // "operation 7 is Failed: database is on hold"
}

// The states of an operation.
const (
	isDone      = "done"
	isPending   = "pending"
	isFailed    = "failed"
	isCancelled = "cancelled"
)

// over reports whether the operation ended without success.
func (o operation) over() bool { return o.status == isFailed || o.status == isCancelled }

// requestID is the id as a receipt shows it.
func (o operation) requestID() string { return strconv.FormatInt(o.id, 10) }

func parseOperation(r reply) (operation, error) {
	m, err := membersOf(r.raw)
	if err != nil {
		return operation{}, fmt.Errorf("%w: no operation: %w", errUnreadable, err)
	}
	o := operation{status: strings.ToLower(strings.TrimSpace(m.text("STATUS")))}
	if o.id, err = strconv.ParseInt(m.text("ID_OPE"), 10, 64); err != nil || o.id < 0 {
		if o.status == isPending {
			return operation{}, fmt.Errorf("%w: an operation that waits, without its ID_OPE", errUnreadable)
		}
		o.id = 0
	}
	switch o.status {
	case isDone, isPending, isFailed, isCancelled:
	default:
		return operation{}, fmt.Errorf("%w: an operation with the STATUS %q", errUnreadable, brief(r.scrub(o.status)))
	}
	o.words = fmt.Sprintf("operation %d is %s", o.id, strings.ToUpper(o.status[:1])+o.status[1:])
	if said := m.text("MESSAGE"); said != "" {
		o.words += ": " + brief(r.scrub(said))
	}
	return o, nil
}
