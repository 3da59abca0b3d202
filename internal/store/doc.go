// Package store keeps the records of Sever in Postgres: who was found where, what
// is planned, what was done, and the audit trail of it.
//
// Reads exist on Store and on Tx alike. Writes exist on Tx only, so that a record
// and the audit row that tells of it are one transaction; Do and Lane.Do run one.
// Every write may be repeated and then ends in the same place.
//
// Mutations of the world hold a Lane, a lock that belongs to one connection to the
// database. Their records are written on that connection, so that who has lost the
// lock can no longer write an intent, and who cannot write an intent does not act.
//
// Two roles use the database: the owner, which migrates, and the application,
// which has what rights.go lists and cannot change the audit trail.
package store
