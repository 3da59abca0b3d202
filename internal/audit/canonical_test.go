package audit_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/audit"
)

// full is an event in which every field says something, and something awkward.
func full() audit.Event {
	type action string
	return audit.Event{
		Chain: "case-7", Key: "step/1/2/1/step.result",
		At:   time.Date(2026, 3, 4, 5, 6, 7, 89012999, time.FixedZone("", 3600)),
		Kind: audit.StepResult, Actor: "sever", Object: "pg-main/ada <ada@example.org> & \"co\"\\",
		Attempt: 2, Outcome: "done", Words: "NOTICE:\trole \"ada\"\r\n\b\f\x01\x7f ключ \u9375 😀 \u2028", RequestID: "req-1",
		Data: map[string]any{
			"zero": 0, "minus": int8(-5), "big": int64(1<<53 - 1), "yes": true, "no": false, "none": "",
			"action": action("contain"), "list": []string{"b", "a"}, "empty": []any{}, "mixed": []any{1, "one", map[string]int{"z": 1, "a": 2}},
			"nested": map[string]any{"b": map[string]bool{"x": true}, "a": uint16(7)},
			"\ufb33": "sorts behind the emoji", "😀": "sorts before it", "é": 1, "E": 2, "": 3,
		},
	}
}

// The canonical form is for ever: rows that are years old must still verify. When
// this test fails, the change is wrong, not the test.
func TestTheCanonicalFormNeverChanges(t *testing.T) {
	r, err := audit.Seal(audit.Genesis, 1, full())
	require.NoError(t, err)
	text, err := r.Canonical()
	require.NoError(t, err)
	const want = `{"actor":"sever","at":"2026-03-04T04:06:07.089012Z","attempt":2,"chain":"case-7","data":{"":3,"E":2,"action":"contain","big":9007199254740991,"empty":[],"list":["b","a"],"minus":-5,"mixed":[1,"one",{"a":2,"z":1}],"nested":{"a":7,"b":{"x":true}},"no":false,"none":"","yes":true,"zero":0,"é":1,"😀":"sorts before it","` + "\ufb33" + `":"sorts behind the emoji"},"key":"step/1/2/1/step.result","kind":"step.result","object":"pg-main/ada <ada@example.org> & \"co\"\\","outcome":"done","prev":"0000000000000000000000000000000000000000000000000000000000000000","request_id":"req-1","seq":1,"v":1,"words":"NOTICE:\trole \"ada\"\r\n\b\f\u0001` + "\x7f ключ \u9375 😀 \u2028" + `"}`
	require.Equal(t, []byte(want), text)
	require.Equal(t, "092b084bc0a478a425b9f017105d55ba1b887151761b9800af741a005a127efb", r.Hash)

	bare, err := audit.Seal(r.Hash, 2, audit.Event{Chain: "case-7", Key: "k", Kind: "x", At: time.Unix(0, 0)})
	require.NoError(t, err)
	require.Equal(t, "f2805f87ea96f7ae4fa5ce775c7913d66b23bf98e85092ab3ca9fc7b680af2ff", bare.Hash)
}

func TestEveryFieldIsHashed(t *testing.T) {
	want, err := audit.Seal(audit.Genesis, 1, full())
	require.NoError(t, err)
	for name, change := range map[string]func(*audit.Row){
		"chain": func(r *audit.Row) { r.Chain += "x" }, "seq": func(r *audit.Row) { r.Seq++ }, "key": func(r *audit.Row) { r.Key += "x" },
		"at": func(r *audit.Row) { r.At = r.At.Add(time.Microsecond) }, "kind": func(r *audit.Row) { r.Kind += "x" },
		"actor": func(r *audit.Row) { r.Actor += "x" }, "object": func(r *audit.Row) { r.Object += "x" },
		"attempt": func(r *audit.Row) { r.Attempt++ }, "outcome": func(r *audit.Row) { r.Outcome += "x" },
		"words": func(r *audit.Row) { r.Words += "x" }, "request id": func(r *audit.Row) { r.RequestID += "x" },
		"data": func(r *audit.Row) { r.Data["zero"] = 1 }, "prev": func(r *audit.Row) { r.Prev = want.Hash },
	} {
		t.Run(name, func(t *testing.T) {
			row, err := audit.Seal(audit.Genesis, 1, full())
			require.NoError(t, err)
			change(&row)
			got, err := audit.Seal(row.Prev, row.Seq, row.Event)
			require.NoError(t, err)
			require.NotEqual(t, want.Hash, got.Hash)
		})
	}
}

