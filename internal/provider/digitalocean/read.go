package digitalocean

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/provider"
)

// errNoCluster says that the team's own list of clusters does not have it.
var errNoCluster = errors.New("the cluster is not in the list of the team's clusters")

// clusters are all of the team, by id.
func (t *Team) clusters(ctx context.Context, op string) ([]cluster, error) {
	all, err := listed[cluster](ctx, t, op, "databases")
	if err != nil {
		return nil, err
	}
	if len(all) == 0 && !t.cfg.MayBeEmpty {
		return nil, wait(op, "the team has no clusters at all; this may be the token of another team. If it is right, set MAY_BE_EMPTY=true")
	}
	slices.SortFunc(all, func(a, b cluster) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// cluster is one of them, or errNoCluster.
func (t *Team) cluster(ctx context.Context, op, id string) (cluster, error) {
	said, err := t.send(ctx, call{op: op, scope: scopeRead, method: http.MethodGet, path: []string{id}})
	if err != nil {
		return cluster{}, t.really(ctx, op, id, err)
	}
	var out struct {
		Database *cluster `json:"database"`
	}
	switch err := json.Unmarshal(said.body, &out); {
	case err != nil || out.Database == nil:
		return cluster{}, unreadable(op, "it has no database")
	case out.Database.check() != nil:
		return cluster{}, unreadable(op, out.Database.check().Error())
	case out.Database.ID != id:
		return cluster{}, unreadable(op, "asked for cluster "+id+", and told about "+out.Database.ID)
	}
	return *out.Database, nil
}

// users are all of a cluster, by name, or errNoCluster. Every cluster has the user
// that was made with it, so a list of none is no list.
func (t *Team) users(ctx context.Context, op, id string) ([]user, error) {
	all, err := listed[user](ctx, t, op, "users", id, "users")
	if err != nil {
		return nil, t.really(ctx, op, id, err)
	}
	if len(all) == 0 {
		return nil, unreadable(op, "cluster "+id+" has no users at all, not even the one that it was made with")
	}
	slices.SortFunc(all, func(a, b user) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// pools are all of a cluster, by name, or errNoCluster.
func (t *Team) pools(ctx context.Context, op, id string) ([]pool, error) {
	all, err := listed[pool](ctx, t, op, "pools", id, "pools")
	if err != nil {
		return nil, t.really(ctx, op, id, err)
	}
	slices.SortFunc(all, func(a, b pool) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// really holds a 404 against the list of clusters: the API says "cluster not found"
// about clusters that are there.
func (t *Team) really(ctx context.Context, op, id string, err error) error {
	if statusOf(err) != http.StatusNotFound {
		return err
	}
	all, listErr := t.clusters(ctx, op)
	switch {
	case listErr != nil:
		return listErr
	case slices.ContainsFunc(all, func(c cluster) bool { return c.ID == id }):
		return &provider.Error{Kind: provider.Transient, Op: op, Err: fmt.Errorf("the cluster is in the list of the team's clusters, and about it the API %w", err)}
	}
	return errNoCluster
}
