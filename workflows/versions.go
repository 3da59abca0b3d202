package workflows

import "go.temporal.io/sdk/workflow"

// Cases run for weeks, and a case that began under an earlier release goes on under
// this one. Each change of what a running case does has a name here, and both
// branches stay until no case from before it is open.
const (
	// The records are told when a phase that lasts has ended, too.
	tellsTheEnd = "tells the end of a phase"
)

// since reports whether the case may do what came with a change: yes for every case
// that reaches the place first under a release that has it.
func since(ctx workflow.Context, change string) bool {
	return workflow.GetVersion(ctx, change, workflow.DefaultVersion, 1) == 1
}
