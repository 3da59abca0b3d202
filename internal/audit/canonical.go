package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// timeForm has exactly six digits, so that a time has one form only.
const timeForm = "2006-01-02T15:04:05.000000Z"

// Canonical is the text that the hash of the row covers: every field but the hash
// itself. A row whose fields are not as Seal leaves them has no canonical form.
func (r Row) Canonical() ([]byte, error) {
	e, err := r.normal()
	if err != nil {
		return nil, err
	}
	if !e.At.Equal(r.At) {
		return nil, errors.New("the time has more than microseconds")
	}
	doc := map[string]any{
		"v": int64(1), "chain": r.Chain, "seq": r.Seq, "key": r.Key, "at": e.At.Format(timeForm),
		"kind": r.Kind, "actor": r.Actor, "object": r.Object, "attempt": int64(r.Attempt),
		"outcome": r.Outcome, "words": r.Words, "request_id": r.RequestID, "data": e.Data, "prev": r.Prev,
	}
	return appendValue(nil, doc)
}

func (r Row) hash() (string, error) {
	text, err := r.Canonical()
	if err != nil {
		return "", err
	}
	return sum(text), nil
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// appendValue writes RFC 8785: no spaces, keys sorted by UTF-16 code units,
// nothing escaped that need not be.
func appendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case int64:
		if _, err := inRange(v); err != nil {
			return nil, err
		}
		return strconv.AppendInt(b, v, 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case []any:
		return appendList(b, v)
	case map[string]any:
		return appendObject(b, v)
	default:
		return nil, fmt.Errorf("a %T has no canonical form", v)
	}
}

func appendList(b []byte, list []any) ([]byte, error) {
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, item); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, m map[string]any) ([]byte, error) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendString(b, k); err != nil {
			return nil, err
		}
		if b, err = appendValue(append(b, ':'), m[k]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// short are the control characters that have an escape of two characters.
var short = map[byte]byte{'\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r', '"': '"', '\\': '\\'}

func appendString(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("%q is not UTF-8", s)
	}
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch e, ok := short[c]; {
		case ok:
			b = append(b, '\\', e)
		case c < 0x20:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"'), nil
}
