package sweep_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/sweep"
)

func TestAllows(t *testing.T) {
	t.Parallel()
	s := sweep.Spec{MaxPerRun: 5, MaxPerHour: 8}
	for name, c := range map[string]struct {
		trust   sweep.Trust
		leavers int
		now     int
		waits   string
	}{
		"nobody has left":                 {sweep.Trust{}, 0, 0, ""},
		"the first":                       {sweep.Trust{}, 1, 1, ""},
		"one at a time at first":          {sweep.Trust{}, 4, 1, "the first plan of this sweep has to be approved before there are more cases"},
		"none while the first waits":      {sweep.Trust{First: "C-1"}, 4, 0, "the first plan of this sweep is not approved: sever plan C-1, then sever approve C-1"},
		"approved":                        {sweep.Trust{Approved: true, First: "C-1"}, 4, 4, ""},
		"as many as the run may":          {sweep.Trust{Approved: true}, 9, 5, "at most 5 cases a run: the next run goes on"},
		"less what the run has opened":    {sweep.Trust{Approved: true, InRun: 4}, 9, 1, "at most 5 cases a run: the next run goes on"},
		"less what the hour has opened":   {sweep.Trust{Approved: true, InHour: 6}, 9, 2, "at most 8 cases an hour: the next run goes on"},
		"more in the hour than it may":    {sweep.Trust{Approved: true, InHour: 11}, 9, 0, "at most 8 cases an hour: the next run goes on"},
		"the first counts in its hour":    {sweep.Trust{InHour: 8}, 2, 0, "at most 8 cases an hour: the next run goes on"},
		"the strictest is what is said":   {sweep.Trust{First: "C-1", InHour: 7}, 9, 0, "the first plan of this sweep is not approved: sever plan C-1, then sever approve C-1"},
		"exactly as many as there may be": {sweep.Trust{Approved: true}, 5, 5, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, waits := s.Allows(c.trust, c.leavers)
			require.Equal(t, c.now, now)
			require.Equal(t, c.waits, waits)
		})
	}
}
