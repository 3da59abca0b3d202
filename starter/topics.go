package main

import "github.com/spf13/cobra"

// topics are pages of help that belong to no single command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the exit codes mean", Long: `0  done: all access is proven gone, or what was asked for was done and nobody is needed
1  an error of Sever itself
2  bad input: nothing happened
3  open: something is blocked, waits for a person, was waived or given back; or findings
4  something could not be reached: Temporal, the database, a connection
5  of --check: nothing but a person's approval is missing

status, offboard and the decisions with --wait exit with 0 also while a case that is
proven waits for its second look, or a planned one for its date. Without following,
offboard and the decisions exit with 0 when the case took the command.

sever plan CASE --check and sever offboard ID --reason R --dry-run --check are for CI: they
exit with 0 if the plans in force run by themselves and end clean, with 5 if a guard or the
policy asks for approval first, and with 3 if something stays open however it is approved: a
connection that could not be asked, an account that is protected, shared, unsupported or not
wholly readable, a blocked step, a denied plan, or no plan. Without --check a printed plan is 0.`},
		{Use: "roles", Short: "Who may do what", Long: `Four variables list people, as --as and SEVER_ACTOR name them, with commas between them:

  SEVER_ROLE_REQUESTER   offboard, also with --dry-run; directories over SCIM; roster:schedule
  SEVER_ROLE_APPROVER    approve, deny
  SEVER_ROLE_OPERATOR    hold, resume, retry, escalate, cancel, waive, reinstate; import identities,
                         rosters and secrets; confirm and reject whose an account is; finish tasks; make and revoke tokens;
                         test notices and have them tried again; sweeps
  SEVER_ROLE_AUDITOR     read: status, cases, plan, audit show, audit verify, evidence, the lists

Who has any of the roles may read. * is everybody. Letter case and outer spaces do not count.

When none of the four is set, everybody may do everything. As soon as one is set, who is not
listed may not: a role whose variable is empty, or not set, has nobody. A malformed value is an
error at the start. Who requests a case can never approve its plan, whatever roles they have.

Both sides look: this program before it sends anything, and the worker, by its own variables,
before it writes anything. Set the same for both. What the worker refuses has no effect; it is a
row of the audit trail (decision.refused, or case.refused in the trail of the house), and sever
status shows it. A name is what somebody says it is: the roles are as good as the way in which
SEVER_ACTOR is set for people, and as the access to Temporal and to the database.`},
		arrivalsTopic(),
		noticesTopic(),
		{Use: "scim", Short: "Directories: Okta, Entra ID and others over SCIM 2.0", Long: `sever serve answers SCIM 2.0 at /scim/v2: /Users with GET, POST, PUT, PATCH and DELETE, filters,
startIndex and count (200 at most), attributes and excludedAttributes. No groups, no bulk.

The directory sends a token of the HTTP interface that has the role requester; one of an auditor
reads. Where roles are configured, SEVER_ROLE_REQUESTER must list the name of the token, for it is
who requests the cases. A user whose active turns false, or who is deleted, is an order to end the
access: stored with the change before the answer, once, and then put to a case like any other.
sever deliveries lists what became of it. No answer waits for a case.

SEVER_SCIM_PRINCIPAL says by which attribute a new user is found to be a principal: externalId (the
default), employeeNumber of the enterprise extension, or userName where names are never given twice.
It has to be what rosters and identities call people. Which principal a user is never changes
afterwards; what would make two people one is refused with 409.

Somebody who is active again while the case is open: the case is held before it removes more (where
roles are configured, if SEVER_ROLE_OPERATOR lists the token, too), and gets a task return/...;
say sever resume or sever cancel, and then sever tasks done.

Kept: userName, name, displayName, title, userType, active, emails, externalId, the enterprise
extension, and ours. Other attributes of RFC 7643 and other extensions are passed over. A name of no
schema is refused. Naming rules know Login (the userName), LocalName (before its @), Name, Email,
GivenName, FamilyName, Title, UserType, EmployeeNumber, CostCenter, Organization, Division, Department.

