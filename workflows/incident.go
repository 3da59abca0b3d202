package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
)

// IncidentID is the workflow of an incident.
func IncidentID(incident string) string { return "incident/" + incident }

// How an incident is carried out: so many people to an activity at most, and so many of
// those side by side.
const (
	rollSize = 25
	callers  = 4
)

var incidents *activities.Incidents

// Roster is all that an incident remembers between runs of its workflow. Who its people
// are is in the records.
type Roster struct {
	Incident string `json:"incident"`
	// The rest is set when the work has begun.
	People     int           `json:"people,omitempty"`
	Until      time.Time     `json:"until,omitzero"` // no more is tried after that
	RetryEvery time.Duration `json:"retry_every,omitempty"`
	Rounds     int           `json:"rounds,omitempty"` // over all who were waiting
	Next       int           `json:"next,omitempty"`   // the first place of this round that was not called yet
	Waiting    int           `json:"waiting,omitempty"`
}

// Incident opens the cases of many people at once, each with the workflow of its own
// that every case has. It ends when a case has taken everybody; who is not taken, since
// a case is just being cancelled, or the server is busy, is tried again and again, and
// in the end given up, visibly. It needs nobody to wait for it.
func Incident(ctx workflow.Context, r Roster) (activities.Disbanded, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // a cancellation names nobody, and saves nobody
	ctx = bookkeeping(ctx, first)
	if r.Until.IsZero() {
		var m activities.Mustered
		if err := workflow.ExecuteActivity(ctx, incidents.Muster, activities.MusterInput{Incident: r.Incident, At: workflow.Now(ctx)}).Get(ctx, &m); err != nil {
			return activities.Disbanded{}, inOwnWords(err)
		}
		if m.Refused != "" {
			return activities.Disbanded{Lost: m.People}, nil
		}
		r.People, r.RetryEvery, r.Until, r.Next = m.People, m.RetryEvery, workflow.Now(ctx).Add(m.Horizon), 1
	}
	for {
		if !r.round(ctx) {
			return activities.Disbanded{}, workflow.NewContinueAsNewError(ctx, Incident, r)
		}
		if r.Waiting == 0 || !workflow.Now(ctx).Before(r.Until) {
			break
		}
		workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d of %d wait to be taken by a case", r.Waiting, r.People))
		_ = workflow.Sleep(ctx, pause(r.Rounds, r.RetryEvery))
		r.Next, r.Waiting = 1, 0
	}
	var out activities.Disbanded
	err := workflow.ExecuteActivity(ctx, incidents.Disband, activities.DisbandInput{Incident: r.Incident, At: workflow.Now(ctx)}).Get(ctx, &out)
	return out, err
}

// round calls everybody who is still waiting, some at a time. It reports whether it came
// to its end; a history that has grown long ends it early.
func (r *Roster) round(ctx workflow.Context) bool {
	size := rollSize
	if since(ctx, everyCallerCalls) {
		size = min(rollSize, (r.People+callers-1)/callers)
	}
	done := workflow.NewWaitGroup(ctx)
	for range callers {
		done.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer done.Done()
			for r.Next <= r.People && !workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
				roll := activities.Roll{Incident: r.Incident, First: r.Next, Last: min(r.Next+size-1, r.People)}
				r.Next = roll.Last + 1
				var called activities.Called
				if err := workflow.ExecuteActivity(ctx, incidents.OpenCases, roll).Get(ctx, &called); err != nil {
					called.Waiting = roll.Last - roll.First + 1 // a mistake of ours: they are counted, and tried again
					workflow.GetLogger(ctx).Error("cases could not be opened", "incident", r.Incident, "first", roll.First, "error", err)
				}
				r.Waiting += called.Waiting
			}
		})
	}
	done.Wait(ctx)
	if r.Next <= r.People {
		return false
	}
	r.Rounds++
	return true
}

// pause is how long an incident rests after so many rounds: two seconds at first, twice
// as long each time, at most the policy's pace.
func pause(rounds int, most time.Duration) time.Duration {
	return min(2*time.Second<<min(max(rounds-1, 0), 20), most)
}
