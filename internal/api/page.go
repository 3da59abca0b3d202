package api

import (
	"encoding/base64"
	"slices"

	"github.com/severhq/sever/internal/desk"
)

// Page is a part of a list.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many."`
	Cursor string `query:"cursor" maxLength:"1000" doc:"Where the page begins: next of the page before. It says nothing else, and is good for the same list alone."`
}

// after is the name of the last entry of the page before; empty: this is the first.
func (p Page) after() (string, error) {
	name, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || len(name) > 0 && desk.ValidText("the cursor", string(name), desk.MaxText) != nil {
		return "", desk.Invalidf("the cursor is none: give next of the page before, or leave it out to begin")
	}
	return string(name), nil
}

func cursor(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

// cut takes a page out of a whole list, whose entries have names of their own. next is
// where the one after it begins; empty: there is none.
func cut[T any](all []T, p Page, name func(T) string) (part []T, next string, err error) {
	after, err := p.after()
	if err != nil {
		return nil, "", err
	}
	if after != "" {
		i := slices.IndexFunc(all, func(t T) bool { return name(t) == after })
		if i < 0 {
			return nil, "", desk.Refusedf("what the page before ended with is not on the list any more").Then("begin again, without a cursor")
		}
		all = all[i+1:]
	}
	if len(all) <= p.Limit {
		return all, "", nil
	}
	return all[:p.Limit], cursor(name(all[p.Limit-1])), nil
}