Ours is urn:severhq:params:scim:schemas:extension:1.0:User: effectiveAt (when the access ends), reason
(hr or incident) and ticket. They are read when active turns false. Afterwards another date is refused;
the reason incident makes the case more urgent.

With rosters beside it: a person whom a directory has and a roster has not has left by the roster.`},
		{Use: "roster-schedule", Short: "A roster that is taken by itself", Long: `The worker takes the complete list of people on a schedule, as sever roster import does by hand:

  SEVER_ROSTER_SOURCE      an https address, or the whole path of a file; CSV or JSON
  SEVER_ROSTER_TOKEN       what an address is shown: Authorization: Bearer ...
  SEVER_ROSTER_EVERY       1h
  SEVER_ROSTER_MAX_SHRINK  20: per cent of the active people that may be missing at once
  SEVER_ROSTER_LEAVERS     report (the default): who left is on record, sever roster list --left
                           offboard: a case for each who was active and left, requested by
                           roster:schedule, which SEVER_ROLE_REQUESTER must list where roles are set

One that cannot be read is tried five times. One that is empty, broken or too small changes nothing
and orders nothing; that is a row of the trail (roster.refused), sever roster status shows it, and
people outside are told once (sever help what-is-told).
If that many did leave, import it once by hand with --accept-shrink "why".`},
		{Use: "http", Short: "The HTTP interface", Long: `sever serve answers HTTP requests: each command has its call, and answers what the command
prints with --json. The calls are described at /openapi.json and /openapi.yaml (OpenAPI 3.1).

  sever tokens create hr-system --role requester
  sever serve
  curl -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: hr-4711" -H "Content-Type: application/json" \
    -d '{"principal": "E1042", "reason": "hr"}' http://127.0.0.1:8377/v1/cases

Who asks. A token says who that is, and its roles cap what it may do; where SEVER_ROLE_* are
set, they have to allow it too, here and at the worker. Nobody can act as somebody else. Where
SEVER_OIDC_ISSUER is set, its tokens are taken as well: the name is the verified e-mail address
(or SEVER_OIDC_ACTOR_CLAIM), the roles are those in the claim SEVER_OIDC_ROLES_CLAIM (default
roles; realm_access.roles and the like are paths), or what SEVER_OIDC_ROLES makes of its values:
dba=operator,security=approver. What a token may not is a row of the trail (request.refused).

Once. A POST with an Idempotency-Key is done once: the same request with the same key is answered
the same for a day; another request with it is refused (422). Keys of others are no matter.

Pages. Lists take limit and cursor; next is the cursor of the page after, and no next is the end.

Errors are application/problem+json: type (urn:sever:problem:...), status, detail, next (what a
person can do), request_id (also in the header X-Request-ID, and in the log), errors (place by place).
  400 not to be read   401 no token that opens anything   403 may not   404 not there
  409 makes sense, and not now   413 too large   422 makes no sense   500 Sever's own   503 something does not answer

/healthz says that the process lives, /readyz whether it can do its work and what is missing;
both and the description need no token.`},
		{Use: "json", Short: "What --json prints", Long: `Every command prints one JSON document on standard output. Fields may be added; none is
