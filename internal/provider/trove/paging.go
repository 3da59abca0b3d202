package trove

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/severhq/sever/internal/provider"
)

// listing is one list that comes in pages.
type listing[T any] struct {
	op    string
	path  string
	more  url.Values // parameters besides the limit and the marker
	limit int
	// timeout is for each page.
	timeout time.Duration
	decode  func(answer) ([]T, error)
	// key tells items apart and is the marker that follows them.
	key func(T) string
}

// all goes through every page. The marker is made from what the server returned; its
// own link is not followed, because it repeats pages (see the package's comment).
//
// The list is whole or an error: a page that brings nothing new while there are more
// is one, however the server came to send it.
func all[T any](ctx context.Context, r region, l listing[T]) ([]T, error) {
	var out []T
	seen := map[string]bool{}
	for marker := ""; ; {
		a, err := r.send(ctx, request{op: l.op, method: http.MethodGet, path: l.path + "?" + l.query(marker), timeout: l.timeout})
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusOK {
			return nil, &listError{a, a.judge(l.op)}
		}
		page, err := l.decode(a)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for _, item := range page {
			if k := l.key(item); !seen[k] {
				seen[k] = true
				out = append(out, item)
				fresh++
			}
		}
		// A page of exactly the length that we asked for may have a successor which the
		// server forgot to announce. A longer one shows that it cuts nothing off.
		if !a.next() && len(page) != l.limit {
			return out, nil
		}
		if fresh == 0 {
			return nil, &provider.Error{Kind: provider.Transient, Op: l.op,
				Err: errors.New("there may be more, and the server sends a page that brings nothing new")}
		}
		next, err := l.after(page, r.kind)
		if err != nil {
			return nil, &provider.Error{Kind: provider.Transient, Op: l.op, Err: err}
		}
		marker = next
	}
}

// query asks for the page after the marker.
func (l listing[T]) query(marker string) string {
	q := url.Values{"limit": {strconv.Itoa(l.limit)}}
	maps.Copy(q, l.more)
	if marker != "" {
		q.Set("marker", marker)
	}
	return q.Encode()
}

// after is the marker for what follows a page: its last item. Rackspace may unescape
// markers once more than Trove does, nobody knows; there it is the last item that
// reads the same in both ways. The next page then begins a little earlier, and what
// repeats is dropped.
func (l listing[T]) after(page []T, kind face) (string, error) {
	for _, item := range slices.Backward(page) {
		k := l.key(item)
		if kind != rackspace || !escape.MatchString(k) {
			return k, nil // a % that begins no escape stands for itself
		}
	}
	return "", errors.New("every name on a page reads as an escaped one, and no marker is safe after it")
}

// escape is what a server that unescapes once more would read as another character.
var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// listError is an answer that is no list.
type listError struct {
	answer answer
	err    *provider.Error
}

func (n *listError) Error() string { return n.err.Error() }
func (n *listError) Unwrap() error { return n.err }
