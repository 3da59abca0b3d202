package courier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/notice"
	"github.com/severhq/sever/internal/store"
)

// verdict is what follows from an attempt that failed.
type verdict struct {
	giveUp bool
	pause  time.Duration
	all    bool // the pause is the whole destination's
}

// longestRest is the most that a destination gets when it asks to be left alone.
const longestRest = 24 * time.Hour

// decide says how it goes on after an attempt. Whether the other side might take the
// message later cannot be told from how it refused: a wrong secret is corrected, a
// missing page is put up. So everything is tried until the patience ends.
func decide(n store.Notice, now time.Time, patience time.Duration, p Pace, err error) verdict {
	v := verdict{pause: backoff(n.Attempts, p.First, p.Most)}
	if later, ok := errors.AsType[*LaterError](err); ok {
		v.pause, v.all = max(v.pause, min(later.After, longestRest)), true
	}
	v.giveUp = now.Add(v.pause).After(n.Since.Add(patience))
	return v
}

// backoff is the pause after so many attempts.
func backoff(attempts int, first, most time.Duration) time.Duration {
	d := min(first, most)
	for range min(attempts-1, 40) {
		d = min(2*d, most)
	}
	return d
}

// giveUp stops trying, says so in the trail of the case, and makes it a task. There is
// one task for a case and a destination, however much it missed. What is about no case
// has a row in the trail of the house; its number is one of those that are watched.
func giveUp(ctx context.Context, tx *store.Tx, n store.Notice, answer string) error {
	given, err := tx.FailNotice(ctx, n, answer)
	if err != nil || !given {
		return err
	}
	now := time.Now()
	words := fmt.Sprintf("%s was not told of %s, after %d attempts since %s: %s", n.Destination, n.Kind, n.Attempts, n.Since.UTC().Format(time.RFC3339), answer)
	if err := tx.Append(ctx, audit.Event{Chain: cmp.Or(n.CaseID, audit.House), Key: fmt.Sprintf("notice/%d/%d", n.No, n.Attempts), At: now, Kind: audit.NoticeFailed, Actor: "sever",
		Object: n.Destination, Attempt: n.Attempts, Words: answer, Data: map[string]any{"notice": string(n.Kind), "message": n.Message}}); err != nil || n.CaseID == "" {
		return err
	}
	key := notice.TaskOf(n.Destination)
	return tx.OpenTask(ctx, store.Task{CaseID: n.CaseID, Key: key, Subject: n.Destination, Words: words, Owner: "who runs Sever", OpenedAt: now, Due: now.Add(24 * time.Hour),
		Next: fmt.Sprintf(`see why (sever notices test %s), then: sever notices retry %[1]s; or tell them by other means, and say: sever tasks done %s %s --reason "..."`, n.Destination, n.CaseID, key)})
}
