package netim

import "github.com/severhq/sever/internal/provider"

// needs is one credential. No page that could be read says that it can be narrowed.
var needs = []provider.Need{
	{
		Reach: provider.ToLook, Check: "may open a session", Give: "the API switched on in Netim's panel, its id and secret, and the address of the worker let in",
		On:      "it is the whole account, domains too; Sever sends nothing but calls about users of databases",
		Without: "nothing is known", Source: "https://support.netim.com/en/docs/api-rest-1-0/sessions-management/open-session",
	},
}
