package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/story"
	"github.com/severhq/sever/internal/wiring"
	"github.com/severhq/sever/workflows"
)

const (
	// lookEvery is how often a followed case is read; a row of the trail shows up
	// within it.
	lookEvery = 200 * time.Millisecond
	// settleFor is how long a case must stand still before we say that it needs
	// somebody: a decision that was just given takes a moment to have its effect.
	settleFor = 800 * time.Millisecond
	// soon is how far away a second look may be to be waited for.
	soon = time.Minute
)

// follow prints what happens in a case until it closes, is proven, or needs
// somebody. The rows of the trail scroll by; on a terminal a footer below them
// shows how far every connection is. fromSeq is the first row to print.
func (a *app) follow(ctx context.Context, c *clients, caseID string, fromSeq int64) (picture, error) {
	w := &watcher{app: a, store: c.store, temporal: c.temporal, caseID: caseID, next: fromSeq, footer: &footer{screen: a.out}, trouble: map[string]bool{}}
	defer w.footer.clear()
	var p picture
	for {
		var done bool
		var err error
		if p, done, err = w.turn(ctx); err != nil {
			w.footer.clear()
			return p, w.left(err)
		}
		if done {
			break
		}
		select {
		case <-ctx.Done():
			w.footer.clear()
			return p, w.left(ctx.Err())
		case <-time.After(lookEvery):
		}
	}
	w.footer.clear()
	a.explainTasks(&p)
	if a.json {
		a.out.document(p)
	} else {
		a.showEnd(p)
	}
	return p, nil
}

// watcher follows one case.
type watcher struct {
	*app
	store    *store.Store
	temporal *wiring.Temporal
	caseID   string
	next     int64 // the first row that was not printed
	footer   *footer
	still    paper.Standing
	since    time.Time
	quiet    bool            // the case is large
	trouble  map[string]bool // whether the last that was heard of a step was trouble
}

// turn prints what is new and reports whether there is nothing more to wait for.
func (w *watcher) turn(ctx context.Context) (picture, bool, error) {
	now := time.Now()
	c, err := w.store.Case(ctx, w.caseID)
	if errors.Is(err, store.ErrNotFound) {
		return picture{}, false, nil // the workflow is about to write it
	}
	if err != nil {
		return picture{}, false, err
	}
	for row, err := range w.store.Events(ctx, w.caseID, w.next) {
		if err != nil {
			return picture{}, false, err
		}
		w.next = row.Seq + 1
		w.show(row)
	}
	p, err := look(ctx, w.store, c)
	if err != nil {
		return p, false, err
	}
	if !w.json {
		w.footer.draw(w.lines(p, now))
	}
	return p, w.over(ctx, p, now), nil
}

// over reports whether the case has come to a rest.
func (w *watcher) over(ctx context.Context, p picture, now time.Time) bool {
	if p.Standing != w.still || p.Steps[string(store.StepRunning)] > 0 {
		w.still, w.since = p.Standing, now
	}
	switch p.Standing {
	case paper.StandsRunning:
		return false
	case paper.StandsClean, paper.StandsClosed, paper.StandsDryRun:
		return true
	case paper.StandsProven:
		return p.SecondLookAt.Sub(now) > soon
	}
	return now.Sub(w.since) >= settleFor && !w.moving(ctx, p)
}

// moving asks the workflow itself whether anything is under way that the records do not
// tell of yet. One that does not answer is not waited for.
func (w *watcher) moving(ctx context.Context, p picture) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	answer, err := w.temporal.QueryWorkflow(ctx, workflows.WorkflowID(p.Principal), "", workflows.QueryProgress)
	if err != nil {
		return false
	}
	var progress workflows.Progress
	if err := answer.Get(&progress); err != nil || progress.Case != p.Case {
		return false
	}
	return slices.ContainsFunc(progress.Connections, func(t workflows.Track) bool {
		switch t.State {
		case workflows.TrackDue, workflows.TrackAsking, workflows.TrackReady:
			return true
		case workflows.TrackBusy: // a plan is under way, or waits for people or its date
			return p.Standing == paper.StandsPeople || p.Reason == access.Incident && p.ContainedAt.IsZero()
		}
		return false
	})
}

