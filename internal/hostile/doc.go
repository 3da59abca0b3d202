// Package hostile tries the whole of Sever under the conditions that servers and people
// make, on a real PostgreSQL and a real MariaDB server: one table of scenarios, run on
// both. After each case an observer who knows nothing of Sever asks the server whether
// the leaver can still log in, whether she can read, and whether a session of hers lives;
// what Sever reported must be the truth. The README has the same table.
//
// It has tests and nothing else.
package hostile
