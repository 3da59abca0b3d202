package roster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/sheet"
	"github.com/severhq/sever/internal/store"
)

// Text is a roster as it came.
type Text struct {
	Body   []byte
	Source string // its name in the records; an end .csv or .json says what it is
	Path   string // its name in messages; empty: the same
}

// Sum is the SHA-256 of the text, in hex.
func (t Text) Sum() string {
	s := sha256.Sum256(t.Body)
	return hex.EncodeToString(s[:])
}

func (t Text) path() string {
	if t.Path != "" {
		return t.Path
	}
	return t.Source
}

// Wish is how a roster is taken.
type Wish struct {
	By     string
	DryRun bool
	// MaxShrink is how many per cent of the active people may be missing at once;
	// Accept says why it is right that more are.
	MaxShrink int
	Accept    string
	// Offboard orders the end of the access of everybody who was active and left.
	Offboard bool
}

// RefusedError is a roster that is not believed.
type RefusedError struct {
	Source, Sum, Why string
	Failure          *desk.Error

	told string // why, for people outside: nothing that the roster says of anybody
	same string // what the refusal has in common with itself at the next run
}

func (r *RefusedError) Error() string { return r.Failure.Error() }

// Unwrap is what to do about it.
func (r *RefusedError) Unwrap() error { return r.Failure }

// Unreadable is the refusal of what could not be read.
func Unreadable(source string, err error) *RefusedError {
	why := "it cannot be read: " + err.Error()
	return &RefusedError{source, "", why, desk.Explain(desk.Invalidf("%w", err)), why, "unreadable"}
}

// Take reads a roster, compares it with the records and records it, or says why not by
// a *RefusedError.
func Take(ctx context.Context, s *store.Store, t Text, w Wish) (Diff, error) {
	entries, problems := Read(t.Body, t.Source)
	if len(problems) > 0 {
		n, first := access.Count(len(problems), "mistake"), problems[0]
		why, told := fmt.Sprintf("%s in it, the first: %s", n, first), fmt.Sprintf("%s in it, the first in line %d, column %d", n, first.Line, first.Column)
		return Diff{}, &RefusedError{t.Source, t.Sum(), why, sheet.Broken(t.path(), problems, "nothing was imported"), told, why}
	}
	d := Diff{}
	return d, s.Do(ctx, func(tx *store.Tx) error {
		if err := tx.LockRosters(ctx); err != nil {
			return err
		}
		last, err := tx.LastRoster(ctx)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		have, err := tx.People(ctx)
		if err != nil {
			return err
		}
		d = Compare(have, entries)
		d.DryRun = w.DryRun
		why := tooSmall(have, entries, last, w.MaxShrink, time.Now())
		if why != "" && (w.Accept == "" || d.Active == 0) {
			return &RefusedError{t.Source, t.Sum(), why, t.shrunk(why, d), why, fmt.Sprintf("%d left", len(d.Left))}
		}
		if w.DryRun {
			return nil
		}
		accepted, err := tx.AcceptRoster(ctx, store.Roster{Source: t.Source, SHA256: t.Sum(), By: w.By}, entries)
		if err != nil {
			return err
		}
		if w.Offboard {
			if err := offboard(ctx, tx, accepted, leavers(have, d), w.By); err != nil {
				return err
			}
		}
		e := audit.Event{Chain: audit.House, Key: "roster/" + t.Sum() + "/" + desk.Random(12), At: time.Now(), Kind: audit.RosterImported, Actor: w.By, Object: t.Source,
			Words: d.Words(), Data: map[string]any{"sha256": t.Sum(), "active": d.Active, "joined": len(d.Joined), "left": ids(d.Left),
				"returned": ids(d.Returned), "changed": len(d.Changed), "unchanged": d.Unchanged}}
		if why != "" {
			e.Data["shrank"], e.Data["accepted_because"] = why, w.Accept
		}
		return tx.Append(ctx, e)
	})
}

// shrunk says what a person can do about a roster that is too small.
func (t Text) shrunk(why string, d Diff) *desk.Error {
	f := desk.Invalidf("%s is refused, nothing was changed: %s", t.path(), why)
	if d.Active == 0 {
		return f
	}
	return f.Then("see who is missing: sever roster import %s --dry-run --max-shrink 100", t.path()).
		Then(`if they did leave: sever roster import %s --accept-shrink "why"`, t.path())
}

// Note leaves a row about a roster that was not believed. A dry run leaves none. What
// it returns is the refusal.
func Note(ctx context.Context, s *store.Store, no *RefusedError, w Wish) error {
	if w.DryRun {
		return no.Failure
	}
	if err := note(ctx, s, no, w); err != nil {
		no.Failure.Err = fmt.Errorf("%w\n  (and it could not be written into the trail: %w)", no.Failure.Err, err)
	}
	return no.Failure
}

func note(ctx context.Context, s *store.Store, no *RefusedError, w Wish) error {
	return s.Do(ctx, func(tx *store.Tx) error {
		if w.By == Scheduled { // who imports by hand is told at once
			if err := tell(ctx, tx, no); err != nil {
				return err
			}
		}
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "roster/refused/" + desk.Random(20), At: time.Now(), Kind: audit.RosterRefused, Actor: w.By,
			Object: no.Source, Outcome: "refused", Words: no.Why, Data: map[string]any{"sha256": no.Sum}})
	})
}

// tell tells people outside of a refusal: once, until a roster is accepted again. The
// next runs refuse the same one for as long as nobody corrects it.
func tell(ctx context.Context, tx *store.Tx, no *RefusedError) error {
	last, err := tx.LastRoster(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	tx.Tell(notice.RefusedRoster(no.Source, fmt.Sprintf("%d/%s", last.ID, no.same), no.told, time.Now()))
	return nil
}

// leavers are those who were active until now. Who was never there has nothing that
// ends: the first roster may list everybody who ever left.
func leavers(have []store.Person, d Diff) []access.PrincipalID {
	active := map[access.PrincipalID]bool{}
	for _, p := range have {
		active[p.ID] = p.Standing.Active
	}
	var out []access.PrincipalID
	for _, p := range d.Left {
		if active[p.Principal] {
			out = append(out, p.Principal)
		}
	}
	return out
}

// offboard orders the end of the access of people, once for this roster.
func offboard(ctx context.Context, tx *store.Tx, r store.Roster, people []access.PrincipalID, by string) error {
	for _, who := range people {
		key := fmt.Sprintf("%d.%x", r.ID, sha256.Sum256([]byte(who)))
		_, err := inbox.TakeIn(ctx, tx, inbox.Message{Kind: inbox.Roster, Source: "schedule", ID: key, Body: []byte(key),
			Order: inbox.Order{Principal: who, Act: inbox.Offboard, Reason: access.HR, By: by, Why: "not on the roster any more"}})
		if err != nil {
			return err
		}
	}
	return nil
}

func ids(people []Person) []string {
	out := make([]string, len(people))
	for i, p := range people {
		out[i] = string(p.Principal)
	}
	return out
}