// show prints one row of the trail. Intents are left out: their results follow.
func (w *watcher) show(r audit.Row) {
	if w.json || !w.worthALine(r) {
		return
	}
	words := clip(story.Tell(r))
	if r.Actor != "sever" {
		words = printable(r.Actor) + " " + words
	}
	paint := func(words string) string { return words }
	switch {
	case story.Worry(r):
		paint = w.out.yellow
	case story.Good(r):
		paint = w.out.green
	}
	at := r.At.Local().Format("15:04:05.0") + "  "
	lines := w.out.fold(at, words)
	for i, l := range lines {
		lines[i] = w.out.faint(l[:len(at)]) + paint(l[len(at):])
	}
	w.footer.above(lines...)
}

// large is how many steps are too many to be told one by one: the footer counts them.
const large = 200

// worthALine leaves out intents, whose results follow, and in large cases what went as
// planned.
func (w *watcher) worthALine(r audit.Row) bool {
	switch r.Kind {
	case audit.StepIntent, audit.RestoreIntent, audit.ConnectionAsked:
		return false
	case audit.PlanMade:
		if n, ok := r.Data["steps"].(int64); ok {
			w.quiet = n > large
		}
	case audit.StepResult, audit.AccountProven, audit.AccountOutcome:
		key := fmt.Sprint(r.Kind, r.Object, r.Data["plan"], r.Data["step"])
		trouble, before := story.Worry(r), w.trouble[key]
		w.trouble[key] = trouble
		return w.detailed(r) || trouble || before
	}
	return true
}

// detailed reports whether what went as planned is told, too.
func (w *watcher) detailed(r audit.Row) bool {
	connection, _, _ := strings.Cut(r.Object, "/")
	return !w.quiet && (w.steps == nil || slices.Contains(w.steps, connection))
}

// lines are the footer: a line for the case and one for each connection.
func (w *watcher) lines(p picture, now time.Time) []string {
	out := []string{fmt.Sprintf("%s  %s  %s", w.out.bold(p.Case), w.out.standing(p.Standing), w.out.faint(p.phase()+", "+span(now.Sub(p.OpenedAt))))}
	for _, c := range p.Connections {
		line := fmt.Sprintf("  %-20s %s", c.Name, c.State)
		switch c.State {
		case store.ConnDiscovered:
			line = fmt.Sprintf("  %-20s %s", c.Name, plural(c.Accounts, "account", "accounts"))
		case store.ConnUnknown:
			line = w.out.red(line) + ": " + oneLine(c.Why)
		}
		out = append(out, line)
	}
	done, all := p.Steps[string(store.StepDone)], 0
	for _, n := range p.Steps {
		all += n
	}
	if all > 0 {
		out = append(out, fmt.Sprintf("  %s %d of %d steps", bar(done, all), done, all))
	}
	return out
}

// left explains that the case goes on without us.
func (w *watcher) left(err error) error {
	f := desk.Explain(err)
	if errors.Is(err, context.Canceled) {
		f = desk.Failf(desk.Open, "no longer following case %s; it goes on by itself", w.caseID)
	}
	return f.Then("look again: sever status %s", w.caseID)
}

// showEnd says how the case stands and, if somebody is needed, what to do.
func (a *app) showEnd(p picture) {
	now := time.Now()
	a.out.line("")
	if len(p.Accounts) > 0 {
		a.showAccounts(p)
		a.out.line("")
	}
	a.out.line(fmt.Sprintf("%s %s: %s", a.out.bold(p.Case), a.out.standing(p.Standing), p.sentence(now)))
	a.showTasks(p, now)
}
