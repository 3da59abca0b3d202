package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// SweepResult is how a run of a sweep ended.
type SweepResult string

// The results. A run that has not ended has none.
const (
	SweepRunning   SweepResult = ""
	SweepComplete  SweepResult = "complete"  // every connection was listed
	SweepPartial   SweepResult = "partial"   // some were
	SweepFailed    SweepResult = "failed"    // none was
	SweepCancelled SweepResult = "cancelled" // by Temporal's means
	SweepLost      SweepResult = "lost"      // its workflow was gone when the next run began
)

// SweepRun is one run of a sweep.
type SweepRun struct {
	Sweep     int64
	No        int
	StartedAt time.Time
	EndedAt   time.Time // zero while it runs
	Result    SweepResult
	Words     string
	Accounts  int64
	Found     int64 // findings that it saw, of which
	Appeared  int64 // are new
	Went      int64 // findings that it saw gone
	Unseen    int64 // findings from before that it could not look at
	Opened    int   // cases
	Waiting   int   // principals whose case was not opened yet
	WaitsFor  string
}

// SweepLane is one connection of a run.
type SweepLane struct {
	Connection string
	State      LaneState
	Why        string // of what is unknown
	Accounts   int64
	Spared     int64 // protected accounts; rules about whose they are pass them over
	EndedAt    time.Time
}

// LaneState says how far a connection of a run has come.
type LaneState string

// The states.
const (
	LanePending LaneState = "pending"
	LaneListed  LaneState = "listed"  // to its end
	LaneUnknown LaneState = "unknown" // it could not be listed
)

const sweepRunColumns = `sweep_id, no, started_at, ended_at, result, words, accounts, found, appeared, went, unseen, opened, waiting, waits_for`

func scanSweepRun(row pgx.CollectableRow) (r SweepRun, err error) {
	return r, row.Scan(&r.Sweep, &r.No, &r.StartedAt, intoZero(&r.EndedAt), &r.Result, &r.Words, &r.Accounts, &r.Found, &r.Appeared, &r.Went,
		&r.Unseen, &r.Opened, &r.Waiting, &r.WaitsFor)
}

// BeginSweepRun numbers a run and notes its connections. A run that the same workflow
// has begun before stays as it is. Runs before it that have not ended are lost: of one
// sweep one workflow runs at a time.
func (t *Tx) BeginSweepRun(ctx context.Context, id int64, workflow string, connections []string) (SweepRun, error) {
	op := fmt.Sprintf("begin a run of sweep %d", id)
	args := pgx.NamedArgs{"sweep": id, "workflow": workflow, "connections": list(connections)}
	if _, err := collectOne(ctx, t.tx, op, pgx.RowTo[int64], `select id from sweeps where id = @sweep for update`, args); err != nil {
		return SweepRun{}, err
	}
	r, err := collectOne(ctx, t.tx, op, scanSweepRun, `select `+sweepRunColumns+` from sweep_runs where sweep_id = @sweep and workflow = @workflow`, args)
	if !errors.Is(err, ErrNotFound) {
		return r, err
	}
	if _, err := t.exec(ctx, op, `
		update sweep_runs set ended_at = clock_timestamp(), result = 'lost', words = 'its workflow was gone when the next run began'
		where sweep_id = @sweep and result = ''`, args); err != nil {
		return r, err
	}
	r, err = collectOne(ctx, t.tx, op, scanSweepRun, `
		insert into sweep_runs (sweep_id, no, workflow)
		select @sweep, coalesce(max(no), 0) + 1, @workflow from sweep_runs where sweep_id = @sweep
		returning `+sweepRunColumns, args)
	if err != nil {
		return r, err
	}
	args["no"] = r.No
	_, err = t.exec(ctx, op, `
		insert into sweep_lanes (sweep_id, run, connection) select @sweep, @no, unnest(@connections::text[])`, args)
	return r, err
}

