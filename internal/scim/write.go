package scim

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/store"
)

// create makes a user. Which person that is gets decided here, for ever.
func (s *server) create(c call) (answer, error) {
	d, err := read(c.body)
	if err != nil {
		return answer{}, err
	}
	if _, said := d["active"]; !said {
		d["active"] = true // RFC 7643 leaves it to us: who is new is there
	}
	at := now()
	fresh := user{doc: d, SCIMUser: store.SCIMUser{ID: strings.ToLower(rand.Text())}}
	if err := fresh.check(at); err != nil {
		return answer{}, err
	}
	if fresh.Principal, err = s.Naming.principal(d); err != nil {
		return answer{}, err
	}
	if fresh.SCIMUser, err = fresh.row(); err != nil {
		return answer{}, err
	}
	err = s.Records.Do(c.r.Context(), func(tx *store.Tx) error {
		was, err := s.provision(c, tx, fresh)
		if err != nil {
			return err
		}
		if err := s.sameAsBefore(c, tx, fresh); err != nil {
			return err
		}
		if fresh.SCIMUser, err = tx.AddSCIMUser(c.r.Context(), fresh.SCIMUser); err != nil {
			return err
		}
		return s.follow(c, tx, fresh, weigh(nil, fresh, was), at)
	})
	if taken, ok := errors.AsType[*store.TakenError](err); ok && taken.What == "principal" {
		err = &refusal{http.StatusConflict, uniqueness, string(s.Naming) + " " + taken.Value + " is another user's id here, also if that one is called otherwise by now"}
	}
	return answer{status: http.StatusCreated, body: fresh.resource(c.base, view{})}, err
}

// sameAsBefore refuses a name as an id that belonged to somebody else: another object
// of the directory, which was deleted since.
func (s *server) sameAsBefore(c call, tx *store.Tx, fresh user) error {
	if s.Naming != ByUserName {
		return nil
	}
	former, err := tx.FormerSCIMUser(c.r.Context(), fresh.Principal)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && former.ExternalID != fresh.ExternalID {
		return &refusal{http.StatusConflict, uniqueness, "the userName " + fresh.UserName + " was somebody else's before, whose history would become this person's"}
	}
	return err
}

// replace sets a whole user. What it does not say is not known any more, but for who
// it is and whether it is active.
func (s *server) replace(c call) (answer, error) {
	d, err := read(c.body)
	if err != nil {
		return answer{}, err
	}
	return s.change(c, func(was document) (document, error) {
		for _, name := range []string{"active", "externalId"} {
			if _, said := d[name]; !said && was[name] != nil {
				d[name] = was[name]
			}
		}
		return d, nil
	})
}

// patch changes parts of a user.
func (s *server) patch(c call) (answer, error) {
	operations, err := readPatch(c.body)
	if err != nil {
		return answer{}, err
	}
	return s.change(c, func(was document) (document, error) { return was.patched(operations) })
}

// change makes another document of a user's. What says the same as before is no
// change: nothing is counted, told or ordered.
func (s *server) change(c call, to func(document) (document, error)) (answer, error) {
	v, err := viewOf(c.r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	at := now()
	var after user
	err = s.Records.Do(c.r.Context(), func(tx *store.Tx) error {
		row, err := tx.LockSCIMUser(c.r.Context(), c.id())
		if errors.Is(err, store.ErrNotFound) {
			return missing(c.id())
		}
		if err != nil {
			return err
		}
		before, err := userOf(row)
		if err != nil {
			return err
		}
		after = before
		if after.doc, err = to(before.doc); err != nil {
			return err
		}
		if err := after.check(at); err != nil {
			return err
		}
		what := weigh(&before, after, store.Standing{})
		if len(what.fields) == 0 {
			return nil
		}
		if err := moved(before, after, at); err != nil {
			return err
		}
		what.ended = what.ended || urgent(before, after, at)
		if slices.Contains(what.fields, "externalId") {
			if err := s.stays(c, tx, after); err != nil {
				return err
			}
		}
		if after.SCIMUser, err = after.row(); err != nil {
			return err
		}
		if after.SCIMUser, err = tx.ChangeSCIMUser(c.r.Context(), after.SCIMUser); err != nil {
			return err
		}
		if _, err := s.provision(c, tx, after); err != nil {
			return err
		}
		return s.follow(c, tx, after, what, at)
	})
	return answer{status: http.StatusOK, body: after.resource(c.base, v)}, err
}

// stays refuses an externalId that is another person's id here: the user would look
// like her and belong to somebody else.
func (s *server) stays(c call, tx *store.Tx, u user) error {
	id := u.doc.text("externalId")
	if s.Naming != ByExternalID || id == "" || id == string(u.Principal) {
		return nil
	}
	other, err := tx.SCIMUsers(c.r.Context(), store.SCIMFilter{Principal: id}, store.Page{Limit: 1})
	if err == nil && len(other) > 0 {
		return &refusal{http.StatusConflict, uniqueness, "externalId " + id + " is another user's id here"}
	}
	return err
}

// remove deletes a user: for the directory it is as if it had never been there. The
// person and her history stay.
func (s *server) remove(c call) (answer, error) {
	at := now()
	err := s.Records.Do(c.r.Context(), func(tx *store.Tx) error {
		row, err := tx.DeleteSCIMUser(c.r.Context(), c.id())
		if errors.Is(err, store.ErrNotFound) {
			return missing(c.id())
		}
		if err != nil {
			return err
		}
		gone, err := userOf(row)
		if err != nil {
			return err
		}
		gone.doc["active"] = false
		if _, err := s.provision(c, tx, gone); err != nil {
			return err
		}
		return s.follow(c, tx, gone, deleted, at)
	})
	return answer{status: http.StatusNoContent}, err
}

// provision brings the person of a user up to date, and says how she stood until now.
func (s *server) provision(c call, tx *store.Tx, u user) (store.Standing, error) {
	p, unknown := u.person()
	return tx.Provision(c.r.Context(), p, u.doc.active(), unknown)
}
