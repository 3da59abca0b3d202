// Package wiring puts the parts together: store, connections, activities and
// workflows become a running worker. It is the only place that knows all of them.
package wiring

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Config is what a worker reads from its environment, besides the connections
// (see catalog.Open) and Temporal's own TEMPORAL_ variables (see Dial).
type Config struct {
	// Database is the URL of the records, with the application's role.
	Database config.Secret `env:"SEVER_DATABASE_URL,required,notEmpty"`
	// AuditKey signs the checkpoints of the audit trail: the seed of an Ed25519 key,
	// in base64. Without it nothing is signed.
	AuditKey config.Secret `env:"SEVER_AUDIT_KEY"`
	// Checkpoints is a file outside the database that receives every checkpoint.
	Checkpoints string `env:"SEVER_CHECKPOINTS"`
	// SecretDir receives new credentials, of accounts that are given back or shared.
	SecretDir string `env:"SEVER_SECRET_DIR"`
	// SecretCommand is the program that receives them instead; see
	// activities.CommandSink.
	SecretCommand string `env:"SEVER_SECRET_COMMAND"`
}

// Run is a whole worker process: it returns when the context ends, after the
// activities under way have come to a stop, or with what kept it from starting.
func Run(ctx context.Context, vars config.Vars, log *slog.Logger) error {
	cfg, err := config.Parse[Config](vars, "")
	if err != nil {
		return err
	}
	notary, err := notaryOf(cfg)
	if err != nil {
		return err
	}
	sink, err := sinkOf(cfg, vars)
	if err != nil {
		return err
	}
	who, err := RolesOf(vars)
	if err != nil {
		return err
	}
	conns, err := catalog.Open(vars)
	if err != nil {
		return err
	}
	defer conns.Close()
	records, err := store.Open(ctx, cfg.Database, store.Options{Conns: recordSlots + 4, Lanes: lanesNeeded(conns), Name: "sever-worker"})
	if err != nil {
		return err
	}
	defer records.Close()
	temporal, err := DialWorker(ctx, vars, log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	stop, err := Start(ctx, Parts{Temporal: temporal, Store: records, Connections: conns, Notary: notary, Roles: who, Sink: sink, Pace: activities.DefaultPace,
		ReconcileEvery: reconcileEvery})
	if err != nil {
		return err
	}
	log.Info("worker ready", "connections", len(conns.All()), "roles", who.String())
	<-ctx.Done()
	stop()
	return nil
}

// Parts are what a worker is made of.
type Parts struct {
	Temporal    *Temporal
	Queue       string // of the workflows and the records; empty: workflows.TaskQueue
	Store       *store.Store
	Connections *catalog.Connections
	Notary      activities.Notary
	Roles       roles.Roles // the zero value: everybody may do everything
	Sink        activities.SecretSink
	Pace        activities.Pace
	// WorkflowID names the workflow of a principal; nil: workflows.WorkflowID.
	WorkflowID func(access.PrincipalID) string
	// ReconcileEvery is the pace of the reconciler; zero leaves it out.
	ReconcileEvery time.Duration
}

func (p Parts) mainQueue() string { return cmp.Or(p.Queue, workflows.TaskQueue) }

// Start registers the search attributes, then starts one worker for the workflows
// and the records and one for each connection. The returned function stops them.
func Start(ctx context.Context, p Parts) (stop func(), err error) {
	if err := registerSearchAttributes(ctx, p.Temporal); err != nil {
		return nil, err
	}
	if err := scheduleReconciler(ctx, p); err != nil {
		return nil, err
	}
	all := []worker.Worker{mainWorker(p)}
	reach := activities.NewAccess(p.Store, p.Connections, p.Sink, p.Pace)
	for _, conn := range p.Connections.All() {
		all = append(all, connectionWorker(p.Temporal.Client, conn, reach))
	}
	var started []worker.Worker
	stop = func() {
		for _, w := range started {
			w.Stop()
		}
	}
	for _, w := range all {
		if err := w.Start(); err != nil {
			stop()
			return nil, fmt.Errorf("start the worker: %w", err)
		}
		started = append(started, w)
	}
	return stop, nil
}

func mainWorker(p Parts) worker.Worker {
	w := worker.New(p.Temporal.Client, p.mainQueue(), worker.Options{
		MaxConcurrentActivityExecutionSize:     recordSlots,
		MaxConcurrentWorkflowTaskExecutionSize: 50,
		WorkflowTaskPollerBehavior:             worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		ActivityTaskPollerBehavior:             worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		WorkerStopTimeout:                      stopTimeout,
		MaxHeartbeatThrottleInterval:           heartbeats,
		DisableRegistrationAliasing:            true,
		Interceptors:                           pulse(),
	})
	Register(w)
	w.RegisterActivity(activities.NewRecords(p.Store, p.Connections, p.Notary, p.Roles))
	w.RegisterActivity(activities.NewWatch(p.Store, keeper{p.Temporal, p.mainQueue(), p.WorkflowID}))
	return w
}

// Register makes the workflows known under their names, for workers and for the
// replay of recorded histories.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(workflows.OffboardPrincipal, workflow.RegisterOptions{Name: "OffboardPrincipal"})
	r.RegisterWorkflowWithOptions(workflows.ReinstatePrincipal, workflow.RegisterOptions{Name: "ReinstatePrincipal"})
	r.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: "Reconcile"})
	r.RegisterWorkflowWithOptions(workflows.PreviewOffboarding, workflow.RegisterOptions{Name: "PreviewOffboarding"})
}

