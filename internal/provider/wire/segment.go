package wire

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxSegment holds the longest name of any system, 255 characters of four bytes.
	maxSegment = 1024
	maxValue   = 4096
)

// Path makes an escaped path of segments: Path("v2", "databases", id) is
// "/v2/databases/" and the id. A segment that is empty, that a server could take
// for a way to somewhere else, or that nobody could read is an error.
//
// Always use it. A Guard cannot see everything that goes wrong without: parsing
// ".../users/ada#" leaves a perfect request about ada.
func Path(segments ...string) (string, error) {
	var b strings.Builder
	for i, s := range segments {
		if err := Segment(s); err != nil {
			return "", fmt.Errorf("segment %d of the path: %w", i+1, err)
		}
		b.WriteString("/" + url.PathEscape(s))
	}
	if b.Len() == 0 {
		return "", errors.New("a path needs a segment")
	}
	return b.String(), nil
}

// Segment says why a name may not be a segment of a path, or nothing. It looks at
// the name, and at what is left when a careless server unescapes it once more, as
// often as that changes anything.
func Segment(name string) error { return approve(name, false) }

// escaped approves of a segment as it is sent.
func escaped(raw string, slashes bool) error {
	name, err := url.PathUnescape(raw)
	if err != nil {
		return errors.New("it is not escaped as a path has to be")
	}
	return approve(name, slashes)
}

func approve(name string, slashes bool) error {
	if err := printable(name, maxSegment); err != nil {
		return err
	}
	for {
		if err := harmless(name, slashes); err != nil {
			return err
		}
		// A % that begins no escape, as in the MySQL host "%", stands for itself.
		more := unescapeAny(name)
		if more == name {
			return nil
		}
		if err := printable(more, maxSegment); err != nil {
			return err
		}
		name = more
	}
}

// harmless refuses what leads elsewhere in a path.
func harmless(name string, slashes bool) error {
	parts := []string{name}
	if strings.ContainsAny(name, `/\`) {
		if !slashes {
			return errors.New("it has a slash in it")
		}
		parts = strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' })
		if len(parts) != strings.Count(name, "/")+strings.Count(name, `\`)+1 {
			return errors.New("it has an empty part between slashes")
		}
	}
	for _, p := range parts {
		// Some servers cut what follows a semicolon: "..;x" is "..".
		p, _, _ = strings.Cut(p, ";")
		switch strings.TrimSpace(p) {
		case "":
			return errors.New("it is empty")
		case ".", "..":
			return errors.New("it leads to another path")
		}
	}
	return nil
}

// printable refuses what has no business in a name.
func printable(s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("it is %d bytes long, more than %d", len(s), limit)
	}
	if !utf8.ValidString(s) {
		return errors.New("it is not UTF-8")
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("it has the character %U in it", r)
		}
	}
	return nil
}

// unescapeAny resolves every valid escape and leaves the rest alone.
func unescapeAny(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// brief is a text short enough for a message.
func brief(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + fmt.Sprintf("… (%d bytes)", len(s))
}
