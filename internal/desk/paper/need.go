package paper

import (
	"slices"
	"strings"

	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/catalog"
)

// NeedList is what our own login needs.
type NeedList struct {
	Rights []NeedLine `json:"rights"`
}

// NeedLine is one right that it needs.
type NeedLine struct {
	Provider string         `json:"provider"`
	Reach    provider.Reach `json:"reach"`
	Give     string         `json:"give"`
	On       string         `json:"on,omitempty"`
	Without  string         `json:"without"`
	Check    string         `json:"check,omitempty"` // of preflight
	Source   string         `json:"source"`
	Seen     string         `json:"seen,omitempty"` // empty: nobody has tried it
	Rare     bool           `json:"rare,omitempty"`
}

// Needs are the least rights for one kind of system, or for all where it is empty.
func Needs(kind string) (NeedList, error) {
	list := NeedList{Rights: []NeedLine{}}
	var kinds []string
	for _, spec := range catalog.Specs() {
		kinds = append(kinds, spec.Name)
	}
	if kind != "" && !slices.Contains(kinds, kind) {
		return list, desk.Invalidf("there is no provider %q", kind).Then("providers: %s", strings.Join(kinds, ", "))
	}
	for _, r := range catalog.Needs() {
		if kind == "" || kind == r.Provider {
			list.Rights = append(list.Rights, NeedLine{r.Provider, r.Reach, r.Give, r.On, r.Without, r.Check, r.Source, r.Seen, r.Rare})
		}
	}
	return list, nil
}
