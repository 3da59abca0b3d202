// Package wiring puts the parts together: store, connections, activities and
// workflows become a running worker. It is the only place that knows all of them.
package wiring

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/courier"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roles"
	"github.com/severhq/sever/internal/roster"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

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
	// SweepPolicy is that of the cases that sweeps open; the zero value: plan.For's.
	SweepPolicy plan.Policy
	// WorkflowID names the workflow of a principal; nil: workflows.WorkflowID.
	WorkflowID func(access.PrincipalID) string
	// Notices are who is told outside. The Store has to be opened with the same
	// subscribers: it writes what the courier carries.
	Notices courier.Settings
	Carry   courier.Pace // zero: courier.DefaultPace
	// Roster is where the complete list of people is; nil: it comes by hand.
	Roster *roster.Source
	// ReconcileEvery is the pace of the reconciler; zero leaves it out.
	ReconcileEvery time.Duration
	// Deployment is the version of this build for Temporal's worker deployments; empty
	// leaves them out.
	Deployment worker.WorkerDeploymentVersion
	// Log receives what fails; nil: nobody hears of it.
	Log *slog.Logger
	// Worked is told of every attempt of an activity; nil tells nobody.
	Worked func(activity, result string, took time.Duration)
}

func (p Parts) mainQueue() string { return cmp.Or(p.Queue, workflows.TaskQueue) }

func (p Parts) sweepPolicy() plan.Policy {
	if p.SweepPolicy.Reason == "" {
		p.SweepPolicy, _ = plan.For(access.Sweep) // a reason that it knows
	}
	return p.SweepPolicy
}

// Start registers the search attributes, then starts one worker for the workflows
// and the records and one for each connection. The returned function stops them.
func Start(ctx context.Context, p Parts) (stop func(), err error) {
	if err := registerSearchAttributes(ctx, p.Temporal); err != nil {
		return nil, err
	}
	if err := scheduleReconciler(ctx, p); err != nil {
		return nil, err
	}
	if err := scheduleRoster(ctx, p); err != nil {
		return nil, err
	}
	all := []worker.Worker{mainWorker(p)}
	reach := activities.NewAccess(p.Store, p.Connections, p.Sink, p.Pace)
	for _, conn := range p.Connections.All() {
		all = append(all, connectionWorker(p, conn, reach))
	}
	var started []worker.Worker
	carried := func() {}
	stop = func() {
		for _, w := range started {
			w.Stop()
		}
		carried()
	}
	for _, w := range all {
		if err := w.Start(); err != nil {
			stop()
			return nil, fmt.Errorf("start the worker: %w", err)
		}
		started = append(started, w)
	}
	carried = carry(ctx, p)
	return stop, nil
}

// carry tells the people outside until it is stopped, after the workers: what they end
// last may still leave.
func carry(ctx context.Context, p Parts) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { courier.New(p.Store, p.Notices, cmp.Or(p.Carry, courier.DefaultPace), p.log()).Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

func (p Parts) log() *slog.Logger {
	if p.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return p.Log
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
		Interceptors:                           p.interceptors(),
		DeploymentOptions:                      p.deployment(),
	})
	Register(w)
	w.RegisterActivity(activities.NewRecords(p.Store, p.Connections, p.Notary, p.Roles))
	k := keeper{p.Temporal, p.mainQueue(), p.WorkflowID, p.Store}
	w.RegisterActivity(activities.NewWatch(p.Store, p.Notary, k))
	w.RegisterActivity(activities.NewIncidents(p.Store, p.Roles, k))
	w.RegisterActivity(activities.NewRosters(p.roster()))
	w.RegisterActivity(activities.NewSweeps(p.Store, p.sweepPolicy(), k, desk.NewCaseID))
	return w
}

// Register makes the workflows known under their names, for workers and for the
// replay of recorded histories.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(workflows.OffboardPrincipal, workflow.RegisterOptions{Name: "OffboardPrincipal"})
	r.RegisterWorkflowWithOptions(workflows.ReinstatePrincipal, workflow.RegisterOptions{Name: "ReinstatePrincipal"})
	r.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: "Reconcile"})
	r.RegisterWorkflowWithOptions(workflows.ImportRoster, workflow.RegisterOptions{Name: "ImportRoster"})
	r.RegisterWorkflowWithOptions(workflows.Sweep, workflow.RegisterOptions{Name: "Sweep"})
	r.RegisterWorkflowWithOptions(workflows.Incident, workflow.RegisterOptions{Name: "Incident"})
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

// interceptors beat for every activity, and tell how it went.
func (p Parts) interceptors() []interceptor.WorkerInterceptor {
	log, worked := p.log(), p.Worked
	if worked == nil {
		worked = func(string, string, time.Duration) {}
	}
	return []interceptor.WorkerInterceptor{activities.Pulse(), activities.Observe(log, worked)}
}

// deployment lets Temporal tell builds apart. A case moves to the current build by
// itself: it runs for weeks, and workflows/versions.go keeps it replayable.
func (p Parts) deployment() worker.DeploymentOptions {
	if p.Deployment.BuildID == "" {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{UseVersioning: true, Version: p.Deployment, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade}
}

// connectionWorker reaches one connection. The rate is enforced by the server, for
// all workers together.
func connectionWorker(p Parts, conn *catalog.Connection, reach *activities.Access) worker.Worker {
	w := worker.New(p.Temporal.Client, conn.Queue(), worker.Options{
		DisableWorkflowWorker:              true,
		MaxConcurrentActivityExecutionSize: max(conn.Limits.Parallel, 1),
		TaskQueueActivitiesPerSecond:       conn.Limits.TasksPerSecond,
		ActivityTaskPollerBehavior:         worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		MaxHeartbeatThrottleInterval:       heartbeats,
		WorkerStopTimeout:                  stopTimeout,
		DisableRegistrationAliasing:        true,
		Interceptors:                       p.interceptors(),
		DeploymentOptions:                  p.deployment(),
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
