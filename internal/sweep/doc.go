// Package sweep holds the rules by which whole systems are looked through for access
// that should not be there, and what they make of what was seen. Everything in it is a
// pure function over one page of accounts at a time: a system with a million accounts
// is judged like one with ten.
//
// What cannot be told is a finding of its own, unknown, with the reason. It is never
// left out, for a list without it would read as if nothing were wrong.
package sweep
