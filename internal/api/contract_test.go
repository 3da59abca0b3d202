package api_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/api"
	"github.com/severhq/sever/internal/desk"
)

// contract is the description as a client reads it.
var contract = sync.OnceValues(func() (routers.Router, error) {
	text, err := api.New(api.Options{Desk: &desk.Desk{}, Log: slog.New(slog.DiscardHandler), Version: "test"}).OpenAPI()
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

// described holds every answer that any test gets against the description.
func described(t *testing.T, r *http.Request, res *http.Response, text []byte) {
	t.Helper()
	router, err := contract()
	require.NoError(t, err)
	plain := r.Clone(t.Context())
	plain.URL.Host, plain.URL.Scheme, plain.Host = "", "", ""
	route, params, err := router.FindRoute(plain)
	if err != nil || res.StatusCode == http.StatusRequestHeaderFieldsTooLarge {
		return // of a path that is none of the calls, or of the server below them
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(text)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	require.NoError(t, err, "%s %s answered %d: %s", r.Method, r.URL.Path, res.StatusCode, text)
}

func TestTheDescription(t *testing.T) {
	t.Parallel()
	s := api.New(api.Options{Desk: &desk.Desk{}, Log: slog.New(slog.DiscardHandler), Version: "test"})
	text, err := s.OpenAPI()
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	require.Equal(t, "3.1.0", doc.OpenAPI)
	open := map[string]bool{"/healthz": true, "/readyz": true}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			require.NotEmpty(t, op.OperationID, at)
			require.NotEmpty(t, op.Summary, at)
			require.NotEmpty(t, op.Tags, at)
			if open[path] {
				continue
			}
			require.NotNil(t, op.Security, at)
			require.Contains(t, (*op.Security)[0], "token", at)
			require.Contains(t, op.Description, "The command: `sever ", at)
			require.NotContains(t, op.Description, "one of the roles: .", at)
			for _, status := range []string{"401", "403", "500", "503"} {
				refused := op.Responses.Value(status)
				require.NotNil(t, refused, "%s %s", at, status)
				require.NotNil(t, refused.Value.Content["application/problem+json"], "%s %s", at, status)
			}
			if method == http.MethodPost {
				require.NotNil(t, op.Parameters.GetByInAndName("header", "Idempotency-Key"), at)
			}
		}
	}
}
