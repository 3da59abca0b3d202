package telemetry

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/severhq/sever/internal/audit"
)

// Metrics are what a worker counts by itself, and what the records say when somebody
// asks.
type Metrics struct {
	registry   *prometheus.Registry
	events     *prometheus.CounterVec
	activities *prometheus.HistogramVec
}

// NewMetrics makes the metrics of one process.
func NewMetrics(version string, standing Standing) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sever_audit_rows_total",
			Help: "Rows that this process wrote into the audit trail, by kind and outcome. step.result by outcome counts what systems answered: done, blocked, throttled, transient, denied, accepted.",
		}, []string{"kind", "outcome"}),
		activities: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "sever_activity_seconds",
			Help:    "How long attempts of activities took in this process, by activity and result: ok, or the type of the error.",
			Buckets: []float64{.005, .02, .1, .5, 2, 10, 60, 300},
		}, []string{"activity", "result"}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sever_build_info", Help: "Always 1, with the version of this process."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.events, m.activities, build, &records{standing: standing},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Appended counts a row of the audit trail.
func (m *Metrics) Appended(r audit.Row) { m.events.WithLabelValues(r.Kind, r.Outcome).Inc() }

// Worked counts one attempt of an activity.
func (m *Metrics) Worked(activity, result string, took time.Duration) {
	m.activities.WithLabelValues(activity, result).Observe(took.Seconds())
}

// Handler answers in the format of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, Timeout: 10 * time.Second, MaxRequestsInFlight: 4})
}
