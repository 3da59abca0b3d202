package trove

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/severhq/sever/internal/provider"
)

// answer is what a service said.
type answer struct {
	status int
	header http.Header
	body   []byte // without secrets
}

// request is one request of those that are declared.
type request struct {
	op      string
	method  string
	path    string // escaped; follows the base of the region
	body    any
	secret  string // in the body; may come back in the answer
	timeout time.Duration
}

// everyStatus but 401, on which gophercloud logs in anew. What a status means is
// decided here, by the request.
var everyStatus = func() []int {
	var all []int
	for s := 200; s < 600; s++ {
		if s != http.StatusUnauthorized {
			all = append(all, s)
		}
	}
	return all
}()

// send sends a request. An error means that there is no answer, or that it is a
// second 401.
func (r region) send(ctx context.Context, q request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	resp, err := r.client.Request(ctx, q.method, r.base+q.path, &gophercloud.RequestOpts{
		JSONBody: q.body, KeepResponseBody: true, OkCodes: everyStatus,
	})
	if err != nil {
		return answer{}, r.unanswered(q.op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, r.unanswered(q.op, fmt.Errorf("the answer was cut off: %w", err))
	}
	text := r.wires.scrub(string(body))
	if q.secret != "" {
		text = strings.ReplaceAll(text, q.secret, "[secret]")
	}
	return answer{resp.StatusCode, resp.Header, []byte(text)}, nil
}

// get reads.
func (r region) get(ctx context.Context, op, path string) (answer, error) {
	return r.send(ctx, request{op: op, method: http.MethodGet, path: path, timeout: r.cfg.Timeout})
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// into decodes an answer, which must be JSON from its first to its last byte.
func (a answer) into(op string, v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return &provider.Error{Kind: provider.Transient, Op: op, Err: fmt.Errorf("answered %d with something that cannot be read: %s", a.status, a.glance())}
	}
	return nil
}

// fault is what every kind of error body comes to: {"name":{"message":...}}, or the
// message without a name around it.
type fault struct {
	Message    string `json:"message"`
	Details    string `json:"details"`
	RetryAfter any    `json:"retryAfter"` //nolint:tagliatelle // theirs
	RetryAt    string `json:"retryAt"`    //nolint:tagliatelle // theirs
}

func (a answer) fault() (fault, bool) {
	var named map[string]json.RawMessage
	if json.Unmarshal(a.body, &named) != nil {
		return fault{}, false
	}
	var flat fault
	if json.Unmarshal(a.body, &flat) == nil && flat.Message != "" {
		return flat, true
	}
	for _, raw := range named {
		var f fault
		if len(named) == 1 && json.Unmarshal(raw, &f) == nil && f.Message != "" {
			return f, true
		}
	}
	return fault{}, false
}

// readable reports whether the body is an error of the system's own making.
func (a answer) readable() bool { _, ok := a.fault(); return ok }

var markup = regexp.MustCompile(`<[^>]*>`)

// words are the system's own.
func (a answer) words() string {
	f, ok := a.fault()
	if !ok {
		return a.glance()
	}
	text := f.Message
	if f.Details != "" {
		text += " " + f.Details
	}
	return brief(strings.TrimSpace(markup.ReplaceAllString(text, " ")))
}

// glance is the beginning of a body that is not what it should be.
func (a answer) glance() string {
	text := strings.Join(strings.Fields(markup.ReplaceAllString(string(a.body[:min(len(a.body), 4096)]), " ")), " ")
	return brief(text[:min(len(text), 120)])
}

// retryAfter is how long the system asks us to wait: in the header as seconds or as
// a date, or in the body as either.
func (a answer) retryAfter() (time.Duration, bool) {
	f, _ := a.fault()
	inBody := ""
	if f.RetryAfter != nil {
		inBody = fmt.Sprint(f.RetryAfter)
	}
	now := time.Now()
	// The server's clock is what its dates are about.
	if t, err := http.ParseTime(a.header.Get("Date")); err == nil {
		now = t
	}
	for _, said := range []string{a.header.Get("Retry-After"), inBody, f.RetryAt} {
		said = strings.TrimSpace(said)
		if seconds, err := strconv.ParseFloat(said, 64); err == nil && seconds >= 0 && seconds < 1e6 {
			return time.Duration(seconds * float64(time.Second)), true
		}
		for _, layout := range []string{http.TimeFormat, time.RFC3339} {
			if t, err := time.Parse(layout, said); err == nil {
				return max(t.Sub(now), 0), true
			}
		}
	}
	return 0, false
}

// next reports whether the answer has a link to a further page, whatever the list of
// links is called.
func (a answer) next() bool {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(a.body, &all) // read as a list before
	for name, raw := range all {
		var links []struct {
			Rel string `json:"rel"`
		}
		if !strings.HasSuffix(name, "links") || json.Unmarshal(raw, &links) != nil {
			continue
		}
		if slices.ContainsFunc(links, func(l struct {
			Rel string `json:"rel"`
		},
		) bool {
			return l.Rel == "next"
		}) {
			return true
		}
	}
	return false
}
