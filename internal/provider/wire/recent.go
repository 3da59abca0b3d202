package wire

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/severhq/sever/internal/config"
)

// recent are the secrets that were sent lately and that no setting holds: tokens of
// sessions, and the new passwords of accounts. A system may repeat them in an error, also
// in one of a later request.
type recent struct {
	mu    sync.Mutex
	words []string // the latest last
}

const (
	// maxRecent is more than what is under way at a time.
	maxRecent = 64
	// minRecent is the length, in bytes, below which a word may be any word.
	minRecent = 8
)

// passwords are where a body has a secret: in JSON, in XML, in a form.
var passwords = regexp.MustCompile(`(?i)"(?:password|passwd|new_?password|secret)"\s*:\s*("(?:[^"\\]|\\.)*")|<(?:password|passwd)>([^<]*)</`)

// learn remembers what a request carries. It is called before the request is sent.
func (r *recent) learn(req *http.Request) {
	var found []string
	for _, name := range bearers {
		for _, value := range req.Header.Values(name) {
			_, token, scheme := strings.Cut(value, " ")
			if !scheme {
				found = append(found, value)
				continue
			}
			found = append(found, token)
			if pair, err := base64.StdEncoding.DecodeString(token); err == nil {
				_, password, _ := strings.Cut(string(pair), ":")
				found = append(found, password)
			}
		}
	}
	found = append(found, inBody(req)...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, word := range found {
		if len(word) < minRecent {
			continue
		}
		r.words = append(slices.DeleteFunc(r.words, func(w string) bool { return w == word }), word)
	}
	r.words = r.words[max(0, len(r.words)-maxRecent):]
}

func inBody(req *http.Request) (found []string) {
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, maxRequest))
	if err != nil {
		return nil
	}
	for _, m := range passwords.FindAllSubmatch(b, -1) {
		var word string
		if json.Unmarshal(m[1], &word) != nil {
			word = html.UnescapeString(string(m[2]))
		}
		found = append(found, word)
	}
	return found
}

// forms are the remembered words, in every form.
func (r *recent) forms() scrubber {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s scrubber
	for _, word := range r.words {
		s = append(s, config.Forms(word)...)
	}
	return s
}
