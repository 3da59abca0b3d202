package simulator

import "slices"

func showPool(p Pool) map[string]any {
	out := map[string]any{"name": p.Name, "mode": p.Mode, "size": p.Size, "db": p.Database}
	if p.User != "" {
		out["user"] = p.User
	}
	return out
}

func (s *Server) listPools(q request, c *cluster) reply {
	if c.Engine != "pg" {
		return notFound
	}
	var all []any
	for _, p := range c.Pools {
		all = append(all, showPool(p))
	}
	return s.paged(q, "pools", all)
}

// pool is the place of the pool that a path names, or -1.
func pool(q request, c *cluster) int {
	return slices.IndexFunc(c.Pools, func(p Pool) bool { return p.Name == q.at(4) })
}

func (s *Server) getPool(q request, c *cluster) reply {
	i := pool(q, c)
	if i < 0 {
		return notFound
	}
	return reply{200, map[string]any{"pool": showPool(c.Pools[i])}}
}

type poolBody struct {
	Name     string `json:"name"`
	Mode     string `json:"mode"`
	Size     int    `json:"size"`
	Database string `json:"db"`
	User     string `json:"user"`
}

// readPool checks what every pool needs, and that its user and database are there.
func readPool(q request, c *cluster) (poolBody, reply) {
	var in poolBody
	if r, ok := read(q, &in); !ok {
		return in, r
	}
	switch u := c.users[in.User]; {
	case !slices.Contains([]string{"session", "transaction", "statement"}, in.Mode) || in.Size <= 0 || in.Database == "":
		return in, unprocessable("mode, size and db are required")
	case !slices.Contains(c.Databases, in.Database):
		return in, unprocessable("database does not exist")
	case in.User != "" && (u == nil || u.gone):
		return in, unprocessable("user does not exist")
	}
	return in, reply{}
}

func (s *Server) createPool(q request, c *cluster) reply {
	if c.Engine != "pg" {
		return notFound
	}
	in, refused := readPool(q, c)
	switch {
	case refused.status != 0:
		return refused
	case len(in.Name) < 3 || len(in.Name) > 60:
		return unprocessable("name must be between 3 and 60 characters")
	case slices.ContainsFunc(c.Pools, func(p Pool) bool { return p.Name == in.Name }):
		return unprocessable("pool name is not available")
	}
	made := Pool(in)
	c.Pools = append(c.Pools, made)
	return reply{201, map[string]any{"pool": showPool(made)}}
}

func (s *Server) putPool(q request, c *cluster) reply {
	i := pool(q, c)
	if i < 0 {
		return notFound
	}
	in, refused := readPool(q, c)
	if refused.status != 0 {
		return refused
	}
	if in.User == "" && s.o.Switches.KeepPoolUser {
		in.User = c.Pools[i].User
	}
	c.Pools[i] = Pool{c.Pools[i].Name, in.Mode, in.Size, in.Database, in.User}
	return noContent
}

func (s *Server) deletePool(q request, c *cluster) reply {
	i := pool(q, c)
	if i < 0 {
		return notFound
	}
	c.Pools = slices.Delete(c.Pools, i, i+1)
	return noContent
}
