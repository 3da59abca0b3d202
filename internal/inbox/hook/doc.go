// Package hook takes signed webhooks: what a system of human resources, or any other,
// says of a person in a JSON of its own.
//
// Messages are signed as Standard Webhooks has it: HMAC-SHA-256 over id, time and body,
// in the headers webhook-id, webhook-timestamp and webhook-signature, within five minutes
// of our clock. What a message means is said by a Mapping, which is a file and no code.
// A field that the mapping needs and that is not there is an error: the sender is told,
// and nothing is assumed.
package hook
