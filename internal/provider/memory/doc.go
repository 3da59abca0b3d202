// Package memory is a system that lives in this process. It is the provider to
// read first, and the one that workflow tests run on.
//
// The model: a System has accounts on resources. An account has a password that
// nothing reveals, live sessions, and grants. A grant says by which action it is
// ended. Sessions outlive what started them: locking an account does not end
// them, and neither does deleting it, so a caller that forgets EndSessions finds
// them in the next Look.
//
// Every mutating method is built on one path (see change): it reads first, checks
// that the account is the planned one, answers Already when nothing is left to
// do, and only then writes. Each read and each write is one Call in the Journal,
// so a test can tell what was touched, and whether a write was ever repeated
// without a look in between.
//
// Trouble comes on demand: calls that fail before or after they took effect,
// a system that is down, parts that cannot be read, orders that are accepted and
// carried out later, accounts that something blocks. See trouble.go.
package memory
