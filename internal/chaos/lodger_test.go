package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/severhq/sever/internal/access"
)

// lodger is a program of a leaver that is logged in at the target while its owner is cut
// off, and logs in again whenever it was thrown out.
type lodger struct {
	url  string
	stop func()

	mu     sync.Mutex
	in     bool
	lastIn time.Time // when it asked the last time and was answered
	last   error     // why it was not
}

// lodgeOne logs in with an account of the target and stays until it is stopped.
func (w *world) lodgeOne(ctx context.Context, login string) (*lodger, error) {
	at, err := url.Parse(w.targetURL)
	if err != nil {
		return nil, err
	}
	at.User = url.UserPassword(login, "p")
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	v := &lodger{url: at.String(), stop: func() { cancel(); <-over }}
	go func() {
		defer close(over)
		for ctx.Err() == nil {
			v.stay(ctx)
			_ = pause(ctx, 50*time.Millisecond)
		}
	}()
	limit, done := context.WithTimeout(ctx, 10*time.Second)
	defer done()
	for !v.inside() {
		if pause(limit, 10*time.Millisecond) != nil {
			v.stop()
			return nil, fmt.Errorf("%s could not log in: %w", login, v.last)
		}
	}
	return v, nil
}

// stay is one session, until it ends.
func (v *lodger) stay(ctx context.Context) {
	c, err := pgx.Connect(ctx, v.url)
	if err != nil {
		v.note(time.Time{}, err)
		return
	}
	defer c.Close(context.WithoutCancel(ctx))
	for {
		asked := time.Now()
		_, err := c.Exec(ctx, "select 1")
		v.note(asked, err)
		if err != nil || pause(ctx, 25*time.Millisecond) != nil {
			return
		}
	}
}

func (v *lodger) note(asked time.Time, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.in = err == nil; v.in {
		v.lastIn = asked
	} else {
		v.last = err
	}
}

func (v *lodger) inside() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.in
}

// tries logs in anew; refused is the server's answer, err that there was none.
func (v *lodger) tries(ctx context.Context) (refused, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, v.url)
	if err == nil {
		return nil, c.Close(ctx)
	}
	if no, ok := errors.AsType[*pgconn.PgError](err); ok && (no.Code == "28000" || no.Code == "28P01") {
		return no, nil
	}
	return nil, err
}

// lodge logs in those who are to be inside when their case opens.
func (s *stage) lodge(ctx context.Context) (err error) {
	for _, l := range s.people {
		if !l.LoggedIn {
			continue
		}
		if l.lodger, err = s.w.lodgeOne(ctx, l.name); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) goHome() {
	for _, l := range s.people {
		if l.lodger != nil {
			l.lodger.stop()
		}
	}
}

// lodged is how it looks to a lodger, and to the server, at the end.
type lodged struct {
	status    string    // of the case
	mode      string    // the reason of the case
	same      bool      // the role that was planted is there, and may log in
	contained time.Time // zero: the records do not say
	lastIn    time.Time
	in        bool
	sessions  int   // that the server shows
	refused   error // by the server, at a new login
}

// out holds what the case says against that.
func out(who string, v lodged) (wrong []string) {
	say := func(format string, args ...any) {
		wrong = append(wrong, who+", "+v.status+": "+fmt.Sprintf(format, args...))
	}
	switch {
	case v.status == string(access.CaseClean):
		if v.in {
			say("the program is inside")
		}
		if v.sessions > 0 {
			say("%d sessions are alive", v.sessions)
		}
		if v.refused == nil {
			say("a new login was let in")
		}
		if !v.contained.IsZero() && v.lastIn.After(v.contained) {
			say("the program was inside at %s, after it was contained at %s", v.lastIn.Format("15:04:05.000"), v.contained.Format("15:04:05.000"))
		}
	case v.status == string(access.CaseCancelled) && v.same && v.mode != string(access.Incident):
		if v.refused != nil {
			say("the account was given back, and the login is refused: %s", v.refused)
		}
	}
	return wrong
}

// judgeLodgers asks the server and the programs themselves.
func (s *stage) judgeLodgers(ctx context.Context) (wrong []string) {
	for _, l := range s.people {
		if l.lodger == nil {
			continue
		}
		v, err := s.lookAt(ctx, l)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("the judge could not look at the sessions of %s: %s", l.name, err))
			continue
		}
		wrong = append(wrong, out(l.id, v)...)
	}
	return wrong
}

func (s *stage) lookAt(ctx context.Context, l *leaver) (v lodged, err error) {
	e, err := s.w.ending(ctx, l.id)
	if err != nil {
		return v, err
	}
	v.status, v.mode = e.Status, l.reason()
	if v.refused, err = l.lodger.tries(ctx); err != nil {
		return v, err
	}
	alive, err := rows(ctx, s.w.targetURL, `select pid::text from pg_stat_activity where usename = $1`, l.name)
	if err != nil {
		return v, err
	}
	at, err := queried[struct{ At time.Time }](ctx, s.w.recordsURL, `
		select pg_xact_commit_timestamp(xmin) from sever.audit_events where chain = $1 and kind = 'case.contained' order by seq limit 1`, e.ID)
	if err != nil {
		return v, err
	}
	if len(at) > 0 {
		v.contained = at[0].At
	}
	role, err := rows(ctx, s.w.targetURL, `select oid::text from pg_roles where rolname = $1 and rolcanlogin`, l.name)
	if err != nil {
		return v, err
	}
	v.same = slices.ContainsFunc(role, func(oid string) bool { return s.oids[oid] == l.name })
	l.lodger.mu.Lock()
	defer l.lodger.mu.Unlock()
	v.sessions, v.in, v.lastIn = len(alive), l.lodger.in, l.lodger.lastIn
	return v, nil
}
