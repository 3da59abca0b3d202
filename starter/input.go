package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/desk"
)

// parseAt reads the effective date: RFC 3339, or a local date and time.
func parseAt(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		at, err = time.ParseInLocation("2006-01-02 15:04", s, time.Local)
	}
	if err != nil {
		return at, desk.Invalidf("--at %q is not a time", s).Then(`write it as "2026-12-24 17:00" (local time) or 2026-12-24T17:00:00Z`)
	}
	return at.UTC(), nil
}

// parseSuccessors reads [connection=]account. Without a connection it is the
// successor wherever none is named; "=account" says so for a name with a "=" in it.
func parseSuccessors(list []string, known func(connection string) error) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range list {
		connection, account, both := strings.Cut(s, "=")
		if !both {
			connection, account = "", s
		}
		if err := desk.ValidName(fmt.Sprintf("the account in --successor %q", s), account); err != nil {
			return nil, err
		}
		if connection != "" {
			if err := known(connection); err != nil {
				return nil, err
			}
		}
		if was, twice := out[connection]; twice && was != account {
			where := "every connection"
			if connection != "" {
				where = connection
			}
			return nil, desk.Invalidf("--successor names two accounts for %s: %s and %s", where, was, account)
		}
		out[connection] = account
	}
	return out, nil
}
