package digitalocean

import (
	"context"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// Revoke ends replication on PostgreSQL, which belongs to no database. Anything else
// is refused: the API has no way to take one database from a user.
func (t *Team) Revoke(ctx context.Context, step access.Step) (access.Receipt, error) {
	op := op(access.Revoke, step.Account)
	at, err := t.find(ctx, op, step.Account)
	if err != nil {
		return access.Receipt{}, err
	}
	switch {
	case at.gone != "":
		return already(at.gone)
	case at.cluster.Engine != pg || step.Database != "":
		return access.Receipt{}, provider.Refuse(op, "the API cannot take one database from a user of engine "+at.cluster.Engine, access.Blocker{
			Object: "database " + printable(step.Database), Why: "what SQL granted is not shown and not changed by this API",
			Remedy: "delete the user, replace its password for the whole cluster, or revoke by SQL through a connection to the server itself"})
	case at.user.Settings == nil || at.user.Settings.Replication == nil:
		return access.Receipt{}, provider.Refuse(op, "the API does not show whether the user may replicate", access.Blocker{
			Object: replication, Why: "the user's settings are not in the answer", Remedy: "delete the user"})
	case !*at.user.Settings.Replication:
		return already("the user may not replicate")
	}
	said, _, err := t.putSettings(ctx, op, step.Account, &settings{Replication: new(false)})
	if err != nil {
		return access.Receipt{}, err
	}
	if err := t.settled(ctx, op, step.Account, func(u user) bool {
		return u.Settings != nil && u.Settings.Replication != nil && !*u.Settings.Replication
	}); err != nil {
		return access.Receipt{}, err
	}
	return access.Receipt{Words: "replication taken away", RequestID: said.requestID}, nil
}
