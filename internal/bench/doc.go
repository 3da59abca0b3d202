// Package bench measures whole offboardings beside plain SQL that does only the
// same work. It has benchmarks and nothing else: times are measured here and
// asserted nowhere.
package bench
