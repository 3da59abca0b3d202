package plesk

import "github.com/severhq/sever/internal/provider"

// needs are for both ways in. Plesk has no key that may only look.
var needs = []provider.Need{
	{
		Reach: provider.ToLook, Check: "may list databases and their users",
		Give:    "a secret key, bound to the address of the worker and to a login with the permission for remote access by the XML API",
		On:      "API=xml",
		Without: "nothing is known", Source: "https://docs.plesk.com/en-US/obsidian/api-rpc/about-xml-api/reference/managing-secret-keys.37121/",
	}, {
		Reach: provider.ToLook, Check: "may list databases and their users", Give: "a secret key of an administrator",
		On: "API=rest, which is for administrators only", Without: "nothing is known",
		Source: "https://docs.plesk.com/en-US/obsidian/api-rpc/about-rest-api.79359/",
	}, {
		Reach: provider.ToLook, Check: "sees a database", Give: "that login owns, or administers, the subscriptions of the leavers",
		On:      "API=xml",
		Without: "what it does not see is not listed, and nobody can tell that it is missing",
		Source:  "https://docs.plesk.com/en-US/onyx/api-rpc/reference/managing-databases/retrieving-database-users-info.34695/",
	},
}
