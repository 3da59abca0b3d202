package audit

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// House is the chain of what belongs to no case.
const House = "house"

// Genesis stands where the first row of a chain names its predecessor.
const Genesis = "0000000000000000000000000000000000000000000000000000000000000000"

// Event is one thing that happened, as its author tells it.
type Event struct {
	Chain string // the id of a case, or House
	// Key names the event within its chain. The author chooses it so that a
	// repeated attempt to write the same event uses the same key: the first one
	// stays, the others are no rows.
	Key  string
	At   time.Time
	Kind string
	// Actor is who did it: a person, or the part of Sever that acted by itself.
	Actor string
	// Object is what it was done to: an account, a connection, a plan.
	Object  string
	Attempt int
	Outcome string
	// Words are the foreign system's own, scrubbed of secrets.
	Words string
	// RequestID is the foreign system's id of the request.
	RequestID string
	// Data holds what else is worth keeping: strings, whole numbers, booleans,
	// and slices and maps of them. Types made from those (access.Action) count.
	Data map[string]any
}

// Row is an event in its place in the chain.
type Row struct {
	Event
	Seq  int64  // from 1, without gaps
	Prev string // the hash of the row before, or Genesis
	Hash string // of everything above, in canonical form
}

// Head is the last row of a chain, or what somebody once saw as the last row.
type Head struct {
	Chain string `json:"chain"`
	Seq   int64  `json:"seq"`
	Hash  string `json:"hash"`
}

// Seal gives an event its place behind the row whose hash is prev.
//
// The event comes back as it will be read again: its time in UTC and whole
// microseconds, its data in plain types, and what no database text can hold (a
// zero byte, broken UTF-8) replaced by the replacement character. An event
// without chain, key, kind or time, or with data of another type, is an error.
func Seal(prev string, seq int64, e Event) (Row, error) {
	e, err := e.normal()
	if err != nil {
		return Row{}, fmt.Errorf("seal %s %s: %w", e.Chain, e.Key, err)
	}
	r := Row{Event: e, Seq: seq, Prev: prev}
	r.Hash, err = r.hash()
	return r, err
}

// Check reports whether Seal would take the event.
func (e Event) Check() error {
	_, err := e.normal()
	return err
}

// Head is the row as the end of its chain.
func (r Row) Head() Head { return Head{Chain: r.Chain, Seq: r.Seq, Hash: r.Hash} }

func (e Event) normal() (Event, error) {
	for _, must := range []struct{ name, value string }{{"chain", e.Chain}, {"key", e.Key}, {"kind", e.Kind}} {
		if must.value == "" {
			return e, fmt.Errorf("the event has no %s", must.name)
		}
	}
	if e.At.IsZero() {
		return e, errors.New("the event has no time")
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	for _, s := range []*string{&e.Chain, &e.Key, &e.Kind, &e.Actor, &e.Object, &e.Outcome, &e.Words, &e.RequestID} {
		*s = storable(*s)
	}
	data, err := plainMap(e.Data)
	e.Data = data
	return e, err
}

// storable is s without what a database text or a JSON string cannot hold.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
