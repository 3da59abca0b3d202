package telemetry_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/audit"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
	"github.com/severhq/sever/internal/telemetry"
)

// get asks a running server.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestWhatTheMonitoringSees(t *testing.T) {
	t.Parallel()
	var reads atomic.Int32
	m := telemetry.NewMetrics("v1", func(_ context.Context, buckets []float64) (store.Numbers, error) {
		reads.Add(1)
		within := make([]int64, len(buckets))
		within[len(within)-1] = 3
		return store.Numbers{OpenCases: []store.OpenCases{{Reason: access.HR, Day: 2}}, Unknown: 1, Tasks: 5, Overdue: 2, Lag: 7, Unsigned: time.Now().Add(-time.Minute),
			Sweeps: []store.SweepNumbers{{Sweep: "leavers", Found: map[sweep.What]int64{sweep.OfLeaver: 12}, Complete: time.Now().Add(-time.Hour)}},
			Stuck:  1, LateLooks: 4, Arrivals: store.Arrivals{Waiting: 6, Refused: 9, Oldest: time.Now().Add(-30 * time.Second)}, Notices: []store.NoticeNumbers{{Destination: "ops", Waiting: 3, Delivered: 8, Failed: 2, Oldest: time.Now().Add(-90 * time.Second)}}, Contained: []store.Contained{{Reason: access.Incident, Count: 3, Seconds: 12, Within: within}}}, nil
	})
	m.Appended(audit.Row{Event: audit.Event{Kind: audit.StepResult, Outcome: "throttled"}})
	m.Worked("Contain", "Transient", 30*time.Millisecond)
	var trouble atomic.Pointer[error]
	at, err := telemetry.Serve(t.Context(), "127.0.0.1:0", m, func(context.Context) error {
		if p := trouble.Load(); p != nil {
			return *p
		}
		return nil
	})
	require.NoError(t, err)
	base := "http://" + at.String()

	code, body := get(t, base+"/metrics")
	require.Equal(t, http.StatusOK, code)
	for _, line := range []string{
		`sever_audit_rows_total{kind="step.result",outcome="throttled"} 1`, `sever_activity_seconds_count{activity="Contain",result="Transient"} 1`,
		`sever_build_info{version="v1"} 1`, `sever_records_up 1`, `sever_open_cases{age="day",reason="hr"} 2`, `sever_unknown_connections 1`,
		`sever_open_tasks{overdue="true"} 2`, `sever_open_tasks{overdue="false"} 3`, `sever_audit_lag_rows 7`, `sever_stuck_steps 1`, `sever_late_second_looks 4`,
		`sever_deliveries_waiting 6`, `sever_deliveries_refused 9`,
		`sever_notices_waiting{destination="ops"} 3`, `sever_notices_failed{destination="ops"} 2`, `sever_notices_delivered_total{destination="ops"} 8`,
		`sever_time_to_contained_seconds_bucket{reason="incident",le="86400"} 3`, `sever_time_to_contained_seconds_sum{reason="incident"} 12`,
		`sever_sweep_findings{kind="left",sweep="leavers"} 12`, `sever_sweep_findings{kind="unknown",sweep="leavers"} 0`,
	} {
		require.Contains(t, body, line+"\n")
	}
	require.Regexp(t, `sever_sweep_age_seconds\{sweep="leavers"\} (3599|3600)`, body)
	require.Regexp(t, `sever_deliveries_oldest_seconds (29|30)`, body)
	require.Regexp(t, `sever_notices_oldest_seconds\{destination="ops"\} (89|90)`, body)
	_, _ = get(t, base+"/metrics")
	require.EqualValues(t, 1, reads.Load(), "the records are not read for every scrape")

	code, body = get(t, base+"/readyz")
	require.Equal(t, http.StatusOK, code, body)
	why := errors.New("ping the database: connection refused")
	trouble.Store(&why)
	code, body = get(t, base+"/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, body, "connection refused")
	code, _ = get(t, base+"/healthz")
	require.Equal(t, http.StatusOK, code, "alive, and not ready")

	_, err = telemetry.Serve(t.Context(), at.String(), m, nil)
	require.ErrorContains(t, err, "SEVER_MONITORING")
}

func TestNumbersThatCannotBeReadAreNotTold(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("v1", func(context.Context, []float64) (store.Numbers, error) {
		return store.Numbers{Tasks: 9}, errors.New("down")
	})
	at, err := telemetry.Serve(t.Context(), "127.0.0.1:0", m, nil)
	require.NoError(t, err)
	code, body := get(t, "http://"+at.String()+"/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, "sever_records_up 0\n")
	require.NotContains(t, body, "sever_open_tasks")
}
