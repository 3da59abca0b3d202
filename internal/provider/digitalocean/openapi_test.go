package digitalocean

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"
)

// description is DigitalOcean's own description of its API. It is theirs, and so it
// lies beside the repository and not in it.
var description = filepath.Join("..", "..", "..", "..", "shared", "providers", "digitalocean-openapi.yaml")

var router = sync.OnceValues(func() (routers.Router, error) {
	if _, err := os.Stat(description); err != nil {
		return nil, nil
	}
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(uuidRule.String()))
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		return nil, err
	}
	doc.Servers = nil
	return legacy.NewRouter(doc)
})

// checked counts what was held against the description, over all tests.
var checked struct {
	sync.Mutex
	exchanges, violations int
}

// conforming holds every request and, unless only requests are asked for, every
// answer of next against the description. It lets everything pass where there is none.
func conforming(t *testing.T, onlyRequests bool) func(http.Handler) http.Handler {
	t.Helper()
	r, err := router()
	require.NoError(t, err)
	return func(next http.Handler) http.Handler {
		if r == nil {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			req.Body = io.NopCloser(bytes.NewReader(body))
			said := httptest.NewRecorder()
			err := hold(r, next, said, req, body, onlyRequests)
			checked.Lock()
			checked.exchanges++
			if err != nil {
				checked.violations++
			}
			checked.Unlock()
			if err != nil {
				t.Errorf("%s %s answered %d: %v", req.Method, req.RequestURI, said.Code, err)
			}
			maps.Copy(w.Header(), said.Header())
			w.WriteHeader(said.Code)
			_, _ = w.Write(said.Body.Bytes())
		})
	}
}

func hold(r routers.Router, next http.Handler, said *httptest.ResponseRecorder, req *http.Request, body []byte, onlyRequest bool) error {
	route, params, err := r.FindRoute(req)
	if err != nil {
		next.ServeHTTP(said, req)
		return fmt.Errorf("the description has no such request: %w", err)
	}
	input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true}}
	asked := openapi3filter.ValidateRequest(req.Context(), input)
	req.Body = io.NopCloser(bytes.NewReader(body))
	next.ServeHTTP(said, req)
	if asked != nil {
		return fmt.Errorf("the request: %w", asked)
	}
	if onlyRequest {
		return nil
	}
	return openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: said.Code, Header: said.Header(),
		Body: io.NopCloser(bytes.NewReader(said.Body.Bytes())), Options: input.Options,
	})
}

func TestMain(m *testing.M) {
	code := m.Run()
	if r, err := router(); r == nil || err != nil {
		fmt.Printf("no exchange was held against the description: it is not at %s (%v)\n", description, err)
	} else {
		fmt.Printf("%d exchanges held against the description, %d violations\n", checked.exchanges, checked.violations)
		if checked.violations > 0 {
			code = 1
		}
	}
	os.Exit(code)
}

func TestTheDescriptionIsThere(t *testing.T) {
	t.Parallel()
	r, err := router()
	require.NoError(t, err)
	if r == nil {
		t.Skip("DigitalOcean's description is not at " + description + "; nothing was held against it")
	}
}

// TestTheDescriptionIsHeld makes sure that a violation would be found.
func TestTheDescriptionIsHeld(t *testing.T) {
	t.Parallel()
	r, err := router()
	require.NoError(t, err)
	if r == nil {
		t.Skip("DigitalOcean's description is not at " + description)
	}
	const at = "/v2/databases/9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"
	for _, one := range []struct {
		method, path, body string
		answers            int
		answer             string
		fine               bool
	}{
		{"GET", at + "/users", "", 200, `{"users":[{"name":"ada","role":"normal"}]}`, true},
		{"GET", at + "/users", "", 200, `{"users":[{"role":"normal"}]}`, false},
		{"GET", at + "/users", "", 200, `{"users":[{"name":"ada","role":"boss"}]}`, false},
		{"GET", at + "/users", "", 404, `{"id":"not_found"}`, false},
		{"POST", at + "/users/ada/reset_auth", "null", 200, `{"user":{"name":"ada"}}`, false},
		{"POST", at + "/users/ada/reset_auth", "{}", 200, `{"user":{"name":"ada"}}`, true},
		{"PUT", at + "/users/ada", "{}", 201, `{"user":{"name":"ada"}}`, false},
		{"DELETE", at, "", 204, "", false},
		{"DELETE", at + "/users/ada", "", 204, "", true},
	} {
		req := httptest.NewRequest(one.method, one.path, bytes.NewReader([]byte(one.body)))
		if one.body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		err := hold(r, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(one.answers)
			_, _ = io.WriteString(w, one.answer)
		}), httptest.NewRecorder(), req, []byte(one.body), false)
		require.Equal(t, one.fine, err == nil, "%s %s: %v", one.method, one.path, err)
	}
}
