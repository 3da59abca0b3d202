// Package leaver invents some people for the demonstration, gives them access to real
// PostgreSQL and MariaDB servers in the ways that real people have it, and tries to use it
// as they would: by logging in, by going on in an open session, and by a program that
// connects again and again.
//
// What the server answers to those attempts is the proof that a demonstration owes, and
// it comes from outside: nothing here knows what Sever did.
package leaver
