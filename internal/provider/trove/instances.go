package trove

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// instance is what is known of one database instance.
type instance struct {
	place
	name      string
	engine    string // "mysql"
	version   string
	replicaOf string // the id of its source; empty for a source
	group     string // of Rackspace's high availability; empty for most
}

type instanceJSON struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Datastore struct {
		Type    string `json:"type"`
		Version string `json:"version"`
	} `json:"datastore"`
	ReplicaOf *struct {
		ID string `json:"id"`
	} `json:"replica_of"`
	HAID *string `json:"ha_id"`
}

func (j instanceJSON) of(region string) (instance, error) {
	if !idRule(j.ID) || j.Datastore.Type == "" {
		return instance{}, errors.New("an instance has no id, or no type of database")
	}
	i := instance{place: place{region, j.ID}, name: j.Name, engine: strings.ToLower(j.Datastore.Type), version: j.Datastore.Version}
	if j.ReplicaOf != nil {
		i.replicaOf = j.ReplicaOf.ID
		if i.replicaOf == "" {
			return instance{}, fmt.Errorf("instance %s is the replica of nobody", j.ID)
		}
	}
	if j.HAID != nil {
		i.group = *j.HAID
	}
	return i, nil
}

// instances lists every instance of a region, members of clusters too.
func (c *Cloud) instances(ctx context.Context, r region) ([]instance, error) {
	op := "list the instances of region " + r.name
	more := url.Values{}
	if r.kind != rackspace {
		more.Set("include_clustered", "true") // Trove leaves them out otherwise
	}
	found, err := all(ctx, r, listing[instance]{
		op: op, path: "/instances", more: more, limit: 20, timeout: c.cfg.Timeout,
		key: func(i instance) string { return i.id },
		decode: func(a answer) ([]instance, error) {
			var page struct {
				Instances *[]instanceJSON `json:"instances"`
			}
			if err := a.into(op, &page); err != nil {
				return nil, err
			}
			if page.Instances == nil {
				return nil, &provider.Error{Op: op, Err: errors.New("the answer has no list of instances: " + a.glance())}
			}
			var out []instance
			for _, j := range *page.Instances {
				i, err := j.of(r.name)
				if err != nil {
					return nil, &provider.Error{Op: op, Err: err}
				}
				out = append(out, i)
			}
			return out, nil
		},
	})
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		c.remember(i)
	}
	return found, nil
}

// errNoInstance says that an instance is not there.
var errNoInstance = errors.New("the instance is not there")

// instance asks for one instance, or remembers it where fresh is not needed.
func (c *Cloud) instance(ctx context.Context, op string, r region, at place, fresh bool) (instance, error) {
	if known, ok := c.recall(at); ok && !fresh {
		return known, nil
	}
	a, err := r.get(ctx, op, "/instances/"+at.id)
	if err != nil {
		return instance{}, err
	}
	switch {
	case a.status == http.StatusNotFound:
		return instance{}, errNoInstance
	case !a.ok():
		return instance{}, a.judge(op)
	}
	var one struct {
		Instance instanceJSON `json:"instance"`
	}
	if err := a.into(op, &one); err != nil {
		return instance{}, err
	}
	i, err := one.Instance.of(r.name)
	if err == nil && i.id != at.id {
		err = fmt.Errorf("asked for instance %s, and was told about %s", at.id, i.id)
	}
	if err != nil {
		return instance{}, &provider.Error{Kind: provider.Transient, Op: op, Err: err}
	}
	c.remember(i)
	return i, nil
}

func (c *Cloud) remember(i instance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[i.String()] = i
}

func (c *Cloud) recall(at place) (instance, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.known[at.String()]
	return i, ok
}

// regionOf is the region of a place.
func (c *Cloud) regionOf(ctx context.Context, op string, at place) (region, error) {
	open, err := c.session.open(ctx)
	if err != nil {
		return region{}, c.session.unanswered(op, err)
	}
	for _, r := range open.regions {
		if r.name == at.region {
			return r, nil
		}
	}
	return region{}, provider.Refuse(op, "region "+at.region+" is not among those of this connection", access.Blocker{
		Object: "region " + at.region, Why: "it is not in REGIONS, or not in the service catalogue", Remedy: "add it to REGIONS",
	})
}

// away says in words that an instance is gone, when the list of its region agrees.
// A project that shows no instance at all may be the wrong project.
func (c *Cloud) away(ctx context.Context, op string, r region, at place) (string, *access.Gap, error) {
	listed, err := c.instances(ctx, r)
	if err != nil {
		return "", nil, err
	}
	for _, i := range listed {
		if i.id == at.id {
			return "", nil, &provider.Error{Kind: provider.Transient, Op: op, Err: errors.New("instance " + at.id + " is listed, and not found when asked for by its id")}
		}
	}
	if len(listed) == 0 {
		return "", &access.Gap{
			Object: "instance " + at.String(), Why: "it is not there, and neither is any other instance: this may be another project than the one that had it",
			Remedy: "check the project and the region of connection " + c.connection,
		}, nil
	}
	return fmt.Sprintf("instance %s is not there, by its id and in the list of %d instances", at, len(listed)), nil, nil
}
