package memory

import (
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Spec describes the provider. Nobody runs it in earnest, so it is not in the
// catalog; tests put it there.
var Spec = provider.Spec{
	Name: "memory",
	Engines: map[string]access.Capabilities{
		"memory": {
			access.Contain:  {Support: access.Full, How: "locks the account, ends its sessions; kill: the password too"},
			access.Rotate:   {Support: access.Full, How: "a new password; nothing else changes"},
			access.Unlink:   {Support: access.Full, How: "takes the account out of one role or off one database"},
			access.Revoke:   {Support: access.Full, How: "ends the privileges in one database"},
			access.Reassign: {Support: access.Full, How: "gives what is owned in one database to the successor"},
			access.Delete:   {Support: access.Full, How: "deletes the account once nothing depends on it"},
			access.Confirm:  {Support: access.Full, How: "looks at the account, its sessions and what it left"},
			access.Restore:  {Support: access.Full, How: "gives back the same; a password that died is replaced"},
		},
	},
	Limits: provider.Limits{Parallel: 8},
	Open: func(s provider.Settings) (provider.Provider, error) {
		return New(s.Connection), nil
	},
}