func TestSealRefuses(t *testing.T) {
	for name, change := range map[string]func(*audit.Event){
		"no chain": func(e *audit.Event) { e.Chain = "" }, "no key": func(e *audit.Event) { e.Key = "" },
		"no kind": func(e *audit.Event) { e.Kind = "" }, "no time": func(e *audit.Event) { e.At = time.Time{} },
		"a fraction":             func(e *audit.Event) { e.Data = map[string]any{"x": 0.5} },
		"nothing":                func(e *audit.Event) { e.Data = map[string]any{"x": nil} },
		"a struct":               func(e *audit.Event) { e.Data = map[string]any{"x": time.Now()} },
		"a pointer":              func(e *audit.Event) { e.Data = map[string]any{"x": new("x")} },
		"bytes":                  func(e *audit.Event) { e.Data = map[string]any{"x": []byte("x")} },
		"a map by number":        func(e *audit.Event) { e.Data = map[string]any{"x": map[int]string{1: "x"}} },
		"a number too large":     func(e *audit.Event) { e.Data = map[string]any{"x": int64(1 << 53)} },
		"a number too low":       func(e *audit.Event) { e.Data = map[string]any{"x": int64(-1 << 53)} },
		"a huge unsigned number": func(e *audit.Event) { e.Data = map[string]any{"x": uint64(math.MaxUint64)} },
		"a number in two forms":  func(e *audit.Event) { e.Data = map[string]any{"x": []any{json.Number("1.0")}} },
	} {
		t.Run(name, func(t *testing.T) {
			e := full()
			change(&e)
			_, err := audit.Seal(audit.Genesis, 1, e)
			require.Error(t, err)
			require.Error(t, e.Check())
		})
	}
}

func TestSealKeepsWhatADatabaseCanHold(t *testing.T) {
	e := full()
	e.Words, e.Data = "a\x00b\xffc", map[string]any{"k\x00": "v\xc3"}
	r, err := audit.Seal(audit.Genesis, 1, e)
	require.NoError(t, err)
	require.Equal(t, "a\uFFFDb\uFFFDc", r.Words)
	require.Equal(t, map[string]any{"k\uFFFD": "v\uFFFD"}, r.Data)
	require.Equal(t, time.UTC, r.At.Location())
	require.Zero(t, r.At.Nanosecond()%1000)
}

func TestDataComesBackFromJSON(t *testing.T) {
	r, err := audit.Seal(audit.Genesis, 1, full())
	require.NoError(t, err)
	text, err := r.DataJSON()
	require.NoError(t, err)
	require.Equal(t, r.Data, audit.ParseData(text))
}

func TestSpoiltDataHasNoHash(t *testing.T) {
	for _, text := range []string{`{"x":1.5}`, `{"x":null}`, `[1]`, `null`, ``, `{`, `{} {}`, `{"x":1e2}`, `{"x":-0}`, `{"x":9007199254740992}`} {
		e := full()
		e.Data = audit.ParseData([]byte(text))
		require.Error(t, e.Check(), text)
	}
}

func TestARowSurvivesItsJSON(t *testing.T) {
	want, err := audit.Seal(audit.Genesis, 1, full())
	require.NoError(t, err)
	text, err := json.Marshal(want)
	require.NoError(t, err)
	var got audit.Row
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, want, got)
	require.Error(t, json.Unmarshal([]byte(`{"v":1,"at":"2026-03-04T04:06:07.089012Z","extra":1}`), &got))
	require.Error(t, json.Unmarshal([]byte(`{"v":2,"at":"2026-03-04T04:06:07.089012Z"}`), &got))
	require.Error(t, json.Unmarshal([]byte(`{"v":1,"at":"yesterday"}`), &got))
}

// FuzzCanonical: whatever goes in, the form is JSON that means the same, survives
// a database that keeps JSON in its own form, and different content has a
// different hash.
func FuzzCanonical(f *testing.F) {
	f.Add("words", "key", int64(1), `{"a":[1,true,"x",{"b":{}}]}`)
	f.Add("\x00\xff\u2028<&>\"\\", "", int64(-1<<53), `{"a":1.0}`)
	f.Add("\U0001F600\uFB33", "é", int64(1<<60), `{"":null}`)
	f.Fuzz(func(t *testing.T, words, key string, n int64, data string) {
		e := full()
		e.Words, e.Data = words, map[string]any{key: n, "data": audit.ParseData([]byte(data))}
		r, err := audit.Seal(audit.Genesis, 1, e)
		if err != nil {
			return
		}
		text, err := r.Canonical()
		require.NoError(t, err)
		require.True(t, utf8.Valid(text))
		var back map[string]any
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, r.Words, back["words"])

		stored, err := json.Marshal(back["data"]) // keys in another order, escapes of another kind
		require.NoError(t, err)
		if n < 1e6 && n > -1e6 { // above, a float64 is written with an exponent
			again := r
			again.Data = audit.ParseData(stored)
			if again.Check() == nil {
				same, err := again.Canonical()
				require.NoError(t, err)
				require.Equal(t, string(text), string(same))
			}
		}
		other := e
		other.Words += "."
		o, err := audit.Seal(audit.Genesis, 1, other)
		require.NoError(t, err)
		require.NotEqual(t, r.Hash, o.Hash)
	})
}
