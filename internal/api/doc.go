// Package api is the HTTP interface: each command of the command line has its call
// here, and what a call answers is the document that the command prints with --json.
// The calls are described by the OpenAPI document that is made from them.
//
// A request comes through these, in this order: its id and its place in the log; who
// asks, and whether they may (caller.go); the idempotency key (once.go); the checks of
// its words, which come from the same Go types as the description; and then package
// desk, which checks the rest and does it. What went wrong is a problem (problem.go),
// with what a person can do next.
//
// What other systems send arrives on paths of its own (Options.Mounts), with its own
// authentication.
package api
