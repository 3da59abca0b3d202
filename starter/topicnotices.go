package main

import "github.com/spf13/cobra"

// noticesTopic is what a receiver of notices has to know.
func noticesTopic() *cobra.Command {
	return &cobra.Command{Use: "what-is-told", Aliases: []string{"events"}, Short: "Who is told outside of what, and how a receiver checks it", Long: `Workers tell people outside of what happens to cases, and of what keeps cases from being
opened, by webhooks and by mail. Set the same for
every worker; each destination gets every event, or those that its _EVENTS lists:

  task.opened       something that only a person can do     approval.needed   a plan waits for somebody's word
  task.overdue      nobody has done it in time; repeated    guard.tripped     and its case is in quarantine
  case.contained    nobody can log in any more              case.reopened     a later look found something
  case.closed       with its outcome
  roster.refused    the list of people, as the schedule takes it, is not believed: once, until that is another
                    refusal, or a roster was accepted in between
  delivery.refused  a message of another system cannot be followed and waits for a person: the first at once,
                    the others of that sender together, when the next hour begins
  delivery.rejected what comes in the name of a sender is not believed and not kept, as often; told by
                    sever serve, which needs the settings below for it

  SEVER_NOTICE_WEBHOOKS        names, with commas between: ops,siem
  SEVER_NOTICE_<NAME>_URL      https: only, unless it leads to this machine; it may hold a token
  SEVER_NOTICE_<NAME>_SECRET   whsec_..., made by sever notices secret
  SEVER_NOTICE_<NAME>_OLD_SECRET   a second one, while the first is being replaced
  SEVER_NOTICE_<NAME>_EVENTS   the events, with commas between
  SEVER_SMTP_URL               smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465
  SEVER_SMTP_FROM, SEVER_SMTP_TO, SEVER_SMTP_EVENTS
  SEVER_SMTP_TLS               required, or off: then there can be no password
  SEVER_NOTICE_TEMPLATES       a folder with letters of your own: EVENT.txt, text/template, whose first line
                               is "Subject: ..."; the fields are those below, with Kind and At, in Go's
                               spelling: {{.Case}}, {{.AskedOf}}, {{when .Due}}; facts.txt is the end of all
  SEVER_NOTICE_PATIENCE        how long something is tried (72h), first after 5 s, at last every 10 minutes

A webhook is a POST by the scheme of Standard Webhooks (standardwebhooks.com; there are libraries):
webhook-id, webhook-timestamp, and webhook-signature: one v1, for each secret. A status of the two
hundreds within 10 s is a delivery; redirects are not followed; Retry-After holds back all that waits
for the destination. A message may come twice: webhook-id (of a mail, Message-ID) is the same then.

  {"type": "approval.needed", "timestamp": "2026-11-22T03:34:51.6Z", "data": {
     "case": "C-261122-k4", "principal": "E1042", "reason": "hr",
     "task": "plan/1",            the key by which sever tasks knows it
     "connection": "pg-main",     of a task at one
     "plan": "ae1403052edc...",   the hash, of approval.needed and guard.tripped
     "outcome": "clean",          of case.closed
     "words": "...",              what happened, in ours or a system's words, at most 1000 letters
     "asked_of": "ciso",          who is asked to do something
     "due": "2026-11-23T03:34:51Z",
     "next": "sever approve C-261122-k4 --plan ae1403052edc"}}

What means nothing is left out, besides case, principal, reason, words and next; of roster.refused
and of deliveries, which are about no case, the first three are empty. timestamp is when it
happened. No message holds a secret, a name or an address of the principal; other systems' words may
name her accounts. Fields may be added; none is renamed. "test" is the type of sever notices test.

A notice is kept together with what it tells of, so nothing is lost when a worker dies. What nobody
takes for as long as the patience lasts is a row of the trail (notice.failed) and, if it is about
a case, a task of it; sever notices list shows it, sever notices retry tries again.`}
}
