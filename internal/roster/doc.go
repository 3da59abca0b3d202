// Package roster takes the complete list of people: from a file that somebody imports,
// or on a schedule from where the personnel system leaves it. Who was active and is
// missing from it has left.
//
// A roster that is empty, cannot be read whole, or in which too many of the active
// people are missing is not believed: nothing is changed, and the refusal is on record.
// Where the settings say so, each who left is an order to end the access, stored in the
// transaction that accepts the roster.
package roster