renamed, and none changes its meaning. Times are RFC 3339 in UTC, an absent time is left
out. Lists are never null.

  status <case>, offboard --wait, <decision> --wait   the case: case, principal, reason, status, standing,
                        connections[], accounts[], plans[], steps{}, tasks[]
  status, cases         cases[]; of status refused_deliveries, too
  offboard              case, principal, joined, escalated, key
  incident              incident, key, people[]: principal, state, case; absent[], with --wait as incident status
  incident --dry-run    people[]: principal, name; absent[]: principal, where, why
  incident status       incident, key, requester, opened_at, ended_at, contained_at, standing{}, people[]: principal, state, case,
                        joined, escalated, contained_at, locked, open, silent[], tasks, words; without an id incidents[]
  offboard --dry-run, plan   case, principal, plans[]: hash, accounts[], steps[] with statements[]
  approve, deny, ...    case, decision, by, plan
  roster import         active, joined[], left[], returned[], changed[], unchanged
  roster list           people[], rosters[]
  roster status         scheduled, every, paused, next_at, runs[]: at, source, result, words, by
  sweeps create         sweep, rule, mode, connections[], every, cron, notice, created_by
  sweeps list           sweeps[]: the same, and paused, scheduled, next_at, last{}
  sweeps run, findings  sweep, rule, run{}: result, accounts, found, new, gone, unseen; findings[]: state, kind,
                        connection, account, principal, words, evidence{}, first_run, last_run
  sweeps pause, resume, delete   sweep, decision, by
  tasks                 tasks[]: case, key, subject, words, next, owner, due, overdue, reminders
  tasks done            case, task, by
  notices list          destinations[]: name, configured, means, where, events[], waiting, delivered, failed, oldest;
                        notices[]: message, destination, event, case, state, attempts, answer, next_at
  notices test          destination, message, answer, seconds
  notices retry         retried
  notices secret        one field, the secret
  secrets import        added[], changed[], unchanged, principals
  secrets list          secrets[]
  tokens create         id, name, roles[], expires_at, token (shown this once)
  tokens list, revoke   tokens[]
  serve                 address, once it answers
  identities import     added[], changed[], unchanged, people
  identities list       identities[]
  identities questions  questions[]
  identities confirm, reject   questions[], principal, about, decision, by, case, nudged
  deliveries list       deliveries[]: id, kind, source, message, act, principal, state, words, case
  deliveries retry, drop   the delivery
  deliveries doubts, trust   doubts[]: principal, words, delivery, raised_at
  hooks list            hooks[]: name, path, actor, act, values[]
  hooks check           hook, act, principal or subject, reason, at, ticket, hold, why
  connections           connections[]
  providers             capabilities[]
  providers rights      rights[]: provider, reach, give, on, without, check, source, seen, rare
  preflight             sever[], connections[]: checks[], error
  audit show            chain, rows[] (the rows exactly as they are hashed)
  audit verify          chains, rows, checkpoints, findings[], uncovered, notes[]
  audit verify --pack   case, made_at, made_by, manifest, signed_by, files, rows, checkpoints, findings[], uncovered, notes[]
  evidence              case, file, manifest, files, rows, uncovered, key_id

standing is one of: clean, proven, running, scheduled, needs approval, in
quarantine, held, needs people, "closed, not clean", dry run. Only clean and proven mean that the access is gone.

Errors go to standard error: {"error": {"exit": 2, "message": "...", "next": ["..."]}}`},
		{Use: "settings", Short: "The variables that Sever reads", Long: `Every variable NAME may be given as NAME_FILE, naming a file that holds the value. What the
