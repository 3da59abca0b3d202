package mysql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// live is one connection of somebody.
type live struct {
	id   int64
	from string // the client's address, or its name, or localhost
}

// sessions are the connections that count as the account's. The others are the accounts
// of the same name, which may be the ones that let a client in.
func sessions(ctx context.Context, c *session, who identity, others []account) ([]live, error) {
	var out []live
	err := c.rows(ctx, func(scan func(...any) error) error {
		var l live
		var user string
		if err := scan(&l.id, &user, &l.from); err != nil {
			return err
		}
		if user == who.User && counts(who.Host, l.from, others) {
			out = append(out, l)
		}
		return nil
	}, `select ID, USER, HOST from information_schema.PROCESSLIST where USER = ? and ID <> connection_id()`, who.User)
	return out, err
}

// counts reports whether a session from that address is of the account with that host.
// Others are its namesakes.
func counts(host, from string, others []account) bool {
	client := from
	if h, port, err := net.SplitHostPort(from); err == nil {
		if _, err := strconv.Atoi(port); err == nil {
			client = h
		}
	} else if i := strings.LastIndexByte(from, ':'); i > 0 { // an IPv6 address stands there without brackets
		client = from[:i]
	}
	mine, certain := fits(host, client)
	if !certain {
		return true
	}
	if !mine {
		return false
	}
	for _, o := range others {
		if theirs, certain := fits(o.Host, client); o.Host != host && certain && theirs && narrower(o.Host, host) {
			return false
		}
	}
	return true
}

// fits reports whether a client fits the host of an account, and whether that can be
// told: a client that the server knows by name has an address too, and the host of the
// account may be about that.
func fits(host, client string) (fits, certain bool) {
	address := net.ParseIP(client)
	if base, mask, ok := strings.Cut(host, "/"); ok {
		if address == nil {
			return false, client == "localhost"
		}
		if _, network, err := net.ParseCIDR(host); err == nil {
			return network.Contains(address), true
		}
		b, m := net.ParseIP(base).To4(), net.ParseIP(mask).To4()
		if b == nil || m == nil || address.To4() == nil {
			return false, b != nil && m != nil
		}
		return address.Mask(net.IPMask(m)).Equal(b), true
	}
	if like(strings.ToLower(host), strings.ToLower(client)) {
		return true, true
	}
	about := strings.Trim(host, "0123456789.:%_abcdefABCDEF") == "" // an address, or a pattern of one
	if address == nil {
		return false, client == "localhost" || !about
	}
	return false, about || host == "localhost" // else the host is a name, which the address may have
}

// narrower reports whether the server asks host a before host b: no wildcard before a
// wildcard, and of two the one whose wildcard stands later.
func narrower(a, b string) bool { return breadth(a) < breadth(b) }

func breadth(host string) int {
	if strings.Contains(host, "/") {
		return 1
	}
	i := strings.IndexAny(host, "%_")
	if i < 0 {
		return 0
	}
	return 1000 - min(i, 900)
}

// like is LIKE with % and _.
func like(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	switch pattern[0] {
	case '%':
		for i := 0; i <= len(text); i++ {
			if like(pattern[1:], text[i:]) {
				return true
			}
		}
		return false
	case '_':
		return text != "" && like(pattern[1:], text[1:])
	}
	return text != "" && text[0] == pattern[0] && like(pattern[1:], text[1:])
}

// EndSessions kills the connections of the account, one statement each, so that one
// refusal does not save the others. Then it counts. It works for an account that is
// gone already too: DROP USER does not end sessions.
func (s *Server) EndSessions(ctx context.Context, ref access.Ref) (int, error) {
	op := op("end sessions of", ref, "")
	t, err := planned(op, ref)
	if err != nil {
		return 0, err
	}
	alive := 0
	err = s.with(ctx, func(c *session) error {
		if _, err := s.find(ctx, c, op, t); err != nil && !errors.Is(err, errGone) {
			return err
		}
		own, err := ownSight(ctx, c)
		if err != nil {
			return err
		}
		if !own.has("PROCESS") {
			return refuse(op, errors.New("its sessions cannot be seen"), access.Blocker{Object: "sessions", Why: "our login lacks PROCESS", Remedy: grantTo(s.login, "PROCESS")})
		}
		alive, err = s.endAll(ctx, c, op, t)
		return err
	})
	return alive, s.classified(op, err)
}

func (s *Server) endAll(ctx context.Context, c *session, op string, t target) (alive int, err error) {
	others, err := s.namesakes(ctx, c, t.User)
	if err != nil {
		return 0, err
	}
	others = slices.DeleteFunc(others, func(a account) bool { return a.User != t.User })
	found, err := sessions(ctx, c, t.identity, others)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	var blockers []access.Blocker
	for _, l := range found {
		switch err := c.end(ctx, l.id); {
		case err == nil, number(err) == 1094: // it ended by itself
		case mayNot(err) || number(err) == 1095:
			blockers = append(blockers, access.Blocker{Object: fmt.Sprintf("session %d", l.id), Why: s.hide(err.Error()),
				Remedy: grantTo(s.login, c.killing()) + "; on Amazon's service: CALL mysql.rds_kill(" + strconv.FormatInt(l.id, 10) + ")"})
		default:
			return 0, err
		}
	}
	found, err = sessions(ctx, c, t.identity, others)
	if err == nil && len(found) > 0 && len(blockers) > 0 {
		return len(found), refuse(op, fmt.Errorf("%d of its sessions cannot be ended by us", len(blockers)), blockers...)
	}
	return len(found), err
}

// end ends one connection: itself, or where it may not, by the procedure that a hosting
// service has for its administrators.
func (c *session) end(ctx context.Context, id int64) error {
	err := c.exec(ctx, c.kill(id))
	if n := number(err); n != 1095 && n != 1227 {
		return err
	}
	procedure, unseen := c.hostedKill(ctx)
	if unseen != nil || procedure == "" {
		return err
	}
	return c.exec(ctx, fmt.Sprintf("call mysql.%s(%d)", procedure, id))
}

// hostedKill is the name of a procedure of that kind, or nothing: Amazon's for RDS and
// Aurora, and Azure's for flexible servers, both of which give nobody else the right to
// end sessions.
func (c *session) hostedKill(ctx context.Context) (name string, err error) {
	err = c.rows(ctx, func(scan func(...any) error) error { return scan(&name) }, `
select ROUTINE_NAME from information_schema.ROUTINES
where ROUTINE_SCHEMA = 'mysql' and ROUTINE_TYPE = 'PROCEDURE' and ROUTINE_NAME in ('rds_kill', 'az_kill')`)
	return name, err
}
