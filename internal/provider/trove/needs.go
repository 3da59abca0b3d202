package trove

import "github.com/severhq/sever/internal/provider"

const rackspaceRoles = "https://github.com/rackerlabs/docs-cloud-databases api-docs/general-api-info/role-based-access-control.rst"

// needs are roles. OpenStack's own rule knows none that may only look.
var needs = []provider.Need{
	{
		Reach: provider.ToLook, Check: "may log in", Give: "any role, such as member, on the project of the instances and on no other",
		On: "OpenStack: it is everything, up to deleting instances, which Sever never sends", Without: "nothing is known",
		Source: "https://opendev.org/openstack/trove trove/common/policies/users.py", Seen: "Trove 18.0.0, guest MariaDB 10.11",
	}, {
		Reach: provider.ToLook, Check: "may log in", Give: "role dbaas:observer",
		On: "Rackspace", Without: "nothing is known", Source: rackspaceRoles,
	}, {
		Reach: provider.ToContain, Check: "may change and delete accounts", Give: "role dbaas:admin",
		On: "Rackspace: removing and giving back, too", Without: "nothing can be changed; dbaas:creator may not delete", Source: rackspaceRoles,
	},
}
