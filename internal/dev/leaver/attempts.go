package leaver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Login tries to log in as somebody, now, and returns what the server said against it;
// nil when the door was open.
func (s *Site) Login(ctx context.Context, who, database string) error {
	c, err := pgx.Connect(ctx, s.as(who, database))
	if err != nil {
		return said(err)
	}
	return c.Close(ctx)
}

// Session is one that somebody opened while they could.
type Session struct {
	conn *pgx.Conn
	Pid  uint32 // the server's process
}

// Open logs in, runs some statements, and stays.
func (s *Site) Open(ctx context.Context, who, database string, statements ...string) (*Session, error) {
	c, err := pgx.Connect(ctx, s.as(who, database))
	if err != nil {
		return nil, fmt.Errorf("open a session of %s: %w", who, err)
	}
	for _, sql := range statements {
		if _, err := c.Exec(ctx, sql); err != nil {
			return nil, errors.Join(fmt.Errorf("open a session of %s: %w", who, err), c.Close(ctx))
		}
	}
	return &Session{c, c.PgConn().PID()}, nil
}

// Ask runs a query in the session and returns what the server said against it; nil when
// the session lives.
func (s *Session) Ask(ctx context.Context, sql string) error {
	_, err := s.conn.Exec(ctx, sql)
	return said(err)
}

// Close ends the session, if it lives.
func (s *Session) Close(ctx context.Context) { _ = s.conn.Close(ctx) }

// said is the server's own words, without those of the driver around them.
func said(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Errorf("%s: %s", pg.Severity, pg.Message)
	}
	return err
}

// Client is a program that connects, asks, and connects again as soon as it is cut off,
// as connection pools do.
type Client struct {
	stop context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	logins  int
	refused int
	last    time.Time // the last moment at which it was in
	words   string    // of the last refusal
}

// Reconnect starts such a program for somebody. It is in at least once when Reconnect
// returns.
func (s *Site) Reconnect(ctx context.Context, who, database string) (*Client, error) {
	if err := s.Login(ctx, who, database); err != nil {
		return nil, fmt.Errorf("the reconnecting client of %s: %w", who, err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Client{stop: stop}
	c.done.Go(func() {
		for ctx.Err() == nil {
			c.try(ctx, s.as(who, database))
		}
	})
	return c, nil
}

// pause keeps the program from using up the machine.
const pause = 10 * time.Millisecond

// try connects once and stays for as long as it may.
func (c *Client) try(ctx context.Context, url string) {
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		c.note(nil)
		for err == nil && ctx.Err() == nil {
			if _, err = conn.Exec(ctx, "select pg_sleep(0.02)"); err == nil {
				c.stillIn()
			}
		}
		_ = conn.Close(context.WithoutCancel(ctx))
		return
	}
	if ctx.Err() == nil {
		c.note(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

func (c *Client) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.logins++
		c.last = time.Now()
		return
	}
	c.refused++
	c.words = said(err).Error()
}

func (c *Client) stillIn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
}

// Tally is how a client fared.
type Tally struct {
	Logins, Refused int
	LastIn          time.Time
	Words           string // the server's, of the last refusal
}

// Tally is how the client fared so far.
func (c *Client) Tally() Tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Tally{c.logins, c.refused, c.last, c.words}
}

// Close ends the program.
func (c *Client) Close() {
	c.stop()
	c.done.Wait()
}

// Count asks as somebody how many rows a table has: what the leaver owned is still there
// for others.
func (s *Site) Count(ctx context.Context, who, database, table string) (int, error) {
	c, err := pgx.Connect(ctx, s.as(who, database))
	if err != nil {
		return 0, said(err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	var n int
	err = c.QueryRow(ctx, "select count(*) from "+table).Scan(&n)
	return n, said(err)
}
