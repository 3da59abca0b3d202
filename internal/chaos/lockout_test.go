package chaos

import (
	"context"
	"time"
)

// lockOut locks the workers' login at a database server and ends its sessions; mend
// unlocks it. The server may be down meanwhile: each is tried for a while.
func (w *world) lockOut(ctx context.Context, on string) (mend func() error, err error) {
	at := map[string]struct {
		run                func(context.Context, ...string) error
		lock, kick, unlock string
	}{
		Target: {w.onTarget, "alter role " + adminLogin + " nologin",
			"select pg_terminate_backend(pid) from pg_stat_activity where usename = '" + adminLogin + "'", "alter role " + adminLogin + " login"},
		Maria: {w.maria.run, mariaLock, "kill user " + adminLogin, mariaUnlock},
	}[on]
	return func() error { return w.insistently(context.WithoutCancel(ctx), at.run, at.unlock) }, w.insistently(ctx, at.run, at.lock, at.kick)
}

// What is in the server's tables after these is there from the beginning.
const (
	mariaLock   = "alter user " + adminLogin + "@`%` account lock"
	mariaUnlock = "alter user " + adminLogin + "@`%` account unlock"
)

func (w *world) onTarget(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if err := execute(ctx, w.targetURL, s); err != nil {
			return err
		}
	}
	return nil
}

// insistently runs statements on a server that may be down for a moment.
func (*world) insistently(ctx context.Context, run func(context.Context, ...string) error, statements ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		err := run(ctx, statements...)
		if err == nil || pause(ctx, 50*time.Millisecond) != nil {
			return err
		}
	}
}
