// Package e2e runs the programs as a user runs them, as processes, and kills them.
// It has tests and nothing else.
package e2e
