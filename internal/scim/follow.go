package scim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/store"
)

// follow writes what a change means into the trail, orders the end of an access, and
// tells of somebody who is back: all in the transaction of the change.
func (s *server) follow(c call, tx *store.Tx, u user, what change, at time.Time) error {
	ctx := c.r.Context()
	key := fmt.Sprintf("%s.%d", u.ID, u.Version)
	order, err := u.doc.ending(at)
	if err != nil {
		return err
	}
	order.Principal, order.By, order.Why = u.Principal, c.by, "the directory has the person as not active any more"
	switch {
	case what.ended:
		err = deliver(ctx, tx, key, order)
	case what.returned:
		if err = s.back(ctx, tx, u, key, at); err == nil {
			err = deliver(ctx, tx, key, inbox.Order{Principal: u.Principal, Act: inbox.Hold, By: c.by, Why: "the directory has the person as active again"})
		}
	}
	if err != nil {
		return err
	}
	data := map[string]any{"user": u.ID, "version": u.Version, "active": u.doc.active()}
	if len(what.fields) > 0 {
		data["fields"] = what.fields
	}
	return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "scim/" + key, At: at, Kind: what.kind, Actor: c.by, Object: string(u.Principal),
		Words: what.words(order.At), Data: data})
}

// deliver stores an order. The number of the change makes it the same order, however
// often it is told.
func deliver(ctx context.Context, tx *store.Tx, key string, o inbox.Order) error {
	_, err := inbox.TakeIn(ctx, tx, inbox.Message{Kind: inbox.SCIM, Source: "users", ID: key, Body: []byte(key), Order: o})
	return err
}

// backDue is how long somebody has to look at a case whose principal is back.
const backDue = 4 * time.Hour

// back makes a task where the person of a user is back and her case is open. That case
// is held (see follow): how it ends is for a person to say.
func (s *server) back(ctx context.Context, tx *store.Tx, u user, key string, at time.Time) error {
	open, err := tx.OpenCaseOf(ctx, u.Principal)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	k := store.Task{CaseID: open.ID, Key: store.TaskOfReturn + key, Subject: string(u.Principal), Owner: open.Requester, Due: at.Add(backDue), OpenedAt: at,
		Words: "the directory has " + string(u.Principal) + " as active again while the case is open",
		Next: "let it go on: sever resume " + open.ID + "; or give back what it took: sever cancel " + open.ID +
			"; then: sever tasks done " + open.ID + " " + store.TaskOfReturn + key + ` --reason "..."`}
	if err := tx.OpenTask(ctx, k); err != nil {
		return err
	}
	return tx.Append(ctx, audit.Event{Chain: open.ID, Key: "opened/" + k.Key, At: at, Kind: audit.TaskOpened, Actor: "sever", Object: k.Subject, Words: k.Words,
		Data: map[string]any{"task": k.Key, "owner": k.Owner}})
}

// note leaves a row about a write that was refused: once a day for each user and
// reason, for directories repeat what was refused every few minutes.
func (s *server) note(c call, err error) {
	no := refusalOf(err)
	if no.status >= http.StatusInternalServerError || no.status == http.StatusNotFound || no.status == http.StatusMethodNotAllowed {
		return
	}
	at := now()
	sum := sha256.Sum256([]byte(c.by + "\x00" + c.r.Method + "\x00" + c.id() + "\x00" + no.detail))
	object := "a new user"
	if c.id() != "" {
		object = "user " + c.id()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), 5*time.Second)
	defer cancel()
	err = s.Records.Do(ctx, func(tx *store.Tx) error {
		return tx.Append(ctx, audit.Event{Chain: audit.House, Key: "scim/refused/" + at.Format(time.DateOnly) + "/" + hex.EncodeToString(sum[:12]), At: at,
			Kind: audit.UserRefused, Actor: c.by, Object: object, Outcome: "refused", Words: no.detail, Data: map[string]any{"method": c.r.Method}})
	})
	if err != nil {
		s.Log.Error("a refusal could not be written into the trail", "error", err)
	}
}
