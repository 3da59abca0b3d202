package postgres

import "github.com/severhq/sever/internal/provider"

// The lines of preflight that stand for a right. Each is given by one statement of needs.
const (
	mayConnect    = "may connect to"
	mayTell       = "tells workers from sessions"
	mayCreate     = "may create and drop roles"
	mayChange     = "may change every ordinary role"
	maySignal     = "may end sessions"
	mayMakeAgain  = "may make every role again"
	maySeeSecrets = "sees whether a password is set"
)

// since16 is where CREATEROLE alone is no right over roles any more.
const since16 = "PostgreSQL 16 or newer"

// tried are the versions of the tests.
const tried = "PostgreSQL 15 and 18"

const manual = "https://www.postgresql.org/docs/current/"

// needs are the rights of our login. A superuser has them all, and is not needed but for
// superusers and for what they granted.
//
// To take away needs no more than to lock. Who may lock a role may become a member of it,
// which PostgreSQL does not tell apart; so Sever borrows the rights of an owner for the
// length of one transaction, and has none for ever.
var needs = []provider.Need{
	{
		Reach: provider.ToLook, Check: mayConnect, Give: `GRANT CONNECT ON DATABASE {database} TO {login}`,
		On:      "databases that PUBLIC may not connect to",
		Without: "what an account has in that database is unknown, and the account is not deleted",
		Source:  manual + "sql-grant.html", Seen: tried,
	}, {
		Reach: provider.ToLook, Check: mayTell, Give: `GRANT pg_read_all_stats TO {login}`, Rare: true,
		Without: "the workers of a leaver's subscription count as sessions of hers; the right shows the queries of everybody",
		Source:  manual + "predefined-roles.html", Seen: tried,
	}, {
		Reach: provider.ToContain, Check: mayCreate, Give: `ALTER ROLE {login} CREATEROLE`,
		Without: "no role can be locked, changed, dropped or made",
		Source:  manual + "sql-createrole.html", Seen: tried,
	}, {
		Reach: provider.ToContain, Check: mayChange, Give: `GRANT {role} TO {login} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`,
		On:      since16 + ": leavers, successors, groups, owners of databases and objects, and who makes others members",
		Without: "that role cannot be locked, changed or dropped, nothing is handed over to it, and what it granted stays and is named",
		Source:  manual + "sql-createrole.html", Seen: "PostgreSQL 18",
	}, {
		Reach: provider.ToContain, Check: maySignal, Give: `GRANT pg_signal_backend TO {login}`,
		Without: "open sessions live on; they are named, and the account is not contained until they have ended",
		Source:  manual + "predefined-roles.html", Seen: tried,
	}, {
		Reach: provider.ToRestore, Check: mayMakeAgain, Give: `ALTER ROLE {login} CREATEDB`, Rare: true,
		On:      since16 + ", for roles that had CREATEDB; so with REPLICATION and BYPASSRLS, which before 16 only a superuser gives",
		Without: "a deleted role that had it cannot be made again",
		Source:  manual + "sql-createrole.html", Seen: "PostgreSQL 18",
	}, {
		Reach: provider.ToRestore, Check: maySeeSecrets, Give: `GRANT SELECT ON pg_authid TO {login}`, Rare: true,
		Without: "whether a role has a password is not known; the right shows the hashes of all passwords, so leave it away unless you need it",
		Source:  manual + "catalog-pg-authid.html", Seen: tried,
	},
}
