package simulator

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The states of an operation.
const (
	done      = "Done"
	pending   = "Pending"
	failed    = "Failed"
	cancelled = "Cancelled"
)

// operation is an order and what became of it.
type operation struct {
	id     int
	kind   string
	status string
	words  string
	date   time.Time
	rounds int
	data   map[string]any
	act    func() error
	lang   string
}

// noop and refusal are why an order did nothing.
type (
	noop    struct{ message }
	refusal struct{ message }
)

func (n noop) Error() string    { return n.en }
func (r refusal) Error() string { return r.en }

func (s *Server) hostingCalls(c *call, me *session, h *Hosting) {
	id, p := h.ID, c.params()
	switch {
	case c.at(http.MethodGet, "webhosting", id):
		s.info(c, h)
	case c.at(http.MethodDelete, "webhosting", id):
		s.order(c, me, "webHostingDelete", nil, func() error { delete(s.hostings, id); return nil })
	case c.at(http.MethodPatch, "webhosting", id):
		if c.action() != "SetDBHold" {
			s.fail(c, http.StatusBadRequest, noAction)
			return
		}
		s.order(c, me, "webHostingSetDBHold", nil, func() error { h.Held = p["value"] == true || p["value"] == "true"; return nil })
	case c.at(http.MethodPatch, "webhosting", id, "database"):
		s.patchDatabase(c, me, h, text(p, "dbName"), text(p, "username"))
	case c.at(http.MethodPost, "webhosting", id, "database"):
		db := text(c.args, "dbName")
		if !h.ours(db) {
			s.fail(c, http.StatusBadRequest, badValue)
			return
		}
		s.order(c, me, "webHostingDBCreate", c.args, h.unlessHeld(func() error {
			if slices.Contains(h.Databases, db) {
				return noop{isThere}
			}
			h.Databases = append(h.Databases, db)
			return nil
		}))
	case c.at(http.MethodDelete, "webhosting", id, "database"):
		db := text(c.args, "dbName")
		s.order(c, me, "webHostingDBDelete", c.args, func() error {
			h.Databases = slices.DeleteFunc(h.Databases, func(n string) bool { return n == db })
			h.Links = slices.DeleteFunc(h.Links, func(l Link) bool { return l.Database == db })
			return nil
		})
	case c.at(http.MethodPost, "webhosting", id, "database-user"):
		s.createUser(c, me, h)
	case c.at(http.MethodPatch, "webhosting", id, "database-user"):
		s.patchUser(c, me, h, p)
	case c.at(http.MethodDelete, "webhosting", id, "database-user"):
		s.deleteUser(c, me, h, text(c.args, "username"))
	default:
		s.fail(c, http.StatusNotFound, noResource)
	}
}

// unlessHeld refuses while the hosting is on hold.
func (h *Hosting) unlessHeld(act func() error) func() error {
	return func() error {
		if h.Held {
			return refusal{onHold}
		}
		return act()
	}
}

func (s *Server) patchDatabase(c *call, me *session, h *Hosting, db, name string) {
	pair := Link{db, name}
	var act func() error
	switch action := c.action(); {
	case !h.ours(db) || !h.ours(name):
		s.fail(c, http.StatusBadRequest, badValue)
		return
	case action == "UnlinkUser":
		act = func() error {
			if !slices.Contains(h.Links, pair) {
				return noop{notLinked}
			}
			h.Links = slices.DeleteFunc(h.Links, func(l Link) bool { return l == pair })
			return nil
		}
	case action == s.opt.LinkAction:
		act = func() error {
			switch {
			case h.user(name) == nil:
				return refusal{noUser}
			case !slices.Contains(h.Databases, db):
				return refusal{noDatabase}
			case slices.Contains(h.Links, pair):
				return noop{isThere}
			}
			h.Links = append(h.Links, pair)
			return nil
		}
	default:
		s.fail(c, http.StatusBadRequest, noAction)
		return
	}
	s.order(c, me, "webHostingDB"+c.action(), map[string]any{"id": h.ID, "dbName": db, "username": name}, h.unlessHeld(act))
}

func (s *Server) createUser(c *call, me *session, h *Hosting) {
	u := User{text(c.args, "username"), text(c.args, "password"), text(c.args, "internalAccess"), text(c.args, "externalAccess")}
	if !h.ours(u.Name) || u.Password == "" || !isRight(u.Internal) || !isRight(u.External) {
		s.fail(c, http.StatusBadRequest, badValue)
		return
	}
	s.order(c, me, "webHostingDBUserCreate", map[string]any{"id": h.ID, "username": u.Name}, h.unlessHeld(func() error {
		if h.user(u.Name) != nil {
			return noop{isThere}
		}
		h.Users = append(h.Users, u)
		return nil
	}))
}

func (s *Server) patchUser(c *call, me *session, h *Hosting, p map[string]any) {
	name, action := text(p, "username"), c.action()
	var set func(*User)
	switch {
	case action == s.opt.PasswordAction && text(p, "password") != "":
		set = func(u *User) { u.Password = text(p, "password") }
	case action == s.opt.PermissionAction && isRight(text(p, "internalAccess")) && isRight(text(p, "externalAccess")):
		set = func(u *User) { u.Internal, u.External = text(p, "internalAccess"), text(p, "externalAccess") }
	default:
		s.fail(c, http.StatusBadRequest, noAction)
		return
	}
	s.order(c, me, "webHostingDBUser"+action, map[string]any{"id": h.ID, "username": name}, h.unlessHeld(func() error {
		u := h.user(name)
		if u == nil {
			return refusal{noUser}
		}
		set(u)
		return nil
	}))
}

