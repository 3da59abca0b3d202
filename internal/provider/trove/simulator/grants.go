package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

func (s *Server) listDatabases(_ request, in *instance, a *Account) reply {
	list := []object{}
	for _, d := range in.visible(a) {
		list = append(list, object{"name": d})
	}
	return reply{status: http.StatusOK, body: object{"databases": list}}
}

// revoke is carried out before it is answered, unless the switch says otherwise.
func (s *Server) revoke(q request, in *instance, a *Account) reply {
	database := q.rest[5]
	if !slices.Contains(in.visible(a), database) {
		return s.notFound("Database " + database + " cannot be found on the instance.")
	}
	s.now(func() {
		a.Databases = slices.DeleteFunc(a.Databases, func(d string) bool { return d == database })
		if in.Datastore == "postgresql" {
			in.shut[database] = true
		}
	})
	return accepted
}

// grant takes a list, of databases that may not exist.
func (s *Server) grant(q request, in *instance, a *Account) reply {
	var body struct {
		Databases []struct {
			Name string `json:"name"`
		} `json:"databases"`
	}
	if json.Unmarshal(q.body, &body) != nil {
		return malformed()
	}
	for _, d := range body.Databases {
		if d.Name == "mysql" {
			return s.fault400("User update error: Database mysql is not allowed.")
		}
	}
	s.now(func() {
		for _, d := range body.Databases {
			if !slices.Contains(a.Databases, d.Name) {
				a.Databases = append(a.Databases, d.Name)
			}
		}
	})
	return accepted
}

// now is for what Trove does before it answers.
func (s *Server) now(do func()) {
	if s.o.RevokeQueued {
		s.queue(do)
		return
	}
	do()
}
