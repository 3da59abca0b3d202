package digitalocean

import "github.com/severhq/sever/internal/access"

// The engines of clusters, as the API spells them.
const (
	pg         = "pg"
	mysql      = "mysql"
	mongodb    = "mongodb"
	kafka      = "kafka"
	opensearch = "opensearch"
)

// engines is the honesty table. An engine that DigitalOcean may add has users that
// this provider can neither see nor end, as those that it lists with nothing.
var engines = map[string]access.Capabilities{
	pg: {
		access.Contain: contains,
		access.Rotate:  rotates,
		access.Unlink:  {Support: access.Full, How: "connection pools that name the user: PUT without it, another user in its place, or DELETE, as POOLS says"},
		access.Revoke: {Support: access.Partial, How: "replication only. The API cannot take one database from a user; " +
			"a postgres connection to the same cluster can, and a plan that has one uses it"},
		access.Reassign: {Support: access.None, How: "owned objects are for SQL: a postgres connection to the same cluster hands them over"},
		access.Delete: {Support: access.Full, How: "DELETE user, after no pool names it; refused by PostgreSQL while it owns objects",
			Loses: "what SQL granted to it"},
		access.Confirm: confirms,
		access.Restore: {Support: access.Partial, How: "pools and replication; the user is made anew with a new password and without what SQL had granted"},
	},
	mysql: {
		access.Contain: contains,
		access.Rotate:  rotates,
		access.Unlink:  {Support: access.None, How: "there are no pools on mysql"},
		access.Revoke: {Support: access.None, How: "the API cannot take one database from a user: it is deleted, or a mysql connection " +
			"to the same cluster revokes by SQL"},
		access.Delete: {Support: access.Full, How: "DELETE user; refused by MySQL while it is the definer of stored objects",
			Loses: "what SQL granted to it; a new one has what every new user gets, which may be more"},
		access.Confirm: confirms,
		access.Restore: {Support: access.Partial, How: "the user is made anew with a new password and what every new user gets, not with what SQL had granted"},
	},
	mongodb: {
		access.Contain: contains,
		access.Rotate:  rotates,
		access.Unlink:  {Support: access.None, How: "the API answers Not Implemented to a change of a user's databases"},
		access.Revoke:  {Support: access.None, How: "the API answers Not Implemented to a change of a user's databases"},
		access.Delete:  {Support: access.Full, How: "DELETE user"},
		access.Confirm: confirms,
		access.Restore: {Support: access.Full, How: "the user is made anew with its databases and its role, and a new password"},
	},
	kafka: {
		access.Contain: {Support: access.Partial, How: "reset_auth: a new password that nobody learns; whether a client certificate dies with it is not documented",
			Loses: "its password; a cancel makes a new one"},
		access.Rotate:  {Support: access.Partial, How: "reset_auth: a new password; whether a client certificate dies with it is not documented, and neither is whether it is replaced"},
		access.Unlink:  {Support: access.Partial, How: "one topic rule after another, by PUT of the others; the last one ends with the user"},
		access.Revoke:  {Support: access.None, How: "see unlink: a topic rule ends alone"},
		access.Delete:  {Support: access.Full, How: "DELETE user", Loses: "its client certificate"},
		access.Confirm: confirms,
		access.Restore: {Support: access.Partial, How: "topic rules; the user is made anew with a new password and a new certificate"},
	},
	opensearch: {
		access.Contain: contains,
		access.Rotate:  rotates,
		access.Unlink:  {Support: access.Partial, How: "one index rule after another, by PUT of the others; the last one ends with the user, and a rule that denies is never taken away"},
		access.Revoke:  {Support: access.None, How: "see unlink: an index rule ends alone"},
		access.Delete:  {Support: access.Full, How: "DELETE user"},
		access.Confirm: confirms,
		access.Restore: {Support: access.Full, How: "index rules; the user is made anew with a new password"},
	},
	"redis":          nothing("the API has no users for caching clusters"),
	"valkey":         nothing("the API has no users for Valkey clusters"),
	"advanced_pg":    nothing("whether the API has users for Advanced Edition is not documented"),
	"advanced_mysql": nothing("whether the API has users for Advanced Edition is not documented"),
}

func nothing(why string) access.Capabilities {
	out := access.Capabilities{}
	for _, action := range []access.Action{access.Contain, access.Rotate, access.Unlink, access.Revoke, access.Reassign, access.Delete, access.Confirm, access.Restore} {
		out[action] = access.Capability{Support: access.None, How: why}
	}
	return out
}

var (
	contains = access.Capability{Support: access.Partial,
		How:   "reset_auth: a new password that nobody learns, in every mode; sessions that are open live on, and the API can neither show nor end them",
		Loses: "its password; a cancel makes a new one"}
	rotates = access.Capability{Support: access.Full,
		How: "reset_auth: a new password, from the answer; a token without database:view_credentials may not be shown it. Open sessions live on"}
	confirms = access.Capability{Support: access.Full, How: "GET cluster and its list of users, and on pg the list of pools; open sessions are not shown"}
)

// supported reports whether the users of an engine can be listed at all.
func supported(engine string) bool { return engines[engine].Can(access.Confirm) }

// whyNot says why the users of such an engine cannot be listed.
func whyNot(engine string) string {
	if can, known := engines[engine]; known {
		return can[access.Confirm].How
	}
	return "nothing is known about engine " + printable(engine)
}
