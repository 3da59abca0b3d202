package workflows

import "go.temporal.io/sdk/workflow"

// Cases run for weeks, and a case that began under an earlier release goes on under
// this one. Each change of what a running case does has a name here, and both
// branches stay until no case from before it is open.
const (
	// The records are told when a phase that lasts has ended, too.
	tellsTheEnd = "tells the end of a phase"
	// A connection is weighed when its own lanes have ended, not those of the wave.
	landsAlone = "connections land alone"
	// A case that was held for long plans again before it goes on removing.
	plansAfterHold = "plans again after a long hold"
	// The people of a small incident are shared out among all that open cases.
	everyCallerCalls = "every caller calls"
	// A case of an incident removes nothing before the others are contained.
	removesLast = "removes when the others are contained"
)

// since reports whether the case may do what came with a change: yes for every case
// that reaches the place first under a release that has it.
func since(ctx workflow.Context, change string) bool {
	return workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) == 1
}

// climbTogether is climb from before landsAlone: all lanes of the wave, then one
// weighing of all its connections.
func (o *offboarding) climbTogether(ctx workflow.Context, w *wave, goOn bool) {
	if goOn {
		done := workflow.NewWaitGroup(ctx)
		for _, lane := range w.planned.Lanes {
			done.Add(1)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer done.Done()
				if err := o.lane(ctx, w, lane); err != nil {
					w.fail(err, lane.Connection)
				}
			})
		}
		done.Wait(ctx)
	}
	own, _ := workflow.NewDisconnectedContext(ctx)
	var weigh []string
	for _, c := range w.connections {
		if o.settle(own, w, c) {
			weigh = append(weigh, c)
		}
	}
	o.weigh(own, weigh)
	for _, c := range w.connections {
		o.askAgain(w, c)
	}
	o.turn()
}
