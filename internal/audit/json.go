package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// rowJSON is a row outside the database: the canonical fields and the hash.
type rowJSON struct {
	V         int             `json:"v"`
	Chain     string          `json:"chain"`
	Seq       int64           `json:"seq"`
	Key       string          `json:"key"`
	At        string          `json:"at"`
	Kind      string          `json:"kind"`
	Actor     string          `json:"actor"`
	Object    string          `json:"object"`
	Attempt   int             `json:"attempt"`
	Outcome   string          `json:"outcome"`
	Words     string          `json:"words"`
	RequestID string          `json:"request_id"`
	Data      json.RawMessage `json:"data"`
	Prev      string          `json:"prev"`
	Hash      string          `json:"hash"`
}

// MarshalJSON writes the row for an evidence pack. Take out "hash" and sort the
// keys, and what is left is the canonical form.
func (r Row) MarshalJSON() ([]byte, error) {
	e, err := r.normal()
	if err != nil {
		return nil, err
	}
	data, err := appendValue(nil, e.Data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(rowJSON{
		V: 1, Chain: r.Chain, Seq: r.Seq, Key: r.Key, At: e.At.Format(timeForm), Kind: r.Kind, Actor: r.Actor,
		Object: r.Object, Attempt: r.Attempt, Outcome: r.Outcome, Words: r.Words, RequestID: r.RequestID,
		Data: data, Prev: r.Prev, Hash: r.Hash,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote, and refuses fields that no hash
// covers. It does not verify.
func (r *Row) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var in rowJSON
	if err := d.Decode(&in); err != nil {
		return fmt.Errorf("audit row: %w", err)
	}
	at, err := time.Parse(timeForm, in.At)
	if err != nil {
		return fmt.Errorf("audit row %d: %w", in.Seq, err)
	}
	if in.V != 1 {
		return fmt.Errorf("audit row %d: form %d is not known", in.Seq, in.V)
	}
	*r = Row{
		Event: Event{
			Chain: in.Chain, Key: in.Key, At: at, Kind: in.Kind, Actor: in.Actor, Object: in.Object,
			Attempt: in.Attempt, Outcome: in.Outcome, Words: in.Words, RequestID: in.RequestID, Data: ParseData(in.Data),
		},
		Seq: in.Seq, Prev: in.Prev, Hash: in.Hash,
	}
	return nil
}
