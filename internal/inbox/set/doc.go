// Package set takes security event tokens: what an identity provider says happened to
// somebody, signed (RFC 8417), pushed over HTTP (RFC 8935), in the words of CAEP and
// RISC.
//
//	event                                what it asks for
//	caep session-revoked                 an incident, unless the user did it: that is a logout
//	caep credential-change               an incident when a credential was revoked or deleted,
//	                                     and not by the user; a new or changed one asks for nothing
//	risc credential-compromise           an incident
//	risc account-disabled                an incident
//	risc sessions-revoked                an incident (the older session-revoked)
//	risc account-purged                  the end of all access, as hr
//	risc identifier-recycled             a hold, and a doubt: it starts nothing
//	other events of caep, risc and ssf   nothing: they are stored, and told
//
// A token is believed when a key that the issuer publishes now has signed it with RS256,
// ES256 or EdDSA, its type is secevent+jwt, issuer and audience are the configured ones,
// it is not older than we take, and holds exactly one event. Its jti is taken once. While
// the issuer's keys cannot be had nothing is believed and nothing lost: the transmitter is
// asked to come again.
//
// Who it is about is found by the settings of the issuer, which say for each format of a
// subject which field of a principal it is. Nobody and several are refused.
package set
