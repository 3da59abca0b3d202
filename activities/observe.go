package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
)

// Observe is a worker interceptor that tells of every attempt of an activity: how it
// ended ("ok", or the type of its error) and how long it took. Attempts that fail are
// logged, with the keys activity, case, connection, attempt, result, took and error;
// what is a matter of time, such as a busy lane, at the level of debugging.
func Observe(log *slog.Logger, worked func(name, result string, took time.Duration)) interceptor.WorkerInterceptor {
	return &observer{log: log, worked: worked}
}

type observer struct {
	interceptor.WorkerInterceptorBase
	log    *slog.Logger
	worked func(name, result string, took time.Duration)
}

// InterceptActivity wraps one execution.
func (o *observer) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	w := &watched{observer: o}
	w.Next = next
	return w
}

type watched struct {
	interceptor.ActivityInboundInterceptorBase
	*observer
}

// ExecuteActivity runs the activity and tells how it went.
func (w *watched) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	began := time.Now()
	out, stack, err := withoutPanic(func() (any, error) { return w.Next.ExecuteActivity(ctx, in) })
	info, took := activity.GetInfo(ctx), time.Since(began)
	result, level := resultOf(err)
	w.worked(info.ActivityType.Name, result, took)
	if err != nil {
		caseID, connection := about(in.Args)
		w.log.Log(ctx, level, "activity failed", "activity", info.ActivityType.Name, "case", caseID, "connection", connection,
			"attempt", info.Attempt, "result", result, "took", took, "error", err)
	}
	if stack != nil {
		w.log.Error("activity panicked", "activity", info.ActivityType.Name, "attempt", info.Attempt, "stack", string(stack))
	}
	return out, err
}

// resultOf is a word for how an attempt ended, and how much it deserves to be read.
func resultOf(err error) (string, slog.Level) {
	if err == nil {
		return "ok", slog.LevelDebug
	}
	said, ok := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case !ok && errors.Is(err, context.Canceled):
		return "cancelled", slog.LevelInfo
	case !ok:
		return "other", slog.LevelWarn
	case said.Category() == temporal.ApplicationErrorCategoryBenign:
		return said.Type(), slog.LevelDebug
	}
	return said.Type(), slog.LevelWarn
}

// about is the case and the connection that an activity's input names.
func about(args []any) (caseID, connection string) {
	if len(args) == 0 {
		return "", ""
	}
	switch in := args[0].(type) {
	case Batch:
		return in.Case, in.Connection
	case DiscoverInput:
		return in.Case, in.Connection
	case RestoreInput:
		return in.Case, in.Connection
	case MissedInput:
		return in.Case, in.Connection
	case OpenInput:
		return in.Case, ""
	case PlanInput:
		return in.Case, ""
	case WeighInput:
		return in.Case, ""
	case RecordInput:
		return in.Case, in.Connection
	case MarkInput:
		return in.Case, ""
	case CloseInput:
		return in.Case, ""
	case ReinstateInput:
		return in.Case, ""
	}
	return "", ""
}

// traced does what a system is asked for within a span, which names the case, the
// connection and the action, and no account.
func traced(ctx context.Context, what, caseID, connection string, do func(context.Context) error) error {
	ctx, span := otel.Tracer("github.com/severhq/sever/activities").Start(ctx, what)
	defer span.End()
	span.SetAttributes(attribute.String("sever.case", caseID), attribute.String("sever.connection", connection))
	err := do(ctx)
	if err != nil {
		result, _ := resultOf(asTemporal(ctx, err))
		span.SetStatus(codes.Error, result)
	}
	return err
}
