// Package scim lets a directory such as Okta or Entra ID say who is there: it is the
// server side of SCIM 2.0 (RFC 7643 and 7644) for users, and nothing else of it.
//
// What it promises:
//
//   - A user who stops being active, or is deleted, is an order to end that person's
//     access. The order is written in the transaction that writes the change, before
//     the directory is answered; a change that is sent again is no new order.
//   - No answer waits for a case. What a running case does is none of a directory's
//     business, and a directory that is kept waiting gives up.
//   - A user belongs to one principal for ever. Which one is decided when the user is
//     made, by the attribute that the settings name; neither a new name nor a new
//     externalId leads to anybody else afterwards.
//   - Who comes back while a case is open: the case is held before it removes more,
//     and a person has the task to say how it ends.
//   - What a directory may send and we do not keep (addresses, photos, passwords) is
//     passed over. A name that no schema has is refused, for it may be "active"
//     misspelt.
package scim
