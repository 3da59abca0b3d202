// Package payload encrypts what Temporal stores: inputs, results, updates, queries,
// summaries and the words of failures. Temporal and its database then hold nothing
// that can be read without a key of ours.
//
// What is encrypted: AES-256-GCM, a random nonce for each payload, the id of the key
// in the clear beside it. The first key encrypts and all of them decode, so a key is
// replaced in three steps that never leave a running case unreadable: add the new one
// behind the old one everywhere, then put it first, then remove the old one when no
// history that it encrypted is kept any more.
//
// One key is good for 2^32 payloads, the limit of random nonces: some hundred million
// ordinary cases.
//
// What is not encrypted, because Temporal itself works with it: ids of workflows and
// activities, their types, queues, the names of updates, the types of errors, search
// attributes. They hold ids and words of ours only.
//
// What was written in the clear before there was a key still decodes. So does a history
// in the clear without any key: the codec is always there, and an installation that
// has no key yet waits for one instead of failing the cases of one that has.
package payload
