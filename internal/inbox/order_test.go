package inbox

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

// A message that nobody could follow is refused before it is stored.
func TestMessagesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for problem, change := range map[string]func(*Message){
		"":                                     func(*Message) {},
		`"fax" is no kind of message`:          func(m *Message) { m.Kind = "fax" },
		"the name of the sender is empty":      func(m *Message) { m.Source = "" },
		"the id of the message is empty":       func(m *Message) { m.ID = "" },
		"the id of the message is 181 bytes":   func(m *Message) { m.ID = strings.Repeat("x", 181) },
		"character at byte 2 that cannot be s": func(m *Message) { m.ID = "a\x1b" },
		"who asks is empty":                    func(m *Message) { m.Order.By = "" },
		`"dance" is nothing that can be asked`: func(m *Message) { m.Order.Act = "dance" },
		"it has to say who it is about":        func(m *Message) { m.Order.Principal = "" },
		"who it is about, in one way":          func(m *Message) { m.Order.Subject = &Subject{"email", "a@b", "email"} },
		"the email of the subject is empty":    func(m *Message) { m.Order.Principal, m.Order.Subject = "", &Subject{"email", "", "email"} },
		`not found by "name": choose`:          func(m *Message) { m.Order.Principal, m.Order.Subject = "", &Subject{"email", "x", "name"} },
		`not found by "attr.": choose`:         func(m *Message) { m.Order.Principal, m.Order.Subject = "", &Subject{"email", "x", "attr."} },
		`the reason is "sweep": choose hr or`:  func(m *Message) { m.Order.Reason = "sweep" },
		"the ticket begins or ends with a spa": func(m *Message) { m.Order.Ticket = " 1" },
	} {
		m := Message{Kind: Webhook, Source: "hris", ID: "msg_1", Order: Order{Principal: "E1", Act: Offboard, Reason: access.HR, By: "webhook:hris"}}
		change(&m)
		if err := m.check(); problem == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, problem)
		}
	}
}

func TestWhatLiesInThePastBeginsAtOnce(t *testing.T) {
	t.Parallel()
	require.Zero(t, Order{At: noon.Add(-time.Hour)}.begins(noon))
	require.Zero(t, Order{At: noon}.begins(noon))
	require.Zero(t, Order{}.begins(noon))
	require.Equal(t, noon.Add(time.Hour), Order{At: noon.Add(time.Hour)}.begins(noon))
}
