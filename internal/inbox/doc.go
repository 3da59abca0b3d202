// Package inbox takes what other systems send: that somebody left, that somebody's
// access must end now, that an identifier belongs to another person.
//
// What is taken is stored before it is acknowledged, once for each message of a
// sender, together with its row in the audit trail. A Dispatcher, of which any number
// may run, then puts it to the desk, where the same is checked as for a person who asks:
// the roles, the records, that a worker is there. A delivery is done when the records
// have the case, not when somebody promised one. Its name is the idempotency key: a
// crash at any moment opens no second case, and loses none.
//
// What cannot be done because something is away is tried again for ever, with longer
// and longer waits. What makes no sense whenever it is tried (nobody is called that, the
// sender may not) is refused, and waits for a person. What is not believed at the door
// (a wrong signature, too old, malformed) is not stored; it leaves a row in the trail of
// the house, and no more rows than somebody could read.
//
// The packages below know the senders: hook takes signed webhooks, set takes security
// event tokens. They say in the words of an Order what a message asks for. Nothing else
// of the message is kept.
package inbox
