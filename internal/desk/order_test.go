package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/roles"
)

// An order is read before anybody is asked: what makes no sense never gets as far as
// the records.
func TestOrders(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		change  func(*Order)
		kind    Kind
		problem string
	}{
		"an ordinary one":        {change: func(*Order) {}},
		"a grace":                {change: func(o *Order) { o.Grace = time.Hour }},
		"a date":                 {change: func(o *Order) { o.At = now.Add(time.Hour) }},
		"nobody":                 {func(o *Order) { o.Principal = "" }, Invalid, "the principal is empty"},
		"no reason":              {func(o *Order) { o.Reason = "" }, Invalid, "the reason is missing"},
		"a reason nobody knows":  {func(o *Order) { o.Reason = "whim" }, Invalid, "whim"},
		"a date gone by":         {func(o *Order) { o.At = now }, Invalid, "2026-05-01T12:00:00Z is not in the future"},
		"an incident with time":  {func(o *Order) { o.Reason, o.At = access.Incident, now.Add(time.Hour) }, Invalid, "it begins at once"},
		"an incident with grace": {func(o *Order) { o.Reason, o.Grace = access.Incident, time.Hour }, Invalid, "nobody waits"},
		"a grace backwards":      {func(o *Order) { o.Grace = -time.Hour }, Invalid, "give a positive length of time"},
		"a rule nobody knows":    {func(o *Order) { o.Shared = "guess" }, Invalid, "choose task or rotate"},
		"a ticket unseen":        {func(o *Order) { o.Ticket = "HR\u200b7" }, Invalid, "the ticket has a character"},
		"a key too long":         {func(o *Order) { o.Key = string(make([]byte, 300)) }, Invalid, "the key is"},
		"a hold of spaces":       {func(o *Order) { o.Hold = "  " }, Invalid, "the reason of the hold is empty"},
		"an empty successor":     {func(o *Order) { o.Successors = map[string]string{"": ""} }, Invalid, "the successor is empty"},
		"nobody asks":            {func(o *Order) { o.By = "" }, Invalid, "the acting person is empty"},
		"who may not":            {func(o *Order) { o.By = "mallory" }, Forbidden, "mallory may not request the end of somebody's access"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := roles.Parse(map[string]string{"SEVER_ROLE_REQUESTER": "hr"})
			require.NoError(t, err)
			o := Order{Principal: "E1", Reason: access.HR, By: "hr"}
			c.change(&o)
			s, err := (&Desk{Roles: r, Vars: config.Vars{}}).Understand(o, roles.Request, now)
			if c.problem == "" {
				require.NoError(t, err)
				require.Equal(t, o.Principal, s.Principal)
				require.Equal(t, o.Grace, s.Policy.Grace)
				return
			}
			require.ErrorContains(t, err, c.problem)
			require.Equal(t, c.kind, Explain(err).Kind)
		})
	}
}