environment does not have is read from $SEVER_HOME/sever.env (written by sever up).

  SEVER_DATABASE_URL        the records, with the application's role: postgres://...
  SEVER_OWNER_DATABASE_URL  the same database as its owner; for sever migrate only
  TEMPORAL_ADDRESS          host:port; with TEMPORAL_NAMESPACE (default sever), TEMPORAL_API_KEY,
                            TEMPORAL_TLS_* as the temporal command reads them
  SEVER_CONNECTIONS         the connections: pg-main=postgres,pg-old=postgres
  SEVER_CONN_<NAME>_URL     of a postgres connection: how to log in as our administrator
  SEVER_CONN_<NAME>_OWNER, _PROTECTED, _TASKS_PER_SECOND, _PARALLEL   of every connection
  SEVER_CONN_<NAME>_SETTLE  for how long what was sent may take effect unseen (1m; where orders are queued 10m): what
                            is given back meanwhile is looked at again until then
  SEVER_CONN_<NAME>_NAMES   naming rules, with commas between: {{.Login}},{{.Hosting}}_{{.Login}}
                            fields: ID, Login, Name, Email and every attr.NAME of the roster;
                            functions: lower, upper; where accounts have hosts: {{.Login}}@%
  SEVER_CONN_<NAME>_SIMULATED   true: a simulator on this machine answers, so no pace is kept
  SEVER_ROLE_REQUESTER, _APPROVER, _OPERATOR, _AUDITOR   who may do what: sever help roles
  SEVER_SCIM_PRINCIPAL      externalId, employeeNumber or userName: sever help scim
  SEVER_ROSTER_SOURCE, _TOKEN, _EVERY, _MAX_SHRINK, _LEAVERS   a roster that is taken by itself: sever help roster-schedule
  SEVER_LISTEN              where sever serve listens (127.0.0.1:8377); SEVER_TLS_CERT and SEVER_TLS_KEY name files
                            in PEM; without them others reach it only by SEVER_PLAIN_HTTP=behind-proxy
  SEVER_OIDC_ISSUER, _AUDIENCE, _ACTOR_CLAIM, _ROLES_CLAIM, _ROLES   people of your identity provider: sever help http
  SEVER_ACTOR               who gives the commands (default: who is logged in)
  SEVER_HOME                the folder of sever up
  SEVER_AUDIT_KEY           seed of the Ed25519 key that signs checkpoints, base64 (the worker's)
  SEVER_AUDIT_PUBLIC_KEYS   public keys to verify with, base64, with commas between
  SEVER_CHECKPOINTS         the copy of the checkpoints outside the database
  SEVER_SECRET_DIR          the folder that new credentials go to, each into a file with mode 0600,
                            when access is given back or a shared password is rotated (the worker's)
  SEVER_SECRET_COMMAND      or a program instead, which gets each on its standard input, as one line:
                            its path, or a JSON array with arguments. It is told SEVER_CASE,
                            SEVER_CONNECTION, SEVER_RESOURCE, SEVER_ACCOUNT and SEVER_HOST, has 30 s,
                            and ends with 0 when it has the secret; else another one is made
  SEVER_HOOKS, SEVER_EVENTS   who may send what ends access: sever help arrivals (sever serve's)
  SEVER_PAYLOAD_KEYS        encrypts what Temporal stores: id=base64,... (sever keys new makes one). The first
                            encrypts, all decode. The same for every worker and command line
  SEVER_CODEC_TOKEN, SEVER_CODEC_ORIGIN   of sever codec: what a caller must know, and the origin of Temporal's interface
  SEVER_MONITORING          host:port where the worker answers /metrics, /healthz and /readyz, with no
                            authentication: where only the monitoring reaches it (the worker's)
  SEVER_NOTICE_WEBHOOKS, SEVER_NOTICE_<NAME>_URL, _SECRET, _OLD_SECRET, _EVENTS, SEVER_SMTP_URL, _FROM, _TO, _EVENTS, _TLS,
  SEVER_NOTICE_TEMPLATES, SEVER_NOTICE_PATIENCE   who is told outside, by webhook or mail (the worker's): sever help what-is-told
  SEVER_DEPLOYMENT, SEVER_BUILD   its version for Temporal's worker deployments (the worker's)
  OTEL_EXPORTER_OTLP_ENDPOINT   where traces go; OpenTelemetry's other variables hold too
  NO_COLOR                  print without colours

These change the policy of new cases:

  SEVER_SECOND_LOOK   24h           SEVER_PATIENCE      20s          SEVER_RETRY_EVERY   1h (incident 5m)
  SEVER_BATCH_SIZE    1             SEVER_MAX_ACCOUNTS  50           SEVER_MAX_PERCENT   20
  SEVER_MAX_PER_HOUR  100 accounts of a connection, by all cases together (incident 500)
  SEVER_MAX_HOUR_PERCENT  30 % of a connection, by all cases together
  SEVER_APPROVAL_TTL  72h (incident 24h): how long an approval holds, 0 for ever
  SEVER_APPROVAL      "when guarded" or "always"
  SEVER_SHARED        "task" or "rotate": what becomes of accounts that others use too
  SEVER_INCIDENT_LIMIT  50: how many people one incident is about without being asked for their number

These are for sever up and sever demo:

  SEVER_WORKER        the sever-worker program (default: beside sever, or on the PATH)
  SEVER_POSTGRES_BIN  the folder with initdb and postgres`},
	}
}
