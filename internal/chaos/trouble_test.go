package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/severhq/sever/internal/dev/simulators"
)

// trouble carries out the faults of one seed.
type trouble struct {
	w      *world
	faults []Fault

	mu     sync.Mutex
	struck map[int]bool
	errs   []error
	open   sync.WaitGroup // until everything is mended
}

// brew arms the faults of a schedule. Mended is when none is left.
func (w *world) brew(ctx context.Context, faults []Fault) *trouble {
	t := &trouble{w: w, faults: faults, struck: map[int]bool{}}
	for i, f := range faults {
		if f.After > 0 {
			continue
		}
		t.open.Go(func() {
			if pause(ctx, f.Wait) == nil {
				t.strike(ctx, i)
			}
		})
	}
	w.wire.begin(func(n int, before bool) {
		for i, f := range faults {
			if f.After == n && f.Before == before {
				t.strike(ctx, i)
			}
		}
	})
	return t
}

// strike begins a fault, unless that was done; it is mended later.
func (t *trouble) strike(ctx context.Context, i int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.struck == nil || t.struck[i] {
		return
	}
	t.struck[i] = true
	mend, err := t.w.begin(ctx, t.faults[i])
	if err != nil {
		t.errs = append(t.errs, fmt.Errorf("%s: %w", t.faults[i], err))
		return
	}
	if mend == nil {
		return
	}
	t.open.Go(func() {
		_ = pause(ctx, t.faults[i].For)
		if err := mend(); err != nil {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.errs = append(t.errs, fmt.Errorf("mend %s: %w", t.faults[i], err))
		}
	})
}

// over waits until everything is mended, lets nothing more strike, and drops what the
// simulators still have in store. It says which faults struck.
func (t *trouble) over(ctx context.Context) (struck []Fault, err error) {
	t.mu.Lock()
	for i := range t.struck {
		struck = append(struck, t.faults[i])
	}
	t.struck = nil
	t.mu.Unlock()
	t.open.Wait()
	errs := t.errs
	for _, s := range []*server{t.w.records, t.w.target, t.w.maria.server, t.w.temporal} {
		if _, err := s.revive(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	t.w.ask.Reset()
	t.w.site.Calm()
	t.w.site.Netim.ForgetSessions() // those of killed workers; the real one does so by itself, after a while
	return struck, errors.Join(errs...)
}

// begin begins a fault; mend, if there is one, ends it.
func (w *world) begin(ctx context.Context, f Fault) (mend func() error, err error) {
	switch f.Kind {
	case KillWorker:
		for i, k := range w.workers {
			if f.isFor(i) {
				err = errors.Join(err, k.kill(f.For))
			}
		}
		return nil, err
	case StepClock:
		return w.step(f)
	case KillTemporal:
		return w.temporal.kill()
	case KillRecords:
		return w.records.kill()
	case KillTarget:
		s := map[string]*server{Target: w.target, Maria: w.maria.server}[f.On]
		if f.Lag > 0 {
			return s.killIn(f.Lag), nil
		}
		return s.kill()
	case LockOut:
		return w.lockOut(ctx, f.On)
	case DiskFull:
		return func() error { return w.fill(context.WithoutCancel(ctx), -1) }, w.fill(ctx, 1)
	case Latency, Reset, Silence, CutAnswer, Outage:
		return w.proxies[f.On].fail(f.Kind)
	}
	w.site.Switch(simulators.Fault{On: f.On, Trouble: simulators.Trouble(f.Kind), Times: f.Times})
	return nil, nil
}

// isFor reports whether a fault is for a worker, by number.
func (f Fault) isFor(worker int) bool {
	return f.On == "workers" || f.On == fmt.Sprintf("worker-%d", worker)
}

// step sets the clocks that a fault is for; mend sets them back.
func (w *world) step(f Fault) (mend func() error, err error) {
	var clocks []*clock
	for i, k := range w.workers {
		if f.isFor(i) {
			clocks = append(clocks, k.clock)
		}
	}
	if f.On == Temporal {
		clocks = append(clocks, w.clock)
	}
	var back []func() error
	for _, c := range clocks {
		b, e := c.step(f.By)
		back, err = append(back, b), errors.Join(err, e)
	}
	return func() (err error) {
		for _, b := range back {
			err = errors.Join(err, b())
		}
		return err
	}, err
}

// fill has the disk of the audit trail full, or not any more. The records may be down
// meanwhile: it is tried for a while.
func (w *world) fill(ctx context.Context, by int) error {
	w.disk.Lock()
	defer w.disk.Unlock()
	w.full += by
	return w.insistently(ctx, func(ctx context.Context, s ...string) error { return execute(ctx, w.recordsURL, s[0]) },
		fmt.Sprintf("update chaos.disk set full_now = %t", w.full > 0))
}
