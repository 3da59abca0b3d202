package paper

import (
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// Standing is how a case stands for somebody who waits for it.
type Standing string

// The standings. Only clean and proven mean that the access is gone.
const (
	StandsClean     Standing = "clean"
	StandsProven    Standing = "proven" // all gone; the second look is ahead
	StandsRunning   Standing = "running"
	StandsScheduled Standing = "scheduled" // waits for its effective date
	StandsGrace     Standing = "contained" // waits out its grace
	StandsApproval  Standing = "needs approval"
	// A guard tripped: only a person's word, with a reason, lets the case go on.
	StandsQuarantine Standing = "in quarantine"
	StandsHeld       Standing = "held"
	StandsPeople     Standing = "needs people"
	StandsClosed     Standing = "closed, not clean"
	StandsDryRun     Standing = "dry run"
)

// StandingOf is what the record of a case says by itself; Really corrects it.
func StandingOf(c store.Case) Standing {
	switch {
	case c.Status != access.CaseOpen && c.Phase == string(workflows.PhaseReinstatement):
		return StandsApproval
	case c.Status != access.CaseOpen && c.Phase == string(workflows.PhaseRestoring):
		return StandsRunning
	case c.Status == access.CaseClean:
		return StandsClean
	case c.Status == access.CaseDryRun:
		return StandsDryRun
	case c.Status != access.CaseOpen:
		return StandsClosed
	case c.Phase == string(workflows.PhaseSecondLook):
		return StandsProven
	case c.Phase == string(workflows.PhaseDate):
		return StandsScheduled
	case c.Phase == string(workflows.PhaseGrace):
		return StandsGrace
	case c.Phase == string(workflows.PhaseApproval):
		return StandsApproval
	case c.Phase == string(workflows.PhaseQuarantine):
		return StandsQuarantine
	case c.Phase == string(workflows.PhaseHeld):
		return StandsHeld
	case c.Phase == string(workflows.PhasePeople):
		return StandsPeople
	}
	return StandsRunning
}

// Really is the Standing, corrected by what else is on record: the records say where a
// case came to rest, and not at once that it has begun to move again.
func (p Picture) Really(now time.Time) Standing {
	waiting := slices.ContainsFunc(p.Plans, func(k Plan) bool { return k.Status == store.PlanWaiting })
	guarded := slices.ContainsFunc(p.Plans, Plan.Quarantined)
	asks := p.Standing == StandsApproval || p.Standing == StandsQuarantine
	switch {
	case asks && guarded:
		return StandsQuarantine
	case asks && waiting:
		return StandsApproval
	case p.Standing == StandsPeople && len(p.Tasks) == 0,
		asks && !waiting,
		p.Standing == StandsScheduled && !p.EffectiveAt.After(now),
		p.Standing == StandsGrace && !p.GraceUntil.After(now):
		return StandsRunning
	}
	return p.Standing
}
