// Package courier carries notices from the outbox of the records to the people outside:
// by signed webhooks (Standard Webhooks) and by mail.
//
// Every worker runs one; the outbox gives a notice to one of them at a time. A message is
// delivered at least once: who dies after sending and before noting it down sends it
// again, under the same id, so that receivers can tell. What is not taken is tried again,
// later and later, as long as the patience of the settings lasts; then it is a row in the
// audit trail and a task of its case, where it has one. Nothing that a destination does, or fails to do, reaches the
// cases.
//
// No error, answer or log line holds a secret: addresses of webhooks are secrets too, for
// many of them carry a token.
package courier
