package plesk_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// packets are all that went over the wire in the suite, each kind once: ids and
// passwords make no difference to a schema.
type packets struct {
	mu                 sync.Mutex
	requests, answers  map[string][]byte
	sentCount, gotten  int
	withoutSchemaCheck int
}

var packetsOfTheSuite = &packets{requests: map[string][]byte{}, answers: map[string][]byte{}}

var passwordRule = regexp.MustCompile(`<password>[^<]*</password>|[0-9]+`)

func kindOf(body []byte) string { return passwordRule.ReplaceAllString(string(body), "#") }

// tap stands in front of a simulator and keeps what passes. A universal user with
// database 0, and answers that were cut or made up, are wrong by the schema on
// purpose.
func (p *packets) tap(next http.Handler, answersToo bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		if strings.HasSuffix(r.URL.Path, "/agent.php") {
			p.mu.Lock()
			p.requests[kindOf(body)] = body
			p.sentCount++
			p.mu.Unlock()
		}
		next.ServeHTTP(answer, r) // a cut connection leaves from here
		if strings.HasPrefix(answer.Header().Get("Content-Type"), "text/xml") {
			p.mu.Lock()
			if answersToo {
				p.answers[kindOf(answer.Body.Bytes())] = bytes.Clone(answer.Body.Bytes())
				p.gotten++
			} else {
				p.withoutSchemaCheck++
			}
			p.mu.Unlock()
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// needXmllint skips where there is none, but for CI.
func needXmllint(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("xmllint is missing: apt-get install libxml2-utils")
		}
		t.Skip("xmllint is missing (apt-get install libxml2-utils): packets are not held against their schemas")
	}
}

// valid holds documents against a schema of testdata.
func valid(t *testing.T, schema string, documents map[string][]byte) {
	t.Helper()
	folder := t.TempDir()
	var files []string
	for _, body := range documents {
		file := filepath.Join(folder, strconv.Itoa(len(files))+".xml")
		require.NoError(t, os.WriteFile(file, body, 0o600))
		files = append(files, file)
	}
	require.NotEmpty(t, files)
	for len(files) > 0 {
		part := files[:min(500, len(files))]
		files = files[len(part):]
		args := append([]string{"--noout", "--nonet", "--schema", filepath.Join("testdata", schema)}, part...)
		out, err := exec.Command("xmllint", args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}

// checkSchemas holds everything that was kept against the schemas.
func (p *packets) checkSchemas(t *testing.T) {
	needXmllint(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	valid(t, "request-1.6.9.1.xsd", p.requests)
	valid(t, "request-revoker-safe.xsd", p.requests)
	valid(t, "response-1.6.9.1.xsd", p.answers)
	for _, operation := range []string{"get-db>", "get-db-users>", "set-db-user>", "del-db-user>", "add-db-user>", "set-default-user>"} {
		found := false
		for _, body := range p.requests {
			found = found || bytes.Contains(body, []byte("<"+operation))
		}
		require.True(t, found, "nothing was sent that has <%s", operation)
	}
	t.Logf("%d requests of %d kinds, %d answers of %d kinds, %d answers not checked",
		p.sentCount, len(p.requests), p.gotten, len(p.answers), p.withoutSchemaCheck)
}
