package scim

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/elimity-com/scim/schema"
)

// view is how much of a user is answered: RFC 7644's attributes and
// excludedAttributes.
type view struct {
	only, without []string // in lower case, without the URN of the core
}

func viewOf(q url.Values) (view, error) {
	v := view{names(q.Get("attributes")), names(q.Get("excludedAttributes"))}
	if len(v.only) > 0 && len(v.without) > 0 {
		return v, bad("", "attributes and excludedAttributes exclude each other: send one of them")
	}
	return v, nil
}

func names(list string) []string {
	var out []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if name = strings.TrimPrefix(name, strings.ToLower(coreURN)+":"); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// resource is a user as it is answered, at a place.
func (u user) resource(base string, v view) map[string]any {
	out := map[string]any(u.doc.clone())
	schemas := []string{coreURN}
	for _, x := range extensions {
		if _, there := out[x.ID]; there {
			schemas = append(schemas, x.ID)
		}
	}
	out["meta"] = map[string]any{"resourceType": "User", "location": base + "/Users/" + url.PathEscape(u.ID),
		"created": u.CreatedAt.UTC().Format(time.RFC3339), "lastModified": u.UpdatedAt.UTC().Format(time.RFC3339)}
	out = v.cut(out, "")
	out["schemas"], out[schema.CommonAttributeID] = schemas, u.ID
	return out
}

// cut leaves out of a document what was not asked for. Its names begin with a prefix.
func (v view) cut(doc map[string]any, prefix string) map[string]any {
	out := map[string]any{}
	for name, value := range doc {
		path := prefix + strings.ToLower(name)
		below := path + "."
		if isURN(name) {
			below = path + ":"
		}
		part := func(p string) bool { return strings.HasPrefix(p, below) }
		switch {
		case slices.Contains(v.without, path):
			continue
		case len(v.only) > 0 && !slices.Contains(v.only, path) && !slices.ContainsFunc(v.only, part):
			continue
		case slices.ContainsFunc(v.without, part) || len(v.only) > 0 && !slices.Contains(v.only, path):
			value = v.cutValue(value, below)
		}
		if value != nil {
			out[name] = value
		}
	}
	return out
}

// cutValue is a value with only those of its parts that were asked for.
func (v view) cutValue(value any, prefix string) any {
	switch value := value.(type) {
	case map[string]any:
		if out := v.cut(value, prefix); len(out) > 0 {
			return out
		}
		return nil
	case []any:
		var out []any
		for _, one := range value {
			if cut := v.cutValue(one, prefix); cut != nil {
				out = append(out, cut)
			}
		}
		if out == nil {
			return nil
		}
		return out
	}
	return value
}
