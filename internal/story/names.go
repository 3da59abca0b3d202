package story

import (
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/audit"
)

// names knows which connections have several resources: an account of those is named
// with its resource, for there may be another of its name.
type names struct{ several map[string]bool }

func namesIn(rows []audit.Row) names {
	first := map[string]string{}
	n := names{several: map[string]bool{}}
	note := func(account, resource string) {
		connection, _, ok := strings.Cut(account, "/")
		if !ok || resource == "" {
			return
		}
		if was, seen := first[connection]; seen && was != resource {
			n.several[connection] = true
		}
		first[connection] = resource
	}
	for _, r := range rows {
		note(r.Object, text(r.Data["resource"]))
		for _, a := range list(r.Data["accounts"]) {
			note(text(a["account"]), text(a["resource"]))
		}
	}
	return n
}

// of is the account that a row is about.
func (n names) of(r audit.Row) string { return n.name(r.Object, text(r.Data["resource"])) }

func (n names) name(account, resource string) string {
	account = OneLine(account)
	connection, _, _ := strings.Cut(account, "/")
	if n.several[connection] && resource != "" {
		return account + " on " + OneLine(resource)
	}
	return account
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// list reads a list of maps out of the data of a row.
func list(v any) []map[string]any {
	all, _ := v.([]any)
	var out []map[string]any
	for _, one := range all {
		if m, ok := one.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// most is how many names stand in one sentence.
const most = 8

// and joins words: "a", "a and b", "a, b and c".
func and(words []string) string {
	if len(words) > most {
		words = append(slices.Clone(words[:most-1]), fmt.Sprintf("%d more", len(words)-most+1))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// times is how often: "once", "3 times".
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
