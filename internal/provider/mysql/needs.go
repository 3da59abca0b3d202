package mysql

import "github.com/severhq/sever/internal/provider"

// The lines of preflight that stand for a right of ours.
const (
	mayReadTables    = "may read the grant tables"
	seesDefiners     = "sees every definer"
	seesSessions     = "sees every session"
	mayChange        = "may change and drop accounts"
	mayKill          = "may end sessions"
	mayTakeAway      = "may take away every privilege"
	administersRoles = "administers every role"
	mayHandOver      = "may hand definers over"
	mayProxy         = "may take proxies away"
)

// tried is the version of the tests.
const tried = "MariaDB 10.11"

const manual = "https://mariadb.com/kb/en/"

// needs are the rights of our login on MariaDB. What MySQL calls otherwise preflight
// names there; nobody has tried it on a real server.
var needs = []provider.Need{
	{
		Reach: provider.ToLook, Check: seesDefiners, Give: `GRANT SELECT, SHOW VIEW, TRIGGER ON *.* TO {login}`,
		Without: "without SELECT, on mysql.* at least, nothing is known at all; without the rest what an account defines is unknown, and it is not deleted",
		Source:  manual + "grant/", Seen: tried,
	}, {
		Reach: provider.ToLook, Check: seesSessions, Give: `GRANT PROCESS ON *.* TO {login}`,
		Without: "sessions are unknown, so that no account is contained or proven gone",
		Source:  manual + "grant/", Seen: tried,
	}, {
		Reach: provider.ToContain, Check: mayChange, Give: `GRANT CREATE USER ON *.* TO {login}`,
		Without: "no account can be dropped or made, nor locked or changed unless our login has UPDATE on mysql.*",
		Source:  manual + "alter-user/", Seen: tried,
	}, {
		Reach: provider.ToContain, Check: mayKill, Give: `GRANT CONNECTION ADMIN ON *.* TO {login}`,
		On:      "where no hosting service has a procedure for it; SUPER before 10.5.2",
		Without: "open sessions live on; they are named, and the account is not contained until they have ended",
		Source:  manual + "kill/", Seen: tried,
	}, {
		Reach: provider.ToRemove, Check: mayTakeAway, Give: `GRANT {privileges} ON *.* TO {login} WITH GRANT OPTION`,
		On:      "every privilege that an account has, on whatever level",
		Without: "what our login does not hold itself it cannot revoke: that stays, is named, and keeps the account from being deleted",
		Source:  manual + "revoke/", Seen: tried,
	}, {
		Reach: provider.ToRemove, Check: administersRoles, Give: `GRANT {role} TO {login} WITH ADMIN OPTION`,
		On:      "every role; our login does not make it active, but could",
		Without: "memberships in that role stay, and are named",
		Source:  manual + "revoke/", Seen: tried,
	}, {
		Reach: provider.ToRemove, Check: mayHandOver, Give: `GRANT SET USER, CREATE VIEW, DROP, CREATE ROUTINE, ALTER ROUTINE, EVENT ON *.* TO {login}`,
		On:      "accounts that define views, routines, triggers or events; SUPER before 10.5.2",
		Without: "what the account defines stays, is named, and keeps the account from being deleted; the server asks for DROP although nothing is dropped",
		Source:  manual + "create-view/", Seen: tried,
	}, {
		Reach: provider.ToRemove, Check: mayProxy, Give: `GRANT PROXY ON ''@'%' TO {login} WITH GRANT OPTION`, Rare: true,
		On:      "accounts that may act as others, or others as them",
		Without: "that right stays, and is named",
		Source:  manual + "grant/", Seen: tried,
	},
}
