package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// keep is how long an unused connection stays open. It is short, because a
	// database with a session in it cannot be dropped or copied by its owner.
	keep = 10 * time.Second
	// fresh is how old a connection may be that Look uses. A new one for every look
	// would cost more than all the rest of offboarding a role.
	fresh = 5 * time.Second
	// each bounds the connections to one database: who waits a millisecond for one is
	// faster than who opens another. Those that look are counted apart.
	each = 3
)

// conns hands out connections to the databases of one server, and keeps a few
// for the next call. It bounds them over all databases together.
type conns struct {
	dsn   *pgx.ConnConfig
	slots chan struct{} // one for each connection in use

	mu     sync.Mutex
	queues map[queue]chan struct{}
	idle   []*kept // the one that was put back first is first
	sweep  *time.Timer
	closed bool
	acts   map[int64]time.Time // when we last acted on a role
}

// queue is what those wait in who want the same kind of connection.
type queue struct {
	database string
	looks    bool
}

// kept is one connection, in use or not. One that looks never changes anything.
type kept struct {
	*pgx.Conn
	queue
	opened time.Time
	back   time.Time // when it was put back
}

func newConns(dsn *pgx.ConnConfig, most int) *conns {
	return &conns{dsn: dsn, slots: make(chan struct{}, most), queues: map[queue]chan struct{}{}, acts: map[int64]time.Time{}}
}

// act runs fn on a connection to the database, for something that may change the
// role with that oid.
func (c *conns) act(ctx context.Context, oid int64, database string, fn func(*pgx.Conn) error) error {
	defer c.acted(oid)
	return c.with(ctx, queue{database, false}, func(*kept) bool { return true }, func(k *kept) error { return fn(k.Conn) })
}

// look runs fn on a connection to the database that only looks, and is opened after
// the last thing that we did to the role with that oid. So what it sees was seen
// from outside, afterwards.
func (c *conns) look(ctx context.Context, oid int64, database string, fn func(*kept) error) error {
	after := c.actedAt(oid)
	fits := func(k *kept) bool { return k.opened.After(after) && time.Since(k.opened) < fresh }
	return c.with(ctx, queue{database, true}, fits, fn)
}

func (c *conns) with(ctx context.Context, q queue, fits func(*kept) bool, fn func(*kept) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// In this order, nobody holds a place while waiting for another's database.
	for _, places := range []chan struct{}{c.line(q), c.slots} {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	k, err := c.get(ctx, q, fits)
	if err != nil {
		return err
	}
	err = fn(k)
	if !c.put(k) {
		hangUp(k.Conn)
	}
	return err
}

func (c *conns) line(q queue) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queues[q] == nil {
		c.queues[q] = make(chan struct{}, each)
	}
	return c.queues[q]
}

func (c *conns) get(ctx context.Context, q queue, fits func(*kept) bool) (*kept, error) {
	for {
		k := c.take(func(k *kept) bool { return k.queue == q && fits(k) })
		if k == nil {
			break
		}
		if time.Since(k.back) < time.Second || k.Ping(ctx) == nil {
			return k, nil
		}
		hangUp(k.Conn)
	}
	c.trim(cap(c.slots) - len(c.slots))
	dsn := c.dsn.Copy()
	dsn.Database = q.database
	opened := time.Now()
	pg, err := pgx.ConnectConfig(ctx, dsn)
	if err != nil {
		return nil, err
	}
	return &kept{Conn: pg, queue: q, opened: opened}, nil
}

// take is the kept connection that fits and was put back last.
func (c *conns) take(fits func(*kept) bool) *kept {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, k := range slices.Backward(c.idle) {
		if fits(k) {
			c.idle = slices.Delete(c.idle, i, i+1)
			return k
		}
	}
	return nil
}

// put keeps a connection for the next call, unless it is of no more use.
func (c *conns) put(k *kept) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A database cannot be made from a template that somebody is connected to.
	if c.closed || k.IsClosed() || k.PgConn().TxStatus() != 'I' || strings.HasPrefix(k.database, "template") {
		return false
	}
	k.back = time.Now()
	c.idle = append(c.idle, k)
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
		hangUp(c.idle[0].Conn)
		c.idle = c.idle[1:]
	}
}

func (c *conns) closeIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.idle) > 0 && time.Since(c.idle[0].back) >= keep {
		hangUp(c.idle[0].Conn)
		c.idle = c.idle[1:]
	}
	c.sweep = nil
	if len(c.idle) > 0 {
		c.sweep = time.AfterFunc(keep-time.Since(c.idle[0].back), c.closeIdle)
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

// acted remembers for as long as a connection can be fresh that we did something.
func (c *conns) acted(oid int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if len(c.acts) > 1000 {
		for o, at := range c.acts {
			if now.Sub(at) > fresh {
				delete(c.acts, o)
			}
		}
	}
	c.acts[oid] = now
}

func (c *conns) actedAt(oid int64) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acts[oid]
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
