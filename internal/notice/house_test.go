package notice_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/notice"
)

// What is about no case names none, and no address of anybody.
func TestTheMessageAboutNoCase(t *testing.T) {
	t.Parallel()
	n := notice.RefusedRoster("hr.csv", "7/40 left", "40 people, ada@example.com among them, would have left", noon)
	text, err := json.Marshal(n.For(notice.Subject{}))
	require.NoError(t, err)
	require.JSONEq(t, `{"type": "roster.refused", "timestamp": "2026-05-01T12:00:00Z", "data": {"case": "", "principal": "", "reason": "",
		"words": "the roster hr.csv was refused, and nothing was changed: 40 people, [address] among them, would have left", "next": "sever roster status"}}`, string(text))
	require.Equal(t, []notice.Turn{{ID: n.ID()}}, n.Turns(), "once")
	later := notice.RefusedRoster("hr.csv", "7/40 left", "the same, an hour later", noon.Add(time.Hour))
	require.Equal(t, n.Turns(), later.Turns())
	require.NotEqual(t, n.ID(), notice.RefusedRoster("hr.csv", "7/41 left", "", noon).ID())
}

func TestAMessageThatIsRefusedIsToldOnceAnHour(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) []notice.Turn {
		return notice.RefusedDelivery("webhook/hris", 7, noon.Add(d)).Turns()
	}
	first := at(time.Minute)
	require.Len(t, first, 2)
	require.Equal(t, []time.Time{noon, noon.Add(time.Hour)}, []time.Time{first[0].After, first[1].After})
	require.Equal(t, first, at(59*time.Minute))
	require.Equal(t, first[1], at(61 * time.Minute)[0], "the next hour has one, whenever it was put there")
	require.NotEqual(t, first[0].ID, notice.RefusedDelivery("webhook/payroll", 7, noon).Turns()[0].ID)
}
