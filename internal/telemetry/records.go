package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/internal/sweep"
)

// Standing reads from the records how everything stands. Buckets are upper bounds in
// seconds for how long containing took.
type Standing func(ctx context.Context, buckets []float64) (store.Numbers, error)

// The metrics that come from the records are the same in every process, and survive
// its end.
var (
	recordsUp     = desc("sever_records_up", "1 when the records could be read for this answer. When it is 0, nothing below is told.")
	openCases     = desc("sever_open_cases", "Open cases by reason and by how long ago they were opened.", "reason", "age")
	unknown       = desc("sever_unknown_connections", "Connections of open cases that could not be asked.")
	openTasks     = desc("sever_open_tasks", "What only a person can do, and whether it is past its due date.", "overdue")
	auditLag      = desc("sever_audit_lag_rows", "Rows of the audit trail that no signed checkpoint covers yet.")
	auditUnsigned = desc("sever_audit_lag_seconds", "How old the oldest row is that no signed checkpoint covers.")
	stuck         = desc("sever_stuck_steps", "Steps that began more than an hour ago and have no result.")
	lateLooks     = desc("sever_late_second_looks", "Second looks whose time passed more than an hour ago.")
	waiting       = desc("sever_notices_waiting", "Notices to people outside that are on their way, by destination.", "destination")
	oldest        = desc("sever_notices_oldest_seconds", "How long the oldest of them has been waiting.", "destination")
	givenUp       = desc("sever_notices_failed", "Notices that were given up; each is a task as well.", "destination")
	arriving      = desc("sever_deliveries_waiting", "Messages of other systems that were taken and wait to be carried out.")
	arrivingSince = desc("sever_deliveries_oldest_seconds", "How long the oldest of them has been waiting.")
	notFollowed   = desc("sever_deliveries_refused", "Messages of other systems that could not be followed; each waits for a person.")
	delivered     = desc("sever_notices_delivered_total", "Notices that were taken.", "destination")
	sweepFindings = desc("sever_sweep_findings", "What the last run of each sweep found.", "sweep", "kind")
	sweepAge      = desc("sever_sweep_age_seconds", "How long ago a run of the sweep ended that listed every connection. A sweep without one is not told.", "sweep")
	contained     = desc("sever_time_to_contained_seconds", "How long cases took, from their beginning or their effective date, until nobody could log in any more.", "reason")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// buckets of the time to contained, in seconds.
var buckets = []float64{1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400}

// fresh is how long numbers are told again without reading the records: several
// scrapers cost as much as one.
const fresh = 5 * time.Second

// records collects what the records say.
type records struct {
	standing Standing
	mu       sync.Mutex
	at       time.Time
	last     store.Numbers
	err      error
}

// Describe lists the metrics.
func (r *records) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{recordsUp, openCases, unknown, openTasks, auditLag, auditUnsigned, stuck, lateLooks, contained, waiting, oldest, givenUp, delivered, arriving, arrivingSince, notFollowed,
		sweepFindings, sweepAge} {
		out <- d
	}
}

// Collect reads the records. What cannot be read is not told: no number is better than
// an old one that looks new.
func (r *records) Collect(out chan<- prometheus.Metric) {
	n, now, err := r.read()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if err != nil {
		gauge(recordsUp, 0)
		return
	}
	gauge(recordsUp, 1)
	for _, c := range n.OpenCases {
		for age, count := range map[string]int{"hour": c.Hour, "day": c.Day, "week": c.Week, "older": c.Older} {
			gauge(openCases, float64(count), string(c.Reason), age)
		}
	}
	gauge(unknown, float64(n.Unknown))
	gauge(openTasks, float64(n.Tasks-n.Overdue), "false")
	gauge(openTasks, float64(n.Overdue), "true")
	gauge(auditLag, float64(n.Lag))
	gauge(auditUnsigned, since(n.Unsigned, now))
	gauge(stuck, float64(n.Stuck))
	gauge(lateLooks, float64(n.LateLooks))
	gauge(arriving, float64(n.Arrivals.Waiting))
	gauge(arrivingSince, since(n.Arrivals.Oldest, now))
	gauge(notFollowed, float64(n.Arrivals.Refused))
	for _, d := range n.Notices {
		gauge(waiting, float64(d.Waiting), d.Destination)
		gauge(oldest, since(d.Oldest, now), d.Destination)
		gauge(givenUp, float64(d.Failed), d.Destination)
		out <- prometheus.MustNewConstMetric(delivered, prometheus.CounterValue, float64(d.Delivered), d.Destination)
	}
	for _, s := range n.Sweeps {
		for _, what := range sweep.Whats { // zero, too: what is not told looks forgotten
			gauge(sweepFindings, float64(s.Found[what]), s.Sweep, string(what))
		}
		if !s.Complete.IsZero() {
			gauge(sweepAge, since(s.Complete, now), s.Sweep)
		}
	}
	for _, c := range n.Contained {
		within := map[float64]uint64{}
		for i, count := range c.Within {
			within[buckets[i]] = uint64(count)
		}
		out <- prometheus.MustNewConstHistogram(contained, uint64(c.Count), c.Seconds, within, string(c.Reason))
	}
}

// since is how long ago something was, in seconds; zero for what was not.
func since(at, now time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return now.Sub(at).Seconds()
}

func (r *records) read() (store.Numbers, time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.Sub(r.at) > fresh {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		r.last, r.err = r.standing(ctx, buckets)
		r.at = now
	}
	return r.last, now, r.err
}
