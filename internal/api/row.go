package api

import (
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/severhq/sever/internal/audit"
)

// row describes a row of the trail, which writes itself: exactly as it is hashed.
type row struct {
	V         int            `json:"v"`
	Chain     string         `json:"chain"`
	Seq       int64          `json:"seq"`
	Key       string         `json:"key"`
	At        time.Time      `json:"at"`
	Kind      string         `json:"kind"`
	Actor     string         `json:"actor"`
	Object    string         `json:"object"`
	Attempt   int            `json:"attempt"`
	Outcome   string         `json:"outcome"`
	Words     string         `json:"words"`
	RequestID string         `json:"request_id"`
	Data      map[string]any `json:"data"`
	Prev      string         `json:"prev"`
	Hash      string         `json:"hash"`
}

// aliases are types whose JSON is not what their fields say.
func aliases(r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[audit.Row](), reflect.TypeFor[row]())
}

// asked are the schemas of what clients send. Of those an unknown field is a mistake; to
// what is answered fields may be added, and a client has to bear it.
var asked = map[string]bool{"Order": true, "Why": true, "Word": true, "Retry": true, "Waiver": true, "Plea": true, "Done": true, "Reply": true, "Alarm": true}

// open lets fields be added to what is answered.
func open(r huma.Registry) {
	for name, schema := range r.Map() {
		if !asked[name] && schema.Type == huma.TypeObject && schema.AdditionalProperties == false {
			schema.AdditionalProperties = true
		}
	}
}
