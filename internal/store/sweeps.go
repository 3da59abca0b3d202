package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/sweep"
)

// Sweep is a sweep that somebody has set up.
type Sweep struct {
	ID int64
	sweep.Spec
	CreatedBy string
	CreatedAt time.Time
	DeletedBy string
	DeletedAt time.Time // zero while it is there
}

// ErrSweepExists says that a sweep of that name is there already.
var ErrSweepExists = errors.New("there is a sweep of that name")

const sweepColumns = `id, name, rule, connections, every, cron, mode, notice, max_per_run, max_per_hour, created_by, created_at, deleted_by, deleted_at`

func scanSweep(row pgx.CollectableRow) (s Sweep, err error) {
	var rule []byte
	if err := row.Scan(&s.ID, &s.Name, &rule, &s.Connections, &s.Every, &s.Cron, &s.Mode, &s.Notice, &s.MaxPerRun, &s.MaxPerHour,
		&s.CreatedBy, &s.CreatedAt, &s.DeletedBy, intoZero(&s.DeletedAt)); err != nil {
		return s, err
	}
	s.Rule, err = sweep.Decode(rule)
	return s, err
}

// CreateSweep records a sweep. It is ErrSweepExists when one of its name is there.
func (t *Tx) CreateSweep(ctx context.Context, spec sweep.Spec, by string) (Sweep, error) {
	op := "record the sweep " + spec.Name
	rule, err := toJSON(spec.Rule)
	if err != nil {
		return Sweep{}, wrap(op, err)
	}
	s, err := collectOne(ctx, t.tx, op, scanSweep, `
		insert into sweeps (name, rule, connections, every, cron, mode, notice, max_per_run, max_per_hour, created_by)
		values (@name, @rule::text::jsonb, @connections, @every, @cron, @mode, @notice, @max_per_run, @max_per_hour, @by)
		returning `+sweepColumns,
		pgx.NamedArgs{"name": spec.Name, "rule": rule, "connections": list(spec.Connections), "every": spec.Every, "cron": spec.Cron,
			"mode": string(spec.Mode), "notice": spec.Notice, "max_per_run": spec.MaxPerRun, "max_per_hour": spec.MaxPerHour, "by": by})
	if violates(err, "sweeps_name") {
		return s, wrap(op, ErrSweepExists)
	}
	return s, err
}

// DeleteSweep ends a sweep. Its runs and findings stay on record.
func (t *Tx) DeleteSweep(ctx context.Context, id int64, by string) error {
	op := fmt.Sprintf("delete the sweep %d", id)
	n, err := t.exec(ctx, op, `update sweeps set deleted_at = clock_timestamp(), deleted_by = @by where id = @id and deleted_at is null`,
		pgx.NamedArgs{"id": id, "by": by})
	if err == nil && n == 0 {
		err = wrap(op, ErrNotFound)
	}
	return err
}

// Sweeps are those that are there, by name.
func (q queries) Sweeps(ctx context.Context) ([]Sweep, error) {
	return collect(ctx, q.db, "list sweeps", scanSweep, `select `+sweepColumns+` from sweeps where deleted_at is null order by name`, pgx.NamedArgs{})
}

// SweepNamed is the sweep of that name that is there.
func (q queries) SweepNamed(ctx context.Context, name string) (Sweep, error) {
	return collectOne(ctx, q.db, "sweep "+name, scanSweep, `select `+sweepColumns+` from sweeps where name = @name and deleted_at is null`,
		pgx.NamedArgs{"name": name})
}

// Sweep is one by its number, also when it was deleted.
func (q queries) Sweep(ctx context.Context, id int64) (Sweep, error) {
	return collectOne(ctx, q.db, fmt.Sprintf("sweep %d", id), scanSweep, `select `+sweepColumns+` from sweeps where id = @id`, pgx.NamedArgs{"id": id})
}