func (s *Server) deleteUser(c *call, me *session, h *Hosting, name string) {
	if name == "" && s.opt.Untargeted == UntargetedDeletesAll {
		s.order(c, me, "webHostingDBUserDelete", nil, func() error { h.Users, h.Links = nil, nil; return nil })
		return
	}
	if name == "" {
		s.fail(c, http.StatusBadRequest, noTarget)
		return
	}
	s.order(c, me, "webHostingDBUserDelete", map[string]any{"id": h.ID, "username": name}, h.unlessHeld(func() error {
		linked := slices.ContainsFunc(h.Links, func(l Link) bool { return l.User == name })
		switch {
		case h.user(name) == nil:
			return noop{noUser}
		case linked && s.opt.Linked == LinkedRefuses:
			return refusal{isLinked}
		case s.opt.Linked != LinkedStays:
			h.Links = slices.DeleteFunc(h.Links, func(l Link) bool { return l.User == name })
		}
		h.Users = slices.DeleteFunc(h.Users, func(u User) bool { return u.Name == name })
		return nil
	}))
}

// order makes an operation, carries it out unless it has to wait, and answers.
func (s *Server) order(c *call, me *session, kind string, data map[string]any, act func() error) {
	s.serial++
	o := &operation{id: 7000 + s.serial, kind: kind, status: pending, date: s.opt.Now(), rounds: s.opt.Rounds, data: data, act: act, lang: me.lang}
	if me.sync == 0 && o.rounds == 0 {
		o.rounds = 1
	}
	s.operations = append(s.operations, o)
	if o.rounds == 0 {
		status, words := s.carryOut(o)
		if status != http.StatusOK {
			s.operations = s.operations[:len(s.operations)-1]
			s.fail(c, status, words)
			return
		}
	}
	if s.opt.BareAnswers {
		c.status = http.StatusOK
		return
	}
	c.say(http.StatusOK, s.show(o))
}

// carryOut does what was ordered, and says with which status an answer at once goes.
func (s *Server) carryOut(o *operation) (int, message) {
	err := o.act()
	o.status, o.act = done, nil
	var how Answer
	var words message
	if n, ok := errors.AsType[noop](err); ok {
		how, words = s.opt.NoOp, n.message
	} else if r, ok := errors.AsType[refusal](err); ok {
		how, words = s.opt.Refusal, r.message
	} else {
		return http.StatusOK, message{}
	}
	if how == AnswerDone {
		return http.StatusOK, message{}
	}
	o.status, o.words = failed, words.in(o.lang)
	switch how {
	case AnswerNotFound:
		return http.StatusNotFound, words
	case AnswerForbidden:
		return http.StatusBadRequest, words
	}
	return http.StatusOK, message{}
}

// advance counts how often an operation that waits was looked at.
func (s *Server) advance(o *operation) {
	if o.status != pending {
		return
	}
	if o.rounds--; o.rounds < 0 {
		s.end(o)
	}
}

// end ends an operation that waits.
func (s *Server) end(o *operation) {
	if s.opt.Ends == done {
		s.carryOut(o)
		return
	}
	o.status, o.words, o.act = s.opt.Ends, itFailed.in(o.lang), nil
}

// show is StructOperationResponse.
func (s *Server) show(o *operation) map[string]any {
	out := map[string]any{"ID_OPE": o.id, "STATUS": o.status, "MESSAGE": o.words, "TYPE": o.kind, "DATE": o.date.Format("2006-01-02 15:04:05")}
	if s.opt.Capitals {
		out["STATUS"] = strings.ToUpper(o.status)
	}
	if s.opt.TextIDs {
		out["ID_OPE"] = strconv.Itoa(o.id)
	}
	return out
}

// operationCalls are those about operations; false when the call is not one.
func (s *Server) operationCalls(c *call) bool {
	switch {
	case c.at(http.MethodGet, "operations", "pending"):
		s.pendingList(c)
		return true
	case c.at(http.MethodGet, "operation", "*"), c.at(http.MethodPatch, "operation", "*", "cancel"):
	default:
		return false
	}
	i := slices.IndexFunc(s.operations, func(o *operation) bool { return strconv.Itoa(o.id) == c.path[1] })
	if i < 0 || s.opt.Forgets && s.operations[i].status != pending {
		s.fail(c, http.StatusNotFound, noOperation)
		return true
	}
	o := s.operations[i]
	if o.status == pending {
		if c.req.Method == http.MethodPatch {
			o.status, o.act = cancelled, nil
		}
		s.advance(o)
	}
	c.say(http.StatusOK, s.show(o))
	return true
}

func (s *Server) pendingList(c *call) {
	list := []any{}
	for _, o := range s.operations {
		s.advance(o)
		if o.status != pending {
			continue
		}
		one := map[string]any{"id_ope": strconv.Itoa(o.id), "code_ope": o.kind, "date_ope": o.date.Format("2006-01-02 15:04:05")}
		switch s.opt.PendingList {
		case PendingNoData:
		case PendingTexts:
			b, _ := json.Marshal(o.data) // plain values
			one["data_ope"] = string(b)
		default:
			one["data_ope"] = o.data
		}
		list = append(list, one)
	}
	if len(list) == 0 && s.opt.PendingList == PendingNone404 {
		s.fail(c, http.StatusNotFound, noOperation)
		return
	}
	c.say(http.StatusOK, list)
}
