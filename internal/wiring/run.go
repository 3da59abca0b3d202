package wiring

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/courier"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/provider/catalog"
	"github.com/severhq/sever/internal/roster"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/telemetry"
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
	// Monitoring is where the worker answers /metrics, /healthz and /readyz, host:port;
	// empty answers nowhere.
	Monitoring string `env:"SEVER_MONITORING"`
	// Deployment and Build are the version of this program for Temporal's worker
	// deployments, which hand out work to the current build only. Both or neither.
	Deployment string `env:"SEVER_DEPLOYMENT"`
	Build      string `env:"SEVER_BUILD"`
}

// Run is a whole worker process: it returns when the context ends, after the
// activities under way have come to a stop, or with what kept it from starting.
func Run(ctx context.Context, vars config.Vars, version string, log *slog.Logger) error {
	cfg, err := config.Parse[Config](vars, "")
	if err != nil {
		return err
	}
	p, err := partsOf(cfg, vars)
	if err != nil {
		return err
	}
	if p.Connections, err = catalog.Open(vars); err != nil {
		return err
	}
	defer p.Connections.Close()
	untraced, err := telemetry.Traces(ctx, vars, "sever-worker", version)
	if err != nil {
		return err
	}
	defer untraced()
	metrics := telemetry.NewMetrics(version, func(ctx context.Context, buckets []float64) (store.Numbers, error) {
		return p.Store.Numbers(ctx, time.Now(), activities.Late, buckets)
	})
	p.Log, p.Worked = log, metrics.Worked
	if p.Store, err = store.Open(ctx, cfg.Database, store.Options{Conns: recordSlots + 4, Lanes: lanesNeeded(p.Connections), Name: "sever-worker",
		Appended: metrics.Appended, Subscribers: p.Notices.Subscribers()}); err != nil {
		return err
	}
	defer p.Store.Close()
	if p.Temporal, err = DialWorker(ctx, vars, log); err != nil {
		return err
	}
	defer p.Temporal.Close()
	stop, err := Start(ctx, p)
	if err != nil {
		return err
	}
	defer stop()
	if cfg.Monitoring != "" {
		at, err := telemetry.Serve(ctx, cfg.Monitoring, metrics, p.ready)
		if err != nil {
			return err
		}
		log.Info("monitoring", "address", at.String())
	}
	dispatched := dispatch(ctx, p, vars)
	defer dispatched()
	log.Info("worker ready", "version", version, "connections", len(p.Connections.All()), "notices", len(p.Notices.Routes), "roles", p.Roles.String())
	<-ctx.Done()
	return nil
}

// dispatch puts what other systems sent to the desk, until the context ends and the
// returned function was called.
func dispatch(ctx context.Context, p Parts, vars config.Vars) (wait func()) {
	d := inbox.Dispatcher{Log: p.Log, Desk: &desk.Desk{Store: p.Store, Temporal: p.Temporal, Namespace: p.Temporal.Namespace, Connections: p.Connections,
		Roles: p.Roles, Vars: vars, Queue: p.Queue, WorkflowID: p.WorkflowID}}
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	return running.Wait
}

// partsOf are the parts that need nobody to be reached.
func partsOf(cfg Config, vars config.Vars) (Parts, error) {
	p := Parts{Pace: activities.DefaultPace, ReconcileEvery: reconcileEvery,
		Deployment: worker.WorkerDeploymentVersion{DeploymentName: cfg.Deployment, BuildID: cfg.Build}}
	if (cfg.Deployment == "") != (cfg.Build == "") {
		return p, errors.New("SEVER_DEPLOYMENT and SEVER_BUILD go together: set both, or neither")
	}
	var err error
	if p.Notary, err = notaryOf(cfg); err != nil {
		return p, err
	}
	if p.Roles, err = RolesOf(vars); err != nil {
		return p, err
	}
	for _, r := range []access.Reason{access.HR, access.Incident} { // what other systems send gets the policies of this worker
		if _, err := desk.PolicyOf(vars, r); err != nil {
			return p, err
		}
	}
	if p.Notices, err = courier.FromVars(vars); err != nil {
		return p, err
	}
	if p.Roster, err = roster.Open(vars); err != nil {
		return p, err
	}
	if p.SweepPolicy, err = desk.SweepPolicy(vars); err != nil {
		return p, err
	}
	p.Sink, err = sinkOf(cfg, vars)
	return p, err
}

// ready says what keeps this worker from doing its work.
func (p Parts) ready(ctx context.Context) error {
	if err := p.Store.Ping(ctx); err != nil {
		return err
	}
	if _, err := p.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("ask Temporal for a sign of life: %w", err)
	}
	return nil
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

// Version names this build: its release, or the revision that it was compiled from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (version == "" || version == "(devel)") {
			version = fmt.Sprintf("%.12s", s.Value)
		}
	}
	return cmp.Or(version, "unknown")
}
