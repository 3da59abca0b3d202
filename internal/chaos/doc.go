// Package chaos breaks a whole installation on purpose, as a seed says, and asks everybody
// but the installation what came of it.
//
// The installation is real: two sever-worker processes, a Temporal server on disk,
// PostgreSQL for the records, PostgreSQL and MariaDB as targets, each behind a proxy that can
// fail, and the simulators of the four hosting providers behind such proxies too. A seed
// decides who leaves and what breaks when; the same seed decides the same. The case of some
// is opened by a sweep, and beside some seeds a sweep reads that only reports. The clocks of
// workers and of Temporal can be set; that of the records cannot, which the judges go by.
//
// The judges read what the wire and PostgreSQL's own log saw, what is left on every
// system, and the trail in the order in which PostgreSQL committed it. On the wire to
// MariaDB a tap sees every statement; people are logged in there and at PostgreSQL, and
// come back whenever they are thrown out. Sweeps are asked for what they should have found.
package chaos
