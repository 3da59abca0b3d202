package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
)

// Pulse is a worker interceptor that sends heartbeats for every activity, for as
// long as its process lives: the server notices within seconds when it dies, and
// the activity learns as fast that it was cancelled. What hangs without dying is
// bounded by the activity's own time.
func Pulse() interceptor.WorkerInterceptor { return &pulse{} }

type pulse struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity wraps one execution.
func (p *pulse) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	b := &beating{}
	b.Next = next
	return b
}

type beating struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity runs the activity with its pulse.
func (b *beating) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if every := activity.GetInfo(ctx).HeartbeatTimeout / 3; every > 0 {
		done := make(chan struct{})
		defer close(done)
		go beat(ctx, every, done)
	}
	return b.Next.ExecuteActivity(ctx, in)
}

func beat(ctx context.Context, every time.Duration, done <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
			activity.RecordHeartbeat(ctx)
		}
	}
}
