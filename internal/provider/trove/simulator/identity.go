package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

type token struct {
	project string
	expires time.Time
}

// login answers both identity services.
func (s *Server) login(r *http.Request, body []byte) reply {
	var sent struct {
		Auth struct {
			Identity struct {
				Methods  []string `json:"methods"`
				Password struct {
					User struct {
						Name     string            `json:"name"`
						Password string            `json:"password"`
						Domain   map[string]string `json:"domain"`
					} `json:"user"`
				} `json:"password"`
				Application struct {
					ID     string `json:"id"`
					Secret string `json:"secret"`
				} `json:"application_credential"`
			} `json:"identity"`
			Scope *struct {
				Project struct {
					ID     string            `json:"id"`
					Name   string            `json:"name"`
					Domain map[string]string `json:"domain"`
				} `json:"project"`
			} `json:"scope"`
			Key struct {
				Username string `json:"username"`
				APIKey   string `json:"apiKey"` //nolint:tagliatelle // theirs
			} `json:"RAX-KSKEY:apiKeyCredentials"` //nolint:tagliatelle // theirs
			TenantID string `json:"tenantId"` //nolint:tagliatelle // theirs
		} `json:"auth"`
	}
	if json.Unmarshal(body, &sent) != nil {
		return s.fault400("Malformed login.")
	}
	a := sent.Auth
	ok := false
	switch {
	case s.o.Face == Rackspace:
		ok = a.Key.Username == s.o.Username && a.Key.APIKey == s.o.APIKey && (a.TenantID == "" || a.TenantID == s.o.Project)
	case len(a.Identity.Methods) == 1 && a.Identity.Methods[0] == "password":
		u := a.Identity.Password.User
		ok = u.Name == s.o.Username && u.Password == s.o.Password && u.Domain["id"] == "default" && a.Scope != nil &&
			(a.Scope.Project.ID == s.o.Project || a.Scope.Project.Name == s.o.ProjectName && a.Scope.Project.Domain["id"] == "default")
	case len(a.Identity.Methods) == 1 && a.Identity.Methods[0] == "application_credential":
		// Such a credential is bound to its project; a scope would be refused.
		ok = a.Identity.Application.ID == s.o.ApplicationID && a.Identity.Application.Secret == s.o.ApplicationToken && a.Scope == nil
	}
	if !ok {
		return s.unauthorized(r)
	}
	s.issued++
	id := fmt.Sprintf("gAAAAABtoken-%032d", s.issued)
	expires := s.o.Now().Add(s.o.TokenLife).UTC()
	s.tokens[id] = token{s.o.Project, expires}
	if s.o.Face == Rackspace {
		return reply{status: http.StatusOK, body: s.access(r, id, expires)}
	}
	return reply{status: http.StatusCreated, header: map[string]string{"X-Subject-Token": id}, body: s.scoped(r, expires)}
}

type object = map[string]any

// scoped is Keystone's body; the token itself is in a header.
func (s *Server) scoped(r *http.Request, expires time.Time) object {
	var endpoints []object
	for _, region := range s.o.Regions {
		for _, inter := range []string{"admin", "internal", "public"} {
			endpoints = append(endpoints, object{
				"id": region + inter, "interface": inter, "region": region, "region_id": region,
				"url": s.endpoint(r, region),
			})
		}
	}
	var roles []object
	for _, role := range s.o.Roles {
		roles = append(roles, object{"id": "id-of-" + role, "name": role})
	}
	return object{"token": object{
		"methods": []string{"password"}, "expires_at": expires.Format("2006-01-02T15:04:05.000000Z"),
		"issued_at": s.o.Now().UTC().Format("2006-01-02T15:04:05.000000Z"),
		"project":   object{"id": s.o.Project, "name": s.o.ProjectName, "domain": object{"id": "default", "name": "Default"}},
		"user":      object{"id": "u-1", "name": s.o.Username, "domain": object{"id": "default", "name": "Default"}},
		"roles":     roles,
		"catalog": []object{
			{"id": "c1", "type": "identity", "name": "keystone", "endpoints": []object{}},
			{"id": "c2", "type": "database", "name": "trove", "endpoints": endpoints},
		},
	}}
}

// access is Rackspace's body.
func (s *Server) access(r *http.Request, id string, expires time.Time) object {
	var endpoints []object
	for _, region := range s.o.Regions {
		endpoints = append(endpoints, object{"region": region, "tenantId": s.o.Project, "publicURL": s.endpoint(r, region)})
	}
	var roles []object
	for _, role := range s.o.Roles {
		roles = append(roles, object{"id": "id-of-" + role, "name": role})
	}
	return object{"access": object{
		"token": object{
			"id": id, "expires": expires.Format("2006-01-02T15:04:05.000Z"),
			"tenant": object{"id": s.o.Project, "name": s.o.Project}, "RAX-AUTH:authenticatedBy": []string{"APIKEY"},
		},
		"serviceCatalog": []object{{"name": "cloudDatabases", "type": "rax:database", "endpoints": endpoints}},
		"user":           object{"id": "u-1", "name": s.o.Username, "roles": roles, "RAX-AUTH:defaultRegion": s.o.Regions[0]},
	}}
}

func (s *Server) endpoint(r *http.Request, region string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + "/" + region + "/v1.0/" + s.o.Project
}

// admit checks the token, the project and the rate, in this order.
func (s *Server) admit(r *http.Request, project string) (reply, bool) {
	t, ok := s.tokens[r.Header.Get("X-Auth-Token")]
	switch {
	case !ok || !s.o.Now().Before(t.expires):
		return s.unauthorized(r), true
	case t.project != project:
		return s.forbidden(r), true
	}
	return s.throttle(r.Method)
}
