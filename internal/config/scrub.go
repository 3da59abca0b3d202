package config

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"slices"
	"strings"
)

// Forms are the ways in which a secret is written: as it is, and as URLs, JSON, XML and
// base64 have it. An empty one has none.
func Forms(secret string) []string {
	if secret == "" {
		return nil
	}
	quoted, _ := json.Marshal(secret) // of a string, which always works
	var plainly strings.Builder       // JSON as others write it
	e := json.NewEncoder(&plainly)
	e.SetEscapeHTML(false)
	_ = e.Encode(secret)
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(secret))
	return []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret),
		inside(string(quoted)), inside(strings.TrimSuffix(plainly.String(), "\n")), escaped.String(),
		base64.StdEncoding.EncodeToString([]byte(secret)),
	}
}

// inside is what stands between the quotes. The secret itself may end in one.
func inside(quoted string) string { return quoted[1 : len(quoted)-1] }

// shortest is how long a secret is at least that Scrubber looks for. Shorter ones are
// words too, and would be found everywhere.
const shortest = 8

// Scrubber takes secrets out of a text, in every form, and leaves a placeholder.
func Scrubber(secrets []Secret) func(string) string {
	var all []string
	for _, s := range secrets {
		for _, form := range Forms(s.value) {
			if len(form) >= shortest && len(s.value) >= shortest {
				all = append(all, form)
			}
		}
	}
	// The longest first: of a secret that is part of another nothing may be left.
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	all = slices.Compact(all)
	return func(text string) string {
		for _, secret := range all {
			text = strings.ReplaceAll(text, secret, placeholder)
		}
		return text
	}
}

// SecretsOf are the secrets among variables of ours, told by how they are named and by
// the passwords in their addresses. Values in files count; a file that cannot be read is
// an error.
func SecretsOf(vars Vars) ([]Secret, error) {
	resolved, err := readFiles(vars, "")
	if err != nil {
		return nil, err
	}
	var out []Secret
	for name, value := range resolved {
		if !slices.ContainsFunc(ours, func(o string) bool { return strings.HasPrefix(name, o) }) || strings.HasSuffix(name, "PUBLIC_KEYS") {
			continue
		}
		if slices.ContainsFunc([]string{"KEY", "KEY_DATA", "SECRET", "TOKEN", "PASSWORD"}, func(end string) bool { return strings.HasSuffix(name, end) }) {
			out = append(out, Secret{value})
		}
		if strings.HasSuffix(name, "KEYS") { // several, each with its name
			for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",: \t\n", r) }) {
				out = append(out, Secret{part})
				if _, key, named := strings.Cut(part, "="); named { // id=key; of a key alone that is its padding
					out = append(out, Secret{key})
				}
			}
		}
		if u, err := url.Parse(value); err == nil && u.User != nil {
			if password, ok := u.User.Password(); ok {
				out = append(out, Secret{password})
			}
		}
	}
	slices.SortFunc(out, func(a, b Secret) int { return cmp.Compare(a.value, b.value) })
	return out, nil
}
