package scim

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/scim2/filter-parser/v2"

	"github.com/severhq/sever/internal/store"
)

// get answers one user.
func (s *server) get(c call) (answer, error) {
	v, err := viewOf(c.r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	row, err := s.Records.SCIMUser(c.r.Context(), c.id())
	if errors.Is(err, store.ErrNotFound) {
		return answer{}, missing(c.id())
	}
	if err != nil {
		return answer{}, err
	}
	u, err := userOf(row)
	return answer{status: http.StatusOK, body: u.resource(c.base, v)}, err
}

// list answers a page of those users that a filter lets through, the oldest first.
func (s *server) list(c call) (answer, error) {
	q := c.r.URL.Query()
	v, err := viewOf(q)
	if err != nil {
		return answer{}, err
	}
	page, start, err := pageOf(q)
	if err != nil {
		return answer{}, err
	}
	f, err := parseFilter(q.Get("filter"))
	if err != nil {
		return answer{}, err
	}
	users, total, err := s.found(c, f, page)
	if err != nil {
		return answer{}, err
	}
	resources := []any{}
	for _, u := range users {
		resources = append(resources, u.resource(c.base, v))
	}
	return answer{status: http.StatusOK, body: map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": total, "itemsPerPage": len(resources), "startIndex": start, "Resources": resources}}, nil
}

// found are the users of one page, and how many there are on all.
func (s *server) found(c call, f filter.Expression, page store.Page) (users []user, total int, err error) {
	narrowed, all := narrow(f)
	scan := page
	if !all {
		scan = store.Page{Limit: maxScan + 1}
	}
	if scan.Limit > 0 {
		rows, err := s.Records.SCIMUsers(c.r.Context(), narrowed, scan)
		if err != nil {
			return nil, 0, err
		}
		if len(rows) > maxScan {
			return nil, 0, bad(tooMany, "the filter is not about id, externalId, userName, emails or active, and there are more than %d users to look at", maxScan)
		}
		for _, row := range rows {
			u, err := userOf(row)
			if err != nil {
				return nil, 0, err
			}
			if all || matches(f, u) {
				users = append(users, u)
			}
		}
	}
	if all {
		total, err = s.Records.CountSCIMUsers(c.r.Context(), narrowed)
		return users, total, err
	}
	total = len(users)
	from := min(page.Offset, total)
	return users[from:min(from+page.Limit, total)], total, nil
}

// pageOf is which users are wanted: RFC 7644 counts from 1, and has us read what is
// too small as the least.
func pageOf(q url.Values) (page store.Page, start int, err error) {
	number := func(name string, absent int) (int, error) {
		text := q.Get(name)
		if text == "" {
			return absent, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, bad(invalidValue, "%s is %q: write a whole number", name, text)
		}
		return n, nil
	}
	if start, err = number("startIndex", 1); err != nil {
		return page, 0, err
	}
	count, err := number("count", 100)
	start = max(start, 1)
	return store.Page{Limit: min(max(count, 0), maxPage), Offset: start - 1}, start, err
}
