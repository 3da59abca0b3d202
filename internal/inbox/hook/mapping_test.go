package hook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/inbox"
)

// hris is a mapping as somebody writes one.
const hris = `
when:
  - {path: company, in: [acme, "7"]}
act:
  path: event
  values: {terminated: offboard, rehired: hold, promoted: none}
principal: {path: data.employee.number}
reason: hr
at: {path: data.last_day, format: date, clock: "17:30", zone: Europe/Paris, optional: true}
ticket: {path: data.request, optional: true}
hold: legal has to look
`

func mapping(t *testing.T, text string) *Mapping {
	t.Helper()
	m, err := ParseMapping([]byte(text))
	require.NoError(t, err)
	return m
}

func TestWhatMessagesAskFor(t *testing.T) {
	t.Parallel()
	leaves := inbox.Order{Principal: "1042", Act: inbox.Offboard, Reason: access.HR, Hold: "legal has to look", Why: "terminated"}
	dated := leaves
	dated.At, dated.Ticket = time.Date(2026, 12, 18, 16, 30, 0, 0, time.UTC), "HR-7"
	summer := leaves
	summer.At = time.Date(2026, 7, 1, 15, 30, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		body    string
		want    inbox.Order
		problem string
	}{
		"she leaves":                {`{"company":"acme","event":"terminated","data":{"employee":{"number":"1042"}}}`, leaves, ""},
		"a number is a name too":    {`{"company":7,"event":"terminated","data":{"employee":{"number":1042},"last_day":null}}`, leaves, ""},
		"on a day, in winter":       {`{"company":"acme","event":"terminated","data":{"employee":{"number":"1042"},"last_day":"2026-12-18","request":"HR-7"}}`, dated, ""},
		"on a day, in summer":       {`{"company":"acme","event":"terminated","data":{"employee":{"number":"1042"},"last_day":"2026-07-01"}}`, summer, ""},
		"she comes back":            {`{"company":"acme","event":"rehired","data":{"employee":{"number":"1042"}}}`, inbox.Order{Principal: "1042", Act: inbox.Hold, Why: "rehired"}, ""},
		"nothing to do":             {`{"company":"acme","event":"promoted"}`, inbox.Order{Act: inbox.None, Why: "promoted"}, ""},
		"of another company":        {`{"company":"other","event":"terminated"}`, inbox.Order{Act: inbox.None, Why: "company is other"}, ""},
		"no condition to compare":   {`{"event":"terminated"}`, inbox.Order{}, "company is missing"},
		"an event nobody knows":     {`{"company":"acme","event":"fired"}`, inbox.Order{}, `event is "fired", and the mapping does not say what that asks for`},
		"no event":                  {`{"company":"acme"}`, inbox.Order{}, "event is missing"},
		"nobody":                    {`{"company":"acme","event":"terminated","data":{"employee":{}}}`, inbox.Order{}, "data.employee.number is missing"},
		"nobody by null":            {`{"company":"acme","event":"terminated","data":{"employee":{"number":null}}}`, inbox.Order{}, "data.employee.number is null"},
		"nobody by an empty text":   {`{"company":"acme","event":"terminated","data":{"employee":{"number":""}}}`, inbox.Order{}, "data.employee.number is empty"},
		"several people":            {`{"company":"acme","event":"terminated","data":{"employee":{"number":["1042","1043"]}}}`, inbox.Order{}, "data.employee.number is no single value"},
		"a number with a fraction":  {`{"company":"acme","event":"terminated","data":{"employee":{"number":1.042e3}}}`, inbox.Order{}, "data.employee.number is 1.042e3, which is no whole number"},
		"no date":                   {`{"company":"acme","event":"terminated","data":{"employee":{"number":"1"},"last_day":"18.12.2026"}}`, inbox.Order{}, `data.last_day is "18.12.2026", which is not date`},
		"an empty date":             {`{"company":"acme","event":"terminated","data":{"employee":{"number":"1"},"last_day":"0001-01-01"}}`, inbox.Order{}, "nobody leaves in the year 1"},
		"no JSON":                   {`{"company":"acme"`, inbox.Order{}, "it is not JSON"},
		"nothing":                   {``, inbox.Order{}, "it is not JSON"},
		"a list":                    {`[]`, inbox.Order{}, "it is JSON, and no object"},
		"JSON with more behind it":  {`{"company":"acme"} {}`, inbox.Order{}, "it is not JSON"},
		"a ticket that is no text":  {`{"company":"acme","event":"terminated","data":{"employee":{"number":"1"},"request":{}}}`, inbox.Order{}, "data.request is no single value"},
		"a company that is no text": {`{"company":{"acme":1},"event":"terminated"}`, inbox.Order{}, "company is no single value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := mapping(t, hris).Read([]byte(c.body))
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestOtherDatesAndOtherWaysToFindAPerson(t *testing.T) {
	t.Parallel()
	for format, value := range map[string]string{"rfc3339": `"2026-12-18T17:30:00+01:00"`, "unix": "1797611400"} {
		m := mapping(t, `{"act":{"path":"e","values":{"x":"offboard"}},"principal":{"path":"who.#(kind==\"work\").mail","field":"email"},"reason":"hr","at":{"path":"at","format":"`+format+`"}}`)
		got, err := m.Read([]byte(`{"e":"x","at":` + value + `,"who":[{"kind":"home","mail":"a@home"},{"kind":"work","mail":"ada@example.com"}]}`))
		require.NoError(t, err)
		require.Equal(t, &inbox.Subject{Format: "email", Value: "ada@example.com", Field: "email"}, got.Subject)
		require.Equal(t, time.Date(2026, 12, 18, 16, 30, 0, 0, time.UTC), got.At, format)
		_, err = m.Read([]byte(`{"e":"x","who":[{"kind":"work","mail":"ada@example.com"}]}`))
		require.ErrorContains(t, err, "at is missing", "it is not optional")
	}
}

func TestMappingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for problem, text := range map[string]string{
		"it is empty": "",
		"field principals not found in type hook.Mapping": "principals: {}",
		"there is a second document":                      "{}\n---\n{}",
		"act.path is missing":                             "{}",
		"act.values says of no value":                     "{}",
		"principal.path is missing":                       "{}",
		`"x" asks for "fire": choose offboard`:            "act: {path: a, values: {x: fire}}",
		`reason is "sweep": choose hr`:                    "{act: {path: a, values: {x: offboard}}, reason: sweep}",
		`principal.field is "name": choose id`:            "principal: {path: a, field: name}",
		"when[0].in lists no value":                       "when: [{path: a}]",
		"when[0].path is missing":                         "when: [{in: [a]}]",
		"ticket.path is missing":                          "ticket: {optional: true}",
		"at makes no sense with the reason incident":      "{reason: incident, at: {path: a, format: unix}}",
		`at.format is "dd.mm.yyyy": choose`:               "at: {path: a, format: dd.mm.yyyy}",
		"at.clock and at.zone belong to the format date":  `at: {path: a, format: unix, zone: UTC}`,
		`at.clock is "": say when`:                        "at: {path: a, format: date, zone: UTC}",
		"at.zone is missing":                              `at: {path: a, format: date, clock: "17:30"}`,
		`at.zone "Local" is no time zone`:                 `at: {path: a, format: date, clock: "17:30", zone: Local}`,
		`at.zone "Atlantis" is no time zone`:              `at: {path: a, format: date, clock: "17:30", zone: Atlantis}`,
	} {
		_, err := ParseMapping([]byte(text))
		require.ErrorContains(t, err, problem)
	}
}
