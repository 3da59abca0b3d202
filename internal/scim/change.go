package scim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/store"
)

// change is what a write means beyond what it stores.
type change struct {
	kind     string   // of the audit row
	fields   []string // that the directory says otherwise now
	ended    bool     // the access of the person is to end
	returned bool     // the person is back
}

// deleted is the change of a user who is there no longer, whatever it was before: what
// was made since it stopped being active is looked for, too.
var deleted = change{kind: audit.UserDeleted, ended: true}

// weigh says what it means that a user is stored as after, and was before; nil: there
// was none. stood is how the person stood until now, whoever said so.
func weigh(before *user, after user, stood store.Standing) change {
	c := change{kind: audit.UserProvisioned}
	active := after.doc.active()
	if before == nil {
		c.ended = stood.Active && !active
		c.returned = stood.Known && !stood.Active && active
		return c
	}
	c.fields = differences(before.doc, after.doc)
	switch was := before.doc.active(); {
	case was && !active:
		c.kind, c.ended = audit.UserDeactivated, true
	case !was && active:
		c.kind, c.returned = audit.UserReactivated, true
	default:
		c.kind = audit.UserChanged
	}
	return c
}

// check refuses a user that cannot be stored.
func (u user) check(now time.Time) error {
	if u.doc.text("userName") == "" {
		return bad(invalidValue, "userName is missing")
	}
	if _, ok := u.doc["active"].(bool); !ok {
		return bad(invalidValue, "active is missing")
	}
	_, err := u.doc.ending(now)
	return err
}

// moved refuses another date for an end that is ordered already: the case would not
// hear of it. Another reason is another order, which makes the case more urgent.
func moved(before, after user, now time.Time) error {
	if before.doc.active() || after.doc.active() || urgent(before, after, now) {
		return nil
	}
	was, err := before.doc.ending(now)
	if err != nil {
		return err
	}
	is, err := after.doc.ending(now)
	if err != nil || was.At.Equal(is.At) {
		return err
	}
	return bad(mutability, "effectiveAt is read when a user stops being active, and the end of this access is ordered: "+
		"see sever show %s; sever escalate makes it begin at once, sever cancel ends it", before.Principal)
}

// urgent reports whether the reason of an end that is ordered already is another one.
func urgent(before, after user, now time.Time) bool {
	was, errWas := before.doc.ending(now)
	is, errIs := after.doc.ending(now)
	return !before.doc.active() && !after.doc.active() && errWas == nil && errIs == nil && was.Reason != is.Reason && is.Reason == access.Incident
}

// words tell a change in the trail: names of attributes, and none of their values.
func (c change) words(at time.Time) string {
	var out []string
	if len(c.fields) > 0 {
		out = append(out, strings.Join(slices.DeleteFunc(slices.Clone(c.fields), func(f string) bool { return f == "active" }), ", "))
	}
	if c.ended {
		out = append(out, "the access is to end")
		if !at.IsZero() {
			out[len(out)-1] = fmt.Sprintf("the access is to end at %s", at.UTC().Format(time.RFC3339))
		}
	}
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), "; ")
}
