package api

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// description is what the OpenAPI document says of the whole.
func description(version string) huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	aliases(registry)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "Sever",
				Version: version,
				Description: "Ends a person's access to every server, durably, with proof and audit.\n\n" +
					"Each call does what a command of the command line does, and answers what that prints with --json. " +
					"Fields may be added to answers; none is renamed, and none changes its meaning.\n\n" +
					"A POST may carry an Idempotency-Key. The same key with the same request is answered the same for a day, and does nothing twice; " +
					"with another request it is refused.\n\n" +
					"What went wrong is application/problem+json (RFC 9457): detail says what happened to which object, next what a person can do.",
			},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer",
					Description: "A token made by sever tokens create, or one of the configured OpenID Connect issuer."}},
			},
			Servers: []*huma.Server{{URL: "/"}},
			Tags: []*huma.Tag{
				{Name: "cases", Description: "Open cases, and see how they stand"},
				{Name: "decisions", Description: "What people decide about a case"},
				{Name: "people", Description: "Who is there, and who has which account"},
				{Name: "systems", Description: "Connections, and what Sever can do there"},
				{Name: "audit", Description: "The trail, and evidence"},
				{Name: "running", Description: "Running Sever"},
			},
		},
		OpenAPIPath:                  "/openapi",
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

// schemaName names a schema for its package and its type, so that two types of one name
// stay two.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "Error")
	path := t.PkgPath()
	if path == "" || t.Name() == "" || strings.HasSuffix(path, "/api") || path == "main" || strings.HasSuffix(path, "/starter") {
		return name
	}
	short := path[strings.LastIndex(path, "/")+1:]
	return strings.ToUpper(short[:1]) + short[1:] + name
}

// refusals are what every call may answer beside what it is for.
var refusals = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict,
	http.StatusUnprocessableEntity,
	http.StatusInternalServerError, http.StatusServiceUnavailable}
