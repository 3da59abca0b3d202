package postgres

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// keep is how long an unused connection stays open. It is short, because a
// database with a session in it cannot be dropped or copied by its owner.
const keep = 10 * time.Second

// conns hands out connections to the databases of one server, and keeps a few
// for the next call. It bounds them over all databases together.
type conns struct {
	dsn   *pgx.ConnConfig
	slots chan struct{} // one for each connection in use

	mu     sync.Mutex
	idle   []kept // oldest first
	sweep  *time.Timer
	closed bool
}

type kept struct {
	conn     *pgx.Conn
	database string
	since    time.Time
}

func newConns(dsn *pgx.ConnConfig, most int) *conns {
	return &conns{dsn: dsn, slots: make(chan struct{}, most)}
}

// with runs fn on a connection to the database, a kept one if there is one.
func (c *conns) with(ctx context.Context, database string, fn func(*pgx.Conn) error) error {
	if err := c.acquire(ctx); err != nil {
		return err
	}
	defer c.release()
	conn, err := c.reuse(ctx, database)
	if err != nil {
		return err
	}
	err = fn(conn)
	c.put(conn, database)
	return err
}

// fresh runs fn on a connection that nothing else has used or will use.
func (c *conns) fresh(ctx context.Context, database string, fn func(*pgx.Conn) error) error {
	if err := c.acquire(ctx); err != nil {
		return err
	}
	defer c.release()
	dsn := c.dsn.Copy()
	// Each statement runs once: naming it first would cost a round trip.
	dsn.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := c.dial(ctx, dsn, database)
	if err != nil {
		return err
	}
	defer hangUp(conn)
	return fn(conn)
}

func (c *conns) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *conns) release() { <-c.slots }

func (c *conns) reuse(ctx context.Context, database string) (*pgx.Conn, error) {
	for {
		k, ok := c.take(database)
		if !ok {
			return c.dial(ctx, c.dsn.Copy(), database)
		}
		if time.Since(k.since) < time.Second || k.conn.Ping(ctx) == nil {
			return k.conn, nil
		}
		hangUp(k.conn)
	}
}

func (c *conns) dial(ctx context.Context, dsn *pgx.ConnConfig, database string) (*pgx.Conn, error) {
	c.trim(cap(c.slots) - len(c.slots))
	dsn.Database = database
	return pgx.ConnectConfig(ctx, dsn)
}

// take is the youngest kept connection to a database.
func (c *conns) take(database string) (kept, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.idle) - 1; i >= 0; i-- {
		if k := c.idle[i]; k.database == database {
			c.idle = append(c.idle[:i], c.idle[i+1:]...)
			return k, true
		}
	}
	return kept{}, false
}

func (c *conns) put(conn *pgx.Conn, database string) {
	if !c.keeps(conn, database) {
		hangUp(conn)
	}
}

func (c *conns) keeps(conn *pgx.Conn, database string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A database cannot be made from a template that somebody is connected to.
	if c.closed || conn.IsClosed() || conn.PgConn().TxStatus() != 'I' || strings.HasPrefix(database, "template") {
		return false
	}
	c.idle = append(c.idle, kept{conn, database, time.Now()})
	if c.sweep == nil {
		c.sweep = time.AfterFunc(keep, c.closeIdle)
	}
	return true
}

// trim closes the oldest kept connections until no more than most are left.
func (c *conns) trim(most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.idle) > max(most, 0) {
		hangUp(c.idle[0].conn)
		c.idle = c.idle[1:]
	}
}

func (c *conns) closeIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.idle) > 0 && time.Since(c.idle[0].since) >= keep {
		hangUp(c.idle[0].conn)
		c.idle = c.idle[1:]
	}
	c.sweep = nil
	if len(c.idle) > 0 {
		c.sweep = time.AfterFunc(keep-time.Since(c.idle[0].since), c.closeIdle)
	}
}

func (c *conns) close() {
	c.mu.Lock()
	c.closed = true
	if c.sweep != nil {
		c.sweep.Stop()
	}
	c.mu.Unlock()
	c.trim(0)
}

// hangUp says goodbye and does not wait long for the answer.
func hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

// major is the version of the server behind a connection: 15 for "15.18" and for
// "15beta1".
func major(conn *pgx.Conn) int {
	v := conn.PgConn().ParameterStatus("server_version")
	end := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(v)
	}
	n, _ := strconv.Atoi(v[:end])
	return n
}
