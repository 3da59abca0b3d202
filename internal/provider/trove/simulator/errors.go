package simulator

import (
	"fmt"
	"net/http"
)

// fault is the shape of most errors: {"badRequest":{"code":400,"message":...}}.
func fault(name string, code int, message string) reply {
	return reply{status: code, body: object{name: object{"code": code, "message": message}}}
}

func (s *Server) fault400(message string) reply {
	return fault("badRequest", http.StatusBadRequest, message)
}

func (s *Server) notFound(message string) reply {
	return fault("itemNotFound", http.StatusNotFound, message)
}

func (s *Server) noInstance() reply { return s.notFound("Resource ID cannot be found.") }

func (s *Server) noUser(name string) reply {
	return s.notFound(fmt.Sprintf("User %s cannot be found on the instance.", name))
}

// nothing answers a path or a method that does not exist.
func (s *Server) nothing() reply {
	if s.o.MethodRefusal == http.StatusMethodNotAllowed {
		return fault("badMethod", http.StatusMethodNotAllowed, "The server does not know this method.")
	}
	return s.notFound("The resource could not be found.")
}

func (s *Server) broken() reply {
	return fault("instanceFault", http.StatusInternalServerError,
		"Internal Server Error. Please keep this ID to help us figure out what went wrong: (7d1f5a9e-5c0e-4b52-a7a6-3f2b8f9d1c11).")
}

func (s *Server) unauthorized(r *http.Request) reply {
	keystone := reply{
		status: http.StatusUnauthorized,
		header: map[string]string{"WWW-Authenticate": `Keystone uri="http://` + r.Host + `/identity"`},
		body: object{"error": object{"code": 401, "title": "Unauthorized",
			"message": "The request you have made requires authentication."}},
	}
	if s.o.Face != Rackspace {
		return keystone
	}
	switch s.o.ErrorShape {
	case "keystone":
		return keystone
	case "html":
		return reply{status: http.StatusUnauthorized, html: "<html><body><h1>401 Unauthorized</h1></body></html>"}
	}
	return fault("unauthorized", http.StatusUnauthorized, "Unable to authenticate user with credentials provided.")
}

func (s *Server) forbidden(r *http.Request) reply {
	if s.o.Face == Rackspace && s.o.ErrorShape == "fault" {
		return fault("forbidden", http.StatusForbidden, "You are not allowed to do that.")
	}
	if r.Header.Get("Accept") != "application/json" || s.o.ErrorShape == "html" {
		return reply{status: http.StatusForbidden, html: "<html><head><title>403 Forbidden</title></head><body>Access was denied to this resource.</body></html>"}
	}
	return reply{status: http.StatusForbidden, body: object{
		"message": "Access was denied to this resource.<br /><br />\nTenant of the token and of the URL differ.\n\n",
		"code":    "403 Forbidden", "title": "Forbidden",
	}}
}

// malformed is the answer to a body that is no JSON; its code is a text.
func malformed() reply {
	return reply{status: http.StatusBadRequest, body: object{
		"message": "Malformed request body<br /><br />\n\n\n", "code": "400 Bad Request", "title": "Bad Request",
	}}
}

// guestFailed is how everything looks that goes wrong behind the API.
func (s *Server) guestFailed(message string) reply {
	return s.fault400("An error occurred communicating with the guest: " + message)
}
