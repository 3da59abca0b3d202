package workflows

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/severhq/sever/activities"
	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/plan"
)

// The search attributes of a case. They are plain text to whoever may list
// workflows, so they carry ids and words of ours only.
var (
	SearchPrincipal = temporal.NewSearchAttributeKeyKeyword("PrincipalId")
	SearchCase      = temporal.NewSearchAttributeKeyKeyword("CaseId")
	SearchReason    = temporal.NewSearchAttributeKeyKeyword("CaseReason")
	SearchPhase     = temporal.NewSearchAttributeKeyKeyword("CasePhase")
	SearchOpen      = temporal.NewSearchAttributeKeyInt64("OpenItems")
	SearchHeld      = temporal.NewSearchAttributeKeyBool("Held")
)

// SearchAttributes are the names and types to register before a worker starts.
var SearchAttributes = map[string]string{
	SearchPrincipal.GetName(): "Keyword", SearchCase.GetName(): "Keyword", SearchReason.GetName(): "Keyword",
	SearchPhase.GetName(): "Keyword", SearchOpen.GetName(): "Int", SearchHeld.GetName(): "Bool",
}

// announce makes the case findable.
func (o *offboarding) announce(ctx workflow.Context) {
	o.upsert(ctx, SearchPrincipal.ValueSet(string(o.Principal)), SearchCase.ValueSet(o.Case), SearchReason.ValueSet(string(o.Policy.Reason)))
}

// say tells the search attributes, the pages of Temporal and, where people are
// waited for, the records, where the case stands.
func (o *offboarding) say(ctx workflow.Context) {
	at := workflow.Now(ctx)
	now := phase(o.State, at.Before(o.EffectiveAt), at.Before(o.GraceUntil))
	if o.status != access.CaseOpen {
		now = PhaseClosed
	}
	workflow.SetCurrentDetails(ctx, o.details(now))
	if now == o.Said {
		return
	}
	o.Said = now
	o.upsert(ctx, SearchPhase.ValueSet(string(now)), SearchOpen.ValueSet(int64(o.State.open())), SearchHeld.ValueSet(o.Held))
	// The records hear of the phases that last, and of their end. Those that pass by
	// themselves would cost more to write down than to watch.
	resting := slices.Contains([]Phase{PhaseApproval, PhaseQuarantine, PhaseDate, PhaseGrace, PhaseHeld, PhasePeople, PhaseRestoring}, now)
	if resting || o.Resting && since(ctx, tellsTheEnd) {
		o.mark(ctx, activities.MarkInput{Phase: string(now)})
	}
	o.Resting = resting
}

func (o *offboarding) mark(ctx workflow.Context, in activities.MarkInput) {
	in.Case = o.Case
	if !in.ProvenAt.IsZero() {
		in.Phase = string(PhaseSecondLook)
	}
	if err := workflow.ExecuteActivity(o.bookLater(ctx), records.Mark, in).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Error("where the case stands could not be recorded", "case", o.Case, "error", err)
	}
}

func (o *offboarding) upsert(ctx workflow.Context, attributes ...temporal.SearchAttributeUpdate) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, attributes...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes", "case", o.Case, "error", err)
	}
}

// details is the page that Temporal's own interface shows.
func (o *offboarding) details(now Phase) string {
	lines := []string{
		"**" + o.Case + "** (" + string(o.Policy.Reason) + "): " + string(now), "",
		"| connection | state | accounts | open | next try |", "| --- | --- | --- | --- | --- |",
	}
	for _, t := range o.Tracks {
		lines = append(lines, "| "+strings.Join([]string{t.Connection, string(t.State), strconv.Itoa(t.Accounts), strconv.Itoa(t.Open), moment(t.NextTry)}, " | ")+" |")
	}
	for _, p := range o.Plans {
		lines = append(lines, "", p.inWords())
	}
	if now == PhaseGrace {
		lines = append(lines, "", "contained; nothing is removed before "+moment(o.GraceUntil))
	}
	if o.FollowUps > 0 {
		lines = append(lines, "", "shared secrets to be rotated: "+strconv.Itoa(o.FollowUps))
	}
	if !o.SecondLookAt.IsZero() {
		lines = append(lines, "", "proven; second look at "+moment(o.SecondLookAt))
	}
	return strings.Join(lines, "\n")
}

// inWords is a plan on a line. It names no account, and so no guard: sever status does.
func (p PlanState) inWords() string {
	words := "plan " + strconv.Itoa(p.No) + " `" + p.Hash[:min(12, len(p.Hash))] + "` " + string(p.Status)
	if p.Supplements > 0 {
		words += "; " + plan.Supplement{To: p.Supplements, Late: p.Connections}.String()
	}
	if p.Status == PlanWaiting && p.Guarded > 0 {
		words += "; in quarantine: " + access.Count(p.Guarded, "guard") + "; approve it with a reason, deny it, or cancel the case"
	}
	return words
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (o *offboarding) progress() Progress {
	p := Progress{Case: o.Case, Reason: o.Policy.Reason, Phase: o.Said, Status: o.status, Held: o.Held,
		Connections: o.Tracks, Plans: o.Plans, SecondLookAt: o.SecondLookAt, GraceUntil: o.GraceUntil, Refusals: o.Refusals}
	return p
}