// EndSweepLane notes how a connection of a run ended. When it was listed to its end, what
// was found there before and not in this run is gone.
func (t *Tx) EndSweepLane(ctx context.Context, id int64, run int, l SweepLane) error {
	op := "end the sweep of " + l.Connection
	args := pgx.NamedArgs{"sweep": id, "run": run, "connection": l.Connection, "state": string(l.State), "why": words(l.Why),
		"accounts": l.Accounts, "spared": l.Spared}
	if _, err := t.exec(ctx, op, `
		update sweep_lanes set state = @state, why = @why, accounts = @accounts, spared = @spared, ended_at = clock_timestamp()
		where sweep_id = @sweep and run = @run and connection = @connection`, args); err != nil {
		return err
	}
	if _, err := t.exec(ctx, op, `delete from sweep_looks where sweep_id = @sweep and run = @run and connection = @connection`, args); err != nil {
		return err
	}
	if l.State != LaneListed {
		return nil
	}
	_, err := t.exec(ctx, op, `
		update findings set gone_run = @run
		where sweep_id = @sweep and connection = @connection and gone_run is null and last_run < @run`, args)
	return err
}

// EndSweepRun counts what a run found and notes how it ended. A run that has ended stays
// as it is.
func (t *Tx) EndSweepRun(ctx context.Context, r SweepRun) (SweepRun, error) {
	op := fmt.Sprintf("end run %d of sweep %d", r.No, r.Sweep)
	_, err := t.exec(ctx, op, `
		update sweep_runs set ended_at = clock_timestamp(), result = @result, words = @words, opened = @opened, waiting = @waiting, waits_for = @waits_for,
		    accounts = (select coalesce(sum(accounts), 0) from sweep_lanes where sweep_id = @sweep and run = @run),
		    found    = (select count(*) from findings where sweep_id = @sweep and gone_run is null and last_run = @run),
		    appeared = (select count(*) from findings where sweep_id = @sweep and gone_run is null and first_run = @run),
		    went     = (select count(*) from findings where sweep_id = @sweep and gone_run = @run),
		    unseen   = (select count(*) from findings where sweep_id = @sweep and gone_run is null and last_run < @run)
		where sweep_id = @sweep and no = @run and result = ''`,
		pgx.NamedArgs{"sweep": r.Sweep, "run": r.No, "result": string(r.Result), "words": words(r.Words), "opened": r.Opened, "waiting": r.Waiting,
			"waits_for": r.WaitsFor})
	if err != nil {
		return r, err
	}
	return t.SweepRun(ctx, r.Sweep, r.No)
}

// SweepRun is one run by its number.
func (q queries) SweepRun(ctx context.Context, id int64, no int) (SweepRun, error) {
	return collectOne(ctx, q.db, fmt.Sprintf("run %d of sweep %d", no, id), scanSweepRun,
		`select `+sweepRunColumns+` from sweep_runs where sweep_id = @sweep and no = @no`, pgx.NamedArgs{"sweep": id, "no": no})
}

// LastSweepRun is the newest run of a sweep; ErrNotFound when it never ran.
func (q queries) LastSweepRun(ctx context.Context, id int64) (SweepRun, error) {
	return collectOne(ctx, q.db, fmt.Sprintf("last run of sweep %d", id), scanSweepRun,
		`select `+sweepRunColumns+` from sweep_runs where sweep_id = @sweep order by no desc limit 1`, pgx.NamedArgs{"sweep": id})
}

// SweepLanes are the connections of a run by name.
func (q queries) SweepLanes(ctx context.Context, id int64, run int) ([]SweepLane, error) {
	return collect(ctx, q.db, fmt.Sprintf("connections of run %d of sweep %d", run, id), func(row pgx.CollectableRow) (l SweepLane, err error) {
		return l, row.Scan(&l.Connection, &l.State, &l.Why, &l.Accounts, &l.Spared, intoZero(&l.EndedAt))
	}, `select connection, state, why, accounts, spared, ended_at from sweep_lanes where sweep_id = @sweep and run = @run order by connection`,
		pgx.NamedArgs{"sweep": id, "run": run})
}
