package digitalocean

import "github.com/severhq/sever/internal/provider"

const scopes = "https://docs.digitalocean.com/reference/api/scopes"

// needs are the scopes of the token. Its owner's role in the team bounds them. The API
// shows no scopes, so preflight can only try the first.
var needs = []provider.Need{
	{
		Reach: provider.ToLook, Check: "may list clusters and users", Give: "scope database:read",
		Without: "nothing is known", Source: scopes,
	}, {
		Reach: provider.ToContain, Give: "scope database:update",
		Without: "no password can be replaced; nor is a rule, or a pool that others use too, taken away",
		Source:  scopes,
	}, {
		Reach: provider.ToRemove, Give: "scope database:delete", Source: scopes,
		Without: "no user or pool can be deleted; the same scope deletes whole clusters, which Sever never sends",
	}, {
		Reach: provider.ToRestore, Give: "scope database:create", Source: scopes,
		Without: "a deleted user or pool cannot be made again",
	},
}
