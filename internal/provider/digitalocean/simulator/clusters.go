package simulator

import (
	"fmt"
	"maps"
	"slices"
)

func (s *Server) listClusters(q request) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []any
	for _, id := range slices.Sorted(maps.Keys(s.clusters)) {
		all = append(all, s.showCluster(s.clusters[id]))
	}
	return s.paged(q, "databases", all)
}

func (s *Server) getCluster(_ request, c *cluster) reply {
	return reply{200, map[string]any{"database": s.showCluster(c)}}
}

// showCluster is the object of a cluster. Its users and databases are a hint in the
// real answers and null in some, so they are null here.
func (s *Server) showCluster(c *cluster) map[string]any {
	host := c.Name + "-do-user-1234567-0.db.ondigitalocean.example"
	connection := map[string]any{"host": host, "port": 25060, "database": "defaultdb", "ssl": true}
	if s.may(ViewCredentials) && c.users["doadmin"] != nil {
		password := c.users["doadmin"].Password
		connection["user"], connection["password"] = "doadmin", password
		connection["uri"] = fmt.Sprintf("%s://doadmin:%s@%s:25060/defaultdb?sslmode=require", c.Engine, password, host)
	}
	return map[string]any{
		"id": c.ID, "name": c.Name, "engine": c.Engine, "version": c.Version, "status": c.Status, "region": c.Region,
		"num_nodes": 1, "size": "db-s-1vcpu-1gb", "created_at": "2024-01-11T18:37:36Z",
		"tags": nil, "users": nil, "db_names": nil, "connection": connection,
	}
}

func (s *Server) listDatabases(q request, c *cluster) reply {
	if caching(c.Engine) {
		return serverError
	}
	var all []any
	for _, name := range c.Databases {
		all = append(all, map[string]any{"name": name})
	}
	return s.paged(q, "dbs", all)
}
