package evidence

import "regexp"

// shapes are secrets that can be told by their form, wherever they came from: keys,
// password hashes that can be attacked offline, tokens, passwords within addresses. The
// groups are what stays.
var shapes = []*regexp.Regexp{
	regexp.MustCompile(`()-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|\\r|[A-Za-z0-9+/=\s])*(?:-----END [A-Z ]*PRIVATE KEY-----)?()`),
	regexp.MustCompile(`()SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=$:]{20,}()`),
	regexp.MustCompile(`()\bmd5[0-9a-f]{32}\b()`),
	regexp.MustCompile(`()\$[Aa]\$005\$(?:\\[^"]|[^\s"\\]){20,}()`), // caching_sha2_password
	regexp.MustCompile(`()\*[0-9A-F]{40}\b()`),                      // mysql_native_password
	regexp.MustCompile(`()\bdo[opr]_v1_[0-9a-f]{64}\b()`),
	regexp.MustCompile(`(\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@"]{1,200}:)[^\s@/"]{1,200}(@)`),
}

const placeholder = "[secret]"

// scrub is the text without what Input.Secrets knows and what has the form of a secret.
func (in Input) scrub(text string) string {
	if in.Secrets != nil {
		text = in.Secrets(text)
	}
	for _, s := range shapes {
		text = s.ReplaceAllString(text, "${1}"+placeholder+"${2}")
	}
	return text
}
