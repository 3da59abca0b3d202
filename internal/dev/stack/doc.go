// Package stack runs all that Sever needs on one machine, from one folder and without Docker: PostgreSQL
// for the records, Temporal for the progress, and whatever further programs it is told to keep running.
//
// A folder belongs to one stack at a time. Addresses, passwords and data stay in it, so that a stack
// that was stopped, killed or switched off goes on where it was. A server that dies is started again at
// its address; Done reports when that does not help. When the process that holds the stack dies, its
// servers end as well (Linux).
//
//	lock                 held while a stack runs here
//	log/                 one log for each program
//	postgres/            see package postgres
//	temporal/            the SQLite file and the port
//
// A server that is given from outside, by its address, is used as it is and never stopped.
package stack