const (
	reconcileEvery = time.Minute
	recordSlots    = 16
	// stopTimeout lets the item under way finish; the rest of its batch goes to
	// another attempt.
	stopTimeout = 20 * time.Second
	// heartbeats are sent this often at least; it is also how long a cancellation
	// takes to reach an activity.
	heartbeats = 2 * time.Second
)

func pulse() []interceptor.WorkerInterceptor {
	return []interceptor.WorkerInterceptor{activities.Pulse()}
}

// connectionWorker reaches one connection. The rate is enforced by the server, for
// all workers together.
func connectionWorker(c client.Client, conn *catalog.Connection, reach *activities.Access) worker.Worker {
	w := worker.New(c, conn.Queue(), worker.Options{
		DisableWorkflowWorker:              true,
		MaxConcurrentActivityExecutionSize: max(conn.Limits.Parallel, 1),
		TaskQueueActivitiesPerSecond:       conn.Limits.TasksPerSecond,
		ActivityTaskPollerBehavior:         worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		MaxHeartbeatThrottleInterval:       heartbeats,
		WorkerStopTimeout:                  stopTimeout,
		DisableRegistrationAliasing:        true,
		Interceptors:                       pulse(),
	})
	w.RegisterActivity(reach)
	return w
}

// lanesNeeded is how many lanes this worker can hold at a time: one for each batch.
func lanesNeeded(conns *catalog.Connections) int32 {
	n := 0
	for _, c := range conns.All() {
		n += max(c.Limits.Parallel, 1)
	}
	return int32(min(n, 60))
}

// sinkOf is where new credentials go. There is one place: who looks in another would
// take what is not there for not made.
func sinkOf(cfg Config, vars config.Vars) (activities.SecretSink, error) {
	switch {
	case cfg.SecretDir != "" && cfg.SecretCommand != "":
		return nil, errors.New("SEVER_SECRET_DIR and SEVER_SECRET_COMMAND are both set: keep one")
	case cfg.SecretDir != "":
		return activities.DirSink(cfg.SecretDir), nil
	case cfg.SecretCommand != "":
		sink, err := activities.NewCommandSink(cfg.SecretCommand, vars["PATH"], vars["HOME"])
		if err != nil {
			return nil, fmt.Errorf("SEVER_SECRET_COMMAND: %w", err)
		}
		return sink, nil
	}
	return activities.NoSink(), nil
}

func notaryOf(cfg Config) (activities.Notary, error) {
	n := activities.Notary{File: cfg.Checkpoints}
	if cfg.AuditKey.Empty() {
		return n, nil
	}
	seed, err := base64.StdEncoding.DecodeString(cfg.AuditKey.Reveal())
	if err != nil || len(seed) != ed25519.SeedSize {
		return n, fmt.Errorf("SEVER_AUDIT_KEY is not the base64 of a %d byte Ed25519 seed", ed25519.SeedSize)
	}
	n.Key = ed25519.NewKeyFromSeed(seed)
	return n, nil
}
