// Package telemetry tells machines how Sever is doing: metrics for Prometheus, whether
// the worker is alive and ready, and traces by OpenTelemetry.
//
// It tells numbers and ids of ours, never names of accounts or people.
package telemetry
