package digitalocean

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"github.com/severhq/sever/internal/provider"
)

// item is an object of a list.
type item interface {
	id() string
	check() error
}

const (
	// perPage is the most that the API gives, and pageDefault what it gives by itself.
	// A page that is shorter than both is the last one.
	perPage     = 200
	pageDefault = 20
	// maxPages is more than anybody has.
	maxPages = 500
)

// listed reads a whole list. The database lists are not documented to have pages,
// and the API may have them, or ignore that it was asked for one, or repeat itself.
// So it goes on until the API says that this was all, until a page is too short to
// be full, or until a page brings nothing new. A list that is known to be longer
// than what came is an error.
func listed[T item](ctx context.Context, t *Team, op, key string, path ...string) ([]T, error) {
	var out []T
	at := map[string]int{}
	total := -1
	for page := 1; page <= maxPages; page++ {
		got, err := onePage[T](ctx, t, op, key, path, page)
		if err != nil {
			return nil, err
		}
		if page > 1 && got.total != total {
			return nil, wait(op, fmt.Sprintf("the list changed while it was read: %d, then %d", total, got.total))
		}
		total = got.total
		fresh := 0
		for _, one := range got.items {
			i, seen := at[one.id()]
			if !seen {
				at[one.id()] = len(out)
				out = append(out, one)
				fresh++
			} else if !reflect.DeepEqual(out[i], one) {
				return nil, wait(op, fmt.Sprintf("%q is in the list twice, and not the same", printable(one.id())))
			}
		}
		switch full := total >= 0 && len(out) >= total; {
		case full && !got.more, total < 0 && !got.more && (fresh == 0 || len(got.items) < pageDefault):
			return out, nil
		case fresh == 0:
			return nil, unreadable(op, fmt.Sprintf("the list ends at %d, and has more by its own account", len(out)))
		}
	}
	return nil, unreadable(op, "the list has no end")
}

// page is one answer to a list.
type page[T item] struct {
	items []T
	more  bool // there is a next page, it says
	total int  // -1 where it does not say
}

func onePage[T item](ctx context.Context, t *Team, op, key string, path []string, number int) (page[T], error) {
	said, err := t.send(ctx, call{op: op, scope: scopeRead, method: http.MethodGet, path: path,
		query: url.Values{"page": {strconv.Itoa(number)}, "per_page": {strconv.Itoa(perPage)}}})
	if err != nil {
		return page[T]{}, err
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(said.body, &whole); err != nil {
		return page[T]{}, unreadable(op, fmt.Sprintf("%d bytes that are no JSON object", len(said.body)))
	}
	out := page[T]{total: -1}
	var items *[]T
	var links struct {
		Pages struct {
			Next string `json:"next"`
		} `json:"pages"`
	}
	var meta struct {
		Total *int `json:"total"`
	}
	for name, into := range map[string]any{key: &items, "links": &links, "meta": &meta} {
		if raw, there := whole[name]; there {
			if err := json.Unmarshal(raw, into); err != nil {
				return page[T]{}, unreadable(op, name+" has another form than documented")
			}
		}
	}
	if items == nil {
		return page[T]{}, unreadable(op, "it has no "+key)
	}
	for _, one := range *items {
		if err := one.check(); err != nil {
			return page[T]{}, unreadable(op, err.Error())
		}
	}
	out.items, out.more = *items, links.Pages.Next != ""
	if meta.Total != nil {
		out.total = *meta.Total
	}
	return out, nil
}

// The scopes of a token.
const (
	scopeRead   = "database:read"
	scopeCreate = "database:create"
	scopeUpdate = "database:update"
	scopeDelete = "database:delete"
)

// refuse is a Rejected error that keeps its cause.
func refuse(op string, cause error) error {
	return &provider.Error{Kind: provider.Rejected, Op: op, Err: cause}
}
