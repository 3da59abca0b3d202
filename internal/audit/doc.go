// Package audit makes a record of what was done that cannot be changed unseen.
//
// Every case has a chain of rows, and the house has one for what belongs to no
// case. A row carries the hash of its own canonical content and of the row before
// it, so a row that was changed, removed, inserted or moved no longer fits. What a
// chain alone cannot show, its tail cut off or all of it written anew, the signed
// checkpoints show: each names the last row of every chain that grew, is chained
// to the checkpoint before it, and is kept outside the database as well.
//
// This is tamper-evident, not tamper-proof. Who owns the database can still
// rewrite what came after the last checkpoint that is kept elsewhere; who owns the
// database, the file and the key can rewrite everything.
//
// The canonical form is RFC 8785 (JSON with sorted keys and no choices left) over
// strings, booleans, whole numbers within ±(2^53-1), lists and objects. It is what
// makes a chain verifiable by other programs, and it never changes: a new form
// would be a new value of "v".
//
// The package is pure: it reads rows from wherever they are and needs no database.
package audit
