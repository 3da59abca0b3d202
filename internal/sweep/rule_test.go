package sweep_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/sweep"
)

func TestParseRule(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		want sweep.Rule
		says string
	}{
		"left":                  {want: sweep.Rule{Kind: sweep.Left}},
		"unissued":              {want: sweep.Rule{Kind: sweep.Unissued}},
		"orphans":               {want: sweep.Rule{Kind: sweep.Orphans}},
		"unused:35":             {want: sweep.Rule{Kind: sweep.Unused, Days: 35}},
		"unused:45":             {want: sweep.Rule{Kind: sweep.Unused, Days: 45}},
		"unused:90":             {want: sweep.Rule{Kind: sweep.Unused, Days: 90}},
		"acl":                   {want: sweep.Rule{Kind: sweep.ACL, Most: 100}},
		"acl:7":                 {want: sweep.Rule{Kind: sweep.ACL, Most: 7}},
		"entitlements:may.csv":  {want: sweep.Rule{Kind: sweep.Entitlements, Source: "may.csv"}},
		"entitlements:c:/a.csv": {want: sweep.Rule{Kind: sweep.Entitlements, Source: "c:/a.csv"}},
		"left:now":              {says: "takes nothing after its name"},
		"unused":                {says: "unused:35, unused:45 or unused:90"},
		"unused:60":             {says: "unused:35, unused:45 or unused:90"},
		"unused:-90":            {says: "unused:35, unused:45 or unused:90"},
		"acl:0":                 {says: "names no number of grants"},
		"acl:":                  {says: "names no number of grants"},
		"entitlements":          {says: "names no file"},
		"Left":                  {says: `there is no rule "Left"`},
		"":                      {says: `there is no rule ""`},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := sweep.ParseRule(text)
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			again, err := sweep.ParseRule(got.String())
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"a rule":                 {text: `{"kind":"left"}`},
		"a misspelt field":       {`{"kind":"unused","day":45}`, `unknown field "day"`},
		"something behind it":    {`{"kind":"left"} {"kind":"orphans"}`, "something follows it"},
		"days of another rule":   {`{"kind":"unused","days":46}`, "unused:35"},
		"what left cannot have":  {`{"kind":"left","allowed":[{"connection":"*","account":"a","database":"*","privileges":["*"]}]}`, "has no entitlements"},
		"nothing allowed":        {`{"kind":"entitlements","source":"x"}`, "allow nothing at all"},
		"everybody":              {`{"kind":"entitlements","source":"x","allowed":[{"connection":"*","account":"*","database":"*","privileges":["*"]}]}`, "entitlement 1: * is no principal"},
		"nobody":                 {`{"kind":"entitlements","source":"x","allowed":[{"connection":"*","database":"*","privileges":["*"]}]}`, "a principal or an account"},
		"both":                   {`{"kind":"entitlements","source":"x","allowed":[{"connection":"*","principal":"E1","account":"a","database":"*","privileges":["*"]}]}`, "one of them"},
		"no database":            {`{"kind":"entitlements","source":"x","allowed":[{"connection":"*","account":"a","privileges":["*"]}]}`, "no database"},
		"no privilege":           {`{"kind":"entitlements","source":"x","allowed":[{"connection":"*","account":"a","database":"*","privileges":[""]}]}`, "no privilege"},
		"no connection":          {`{"kind":"entitlements","source":"x","allowed":[{"account":"a","database":"*","privileges":["*"]}]}`, "no connection"},
		"entitlements with care": {text: `{"kind":"entitlements","source":"x","allowed":[{"connection":"pg","account":"a","database":"*","privileges":["*"]}]}`},
		"no JSON":                {`left`, "read the rule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sweep.Decode([]byte(c.text))
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			again, err := json.Marshal(got)
			require.NoError(t, err)
			require.JSONEq(t, c.text, string(again))
		})
	}
}

func TestSpecCheck(t *testing.T) {
	t.Parallel()
	good := sweep.Spec{Name: "leavers", Rule: sweep.Rule{Kind: sweep.Left}, Mode: sweep.Enforce, Every: time.Hour, Notice: sweep.DefaultNotice,
		MaxPerRun: sweep.DefaultMaxPerRun, MaxPerHour: sweep.DefaultMaxPerHour}
	require.NoError(t, good.Check())
	for name, c := range map[string]struct {
		change func(*sweep.Spec)
		says   string
	}{
		"no name":                 {func(s *sweep.Spec) { s.Name = "" }, "use small letters"},
		"a name with a slash":     {func(s *sweep.Spec) { s.Name = "a/b" }, "use small letters"},
		"a bad rule":              {func(s *sweep.Spec) { s.Rule.Kind = "x" }, "there is no rule"},
		"two rhythms":             {func(s *sweep.Spec) { s.Cron = "0 3 * * *" }, "not both"},
		"too often":               {func(s *sweep.Spec) { s.Every = time.Second }, "too often"},
		"backwards":               {func(s *sweep.Spec) { s.Every = -time.Hour }, "too often"},
		"another mode":            {func(s *sweep.Spec) { s.Mode = "remove" }, "choose report or enforce"},
		"enforcing without whose": {func(s *sweep.Spec) { s.Rule.Kind = sweep.Unissued }, "only reports"},
		"enforcing nothing":       {func(s *sweep.Spec) { s.MaxPerHour = 0 }, "enforces nothing"},
		"a negative notice":       {func(s *sweep.Spec) { s.Notice = -1 }, "negative"},
		"an empty connection":     {func(s *sweep.Spec) { s.Connections = []string{""} }, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := good
			c.change(&s)
			require.ErrorContains(t, s.Check(), c.says)
		})
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		span sweep.Span
		want []sweep.State // of run 1, 2, ...
	}{
		"there and stays":       {sweep.Span{First: 2, Last: 4}, []sweep.State{sweep.Absent, sweep.New, sweep.Still, sweep.Still, sweep.Unseen}},
		"gone":                  {sweep.Span{First: 1, Last: 2, Gone: 4}, []sweep.State{sweep.New, sweep.Still, sweep.Unseen, sweep.Gone, sweep.Absent}},
		"gone in the next":      {sweep.Span{First: 1, Last: 1, Gone: 2}, []sweep.State{sweep.New, sweep.Gone, sweep.Absent}},
		"never looked at again": {sweep.Span{First: 1, Last: 1}, []sweep.State{sweep.New, sweep.Unseen, sweep.Unseen}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, want := range c.want {
				require.Equal(t, want, c.span.At(i+1), "run %d", i+1)
			}
		})
	}
}
