package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype/zeronull"
)

// orNull writes a zero time as null, intoZero reads null as a zero time.
func orNull(t time.Time) zeronull.Timestamptz { return zeronull.Timestamptz(t) }

func intoZero(t *time.Time) *zeronull.Timestamptz { return (*zeronull.Timestamptz)(t) }

// words are a foreign system's own text as a column can hold it: without zero
// bytes and broken UTF-8, which Postgres refuses. Records must not fail over them.
func words(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// toJSON is v for a jsonb column, which cannot hold zero bytes either. A nil slice
// is an empty list, a nil map an empty object.
func toJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write as JSON: %w", err)
	}
	return string(withoutZeroBytes(text)), nil
}

// withoutZeroBytes replaces the escape \u0000, and not a backslash before "u0000".
func withoutZeroBytes(text []byte) []byte {
	if !bytes.Contains(text, []byte(`\u0000`)) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
			out = append(out, text[i])
		case bytes.HasPrefix(text[i:], []byte(`\u0000`)):
			out = append(out, `\ufffd`...)
			i += len(`\u0000`) - 1
		default:
			out = append(out, text[i], text[i+1])
			i++
		}
	}
	return out
}

// list is s, or an empty list instead of null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// fromJSON reads a column that may be null.
func fromJSON[T any](text []byte) (T, error) {
	var v T
	if text == nil {
		return v, nil
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return v, fmt.Errorf("read JSON: %w", err)
	}
	return v, nil
}
