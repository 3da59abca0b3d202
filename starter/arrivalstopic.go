package main

import "github.com/spf13/cobra"

// arrivalsTopic is the help about what other systems send.
func arrivalsTopic() *cobra.Command {
	return &cobra.Command{Use: "arrivals", Short: "What other systems may send, and how to let them", Long: `sever serve takes signed webhooks at /hooks/NAME and security event tokens at
/events/NAME. What is taken is stored before it is answered, once for each message, and
every sever-worker carries it out as if a person had asked, under the worker's own
settings: its policy (sever help settings), its roles. The sender is somebody to the roles:
webhook:NAME and set:NAME have to be in SEVER_ROLE_REQUESTER, and in SEVER_ROLE_OPERATOR if
they hold cases.

What is away (a worker, Temporal) is tried again until it is there. What cannot be followed
(nobody is called that, the role is missing) is refused and waits for a person (sever
deliveries list --state refused), and people outside are told (sever help what-is-told). What is not believed is answered with an error, is a row
of the trail (at most ten a minute for each sender, and one that counts the others), and
is not stored. The same message again is answered as the first one and starts nothing;
another message under its id is refused.

Webhooks (Standard Webhooks: HMAC-SHA-256 over id, time and body, five minutes either way)

  SEVER_HOOKS                the names: hris,payroll
  SEVER_HOOK_<NAME>_SECRET   whsec_ and the base64 of 24 random bytes or more
  SEVER_HOOK_<NAME>_OLD_SECRET   the one before, while the sender changes to the new one
  SEVER_HOOK_<NAME>_MAPPING  a YAML or JSON file that says what its messages mean:

    when: [{path: company, in: [acme]}]     # otherwise a message asks for nothing
    act:
      path: event                           # what is not listed is an error
      values: {terminated: offboard, rehired: hold, promoted: none}
    principal: {path: data.employee.number, field: id}   # or login, email, attr.NAME
    reason: hr                              # or incident
    at: {path: data.last_day, format: date, clock: "17:30", zone: Europe/Paris, optional: true}
    ticket: {path: data.request, optional: true}         # at.format: rfc3339, unix, date
    hold: legal has to look                 # leave it out to let removals begin

Paths are those of gjson: data.changes.#(field=="status").new. A field that is needed and
missing is an error; a date in the past begins at once. Try it: sever hooks check NAME FILE.

Security event tokens (RFC 8417 over RFC 8935; RS256, ES256 or EdDSA)

  SEVER_EVENTS                  the names: okta,google
  SEVER_EVENT_<NAME>_ISSUER     iss, exactly;  _AUDIENCE  what aud has to hold
  SEVER_EVENT_<NAME>_JWKS_URL   where its keys are, https://
  SEVER_EVENT_<NAME>_SUBJECTS   who is meant: email=email,iss_sub=attr.okta_id,opaque=id; the format of
                                the subject, and the field that exactly one principal has it in
  SEVER_EVENT_<NAME>_TOKEN      the bearer token that the transmitter has to show (optional)
  SEVER_EVENT_<NAME>_EVENTS     which of them to follow (default all): account-disabled,...
  SEVER_EVENT_<NAME>_HOLD       why its cases remove nothing before sever resume (optional)
  SEVER_EVENT_<NAME>_MAX_AGE    how old a token may be (default 24h)

  session-revoked         an incident; nothing if the user did it (initiating_entity: user)
  credential-change       an incident if it was revoked or deleted, and not by the user; else nothing
  credential-compromise   an incident        account-disabled, sessions-revoked   an incident
  account-purged          the end of all access, reason hr
  identifier-recycled     starts nothing: it holds the open case, nobody is found by that identifier
                          any more, and cases that begin are held, until sever deliveries trust
  all other events of CAEP, RISC and SSF are stored and ask for nothing`}
}
