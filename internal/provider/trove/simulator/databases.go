package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// databases finds the handler of a request to the database service. Handlers run with
// the lock held.
func (s *Server) databases(q request) (string, func() reply) {
	is := func(method string, length int) bool { return q.Method == method && len(q.rest) == length }
	if len(q.rest) == 0 || q.rest[0] != "instances" {
		return "nothing", s.nothing
	}
	switch {
	case is(http.MethodGet, 1):
		return OpListInstances, func() reply { return s.listInstances(q) }
	case is(http.MethodGet, 2):
		return OpGetInstance, func() reply { return s.getInstance(q) }
	case len(q.rest) == 3 && q.rest[2] == "root" && q.Method == http.MethodGet:
		return OpRoot, func() reply {
			return s.on(q, "", func(in *instance) reply {
				return reply{status: http.StatusOK, body: object{"rootEnabled": in.RootEnabled}}
			})
		}
	case len(q.rest) < 3 || q.rest[2] != "users":
		return "nothing", s.nothing
	case is(http.MethodGet, 3):
		return OpListUsers, func() reply { return s.on(q, "", func(in *instance) reply { return s.listUsers(q, in) }) }
	case is(http.MethodPost, 3):
		return OpCreate, func() reply { return s.on(q, "create", func(in *instance) reply { return s.createUsers(q, in) }) }
	case is(http.MethodPut, 3):
		return OpPassword, func() reply { return s.on(q, "change", func(in *instance) reply { return s.passwords(q, in) }) }
	case is(http.MethodGet, 4):
		return OpGetUser, func() reply { return s.user(q, "show", s.getUser) }
	case is(http.MethodDelete, 4):
		return OpDelete, func() reply { return s.user(q, "delete", s.deleteUser) }
	case len(q.rest) < 5 || q.rest[4] != "databases":
		return "nothing", s.nothing
	case is(http.MethodGet, 5):
		return OpListDatabases, func() reply { return s.user(q, "show", s.listDatabases) }
	case is(http.MethodPut, 5):
		return OpGrant, func() reply { return s.user(q, "update", s.grant) }
	case is(http.MethodDelete, 6):
		return OpRevoke, func() reply { return s.user(q, "delete", s.revoke) }
	}
	return "nothing", s.nothing
}

// on finds the instance and asks whether its database answers. A change has a name.
func (s *Server) on(q request, change string, f func(*instance) reply) reply {
	in, ok := s.instances[q.rest[1]]
	if !ok || in.Region != q.region {
		return s.noInstance()
	}
	if change != "" && in.ReplicaOf != "" && s.o.ReplicaRefusal != 0 {
		return fault(faultNames[s.o.ReplicaRefusal], s.o.ReplicaRefusal, "The operation is not allowed on a replica.")
	}
	if change != "" && in.Group != "" && s.o.HARefusal != 0 {
		return fault(faultNames[s.o.HARefusal], s.o.HARefusal, "The operation is not allowed on a member of a high availability group.")
	}
	if len(q.rest) == 3 && q.rest[2] == "root" {
		return f(in)
	}
	switch in.Datastore {
	case "mysql", "mariadb", "percona", "postgresql", "MySQL":
	default:
		return fault("unprocessableEntity", http.StatusUnprocessableEntity, "Operation not supported for datastore "+in.Datastore+".")
	}
	switch {
	case in.State != "running" && in.State != "healthy":
		return fault("unprocessableEntity", http.StatusUnprocessableEntity, "Instance "+in.ID+" is not ready, status: "+in.State+".")
	case in.GuestDown:
		return s.guestFailed("(pymysql.err.OperationalError) (2003, \"Can't connect to MySQL server on 'localhost'\").")
	}
	return f(in)
}

// listInstances sorts by id; an unknown marker just compares.
func (s *Server) listInstances(q request) reply {
	limit, bad := pageLimit(q.URL.Query().Get("limit"), 20)
	if bad || limit <= 0 {
		return s.broken()
	}
	marker := q.URL.Query().Get("marker")
	var ids []string
	for id, in := range s.instances {
		if in.Region == q.region && id > marker && (!in.Clustered || q.URL.Query().Get("include_clustered") == "true") {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	more := len(ids) > limit
	ids = ids[:min(limit, len(ids))]
	list := []object{}
	for _, id := range ids {
		list = append(list, s.show(s.instances[id]))
	}
	body := object{"instances": list}
	if more {
		body["links"] = s.next(q, limit, ids[len(ids)-1])
	}
	return reply{status: http.StatusOK, body: body}
}

func (s *Server) getInstance(q request) reply {
	in, ok := s.instances[q.rest[1]]
	if !ok || in.Region != q.region {
		return s.noInstance()
	}
	one := s.show(in)
	one["created"], one["updated"] = "2025-03-02T09:11:20", "2026-07-21T17:40:02"
	return reply{status: http.StatusOK, body: object{"instance": one}}
}

func (s *Server) show(in *instance) object {
	out := object{
		"id": in.ID, "name": in.Name, "status": in.Status, "operating_status": "HEALTHY",
		"datastore": object{"type": in.Datastore, "version": in.Version},
		"flavor":    object{"id": "1", "links": []object{}}, "links": []object{},
		"volume": object{"size": 1}, "region": nil, "access": object{},
	}
	if in.ReplicaOf != "" {
		out["replica_of"] = object{"id": in.ReplicaOf, "links": []object{}}
	}
	if in.Group != "" {
		out["ha_id"] = in.Group
	}
	return out
}

// next is the link to the next page as it is made there: always https, with a marker
// that is escaped once too often.
func (s *Server) next(q request, limit int, last string) []object {
	marker := url.QueryEscape(url.QueryEscape(last))
	href := "https://" + q.Host + q.URL.EscapedPath() + "?limit=" + strconv.Itoa(limit) + "&marker=" + marker
	return []object{{"rel": "next", "href": href}}
}

// pageLimit reads a limit; a larger one is cut down silently.
func pageLimit(text string, most int) (limit int, bad bool) {
	if text == "" {
		return most, false
	}
	n, err := strconv.Atoi(text)
	return min(n, most), err != nil
}
