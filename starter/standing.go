package main

import (
	"slices"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/store"
	"github.com/severhq/sever/workflows"
)

// standing is how a case stands for somebody who waits for it.
type standing string

// The standings. Only clean and proven mean that the access is gone.
const (
	standsClean     standing = "clean"
	standsProven    standing = "proven" // all gone; the second look is ahead
	standsRunning   standing = "running"
	standsScheduled standing = "scheduled" // waits for its effective date
	standsGrace     standing = "contained" // waits out its grace
	standsApproval  standing = "needs approval"
	// A guard tripped: only a person's word, with a reason, lets the case go on.
	standsQuarantine standing = "in quarantine"
	standsHeld       standing = "held"
	standsPeople     standing = "needs people"
	standsClosed     standing = "closed, not clean"
	standsDryRun     standing = "dry run"
)

func standingOf(c store.Case) standing {
	switch {
	case c.Status != access.CaseOpen && c.Phase == string(workflows.PhaseReinstatement):
		return standsApproval
	case c.Status != access.CaseOpen && c.Phase == string(workflows.PhaseRestoring):
		return standsRunning
	case c.Status == access.CaseClean:
		return standsClean
	case c.Status == access.CaseDryRun:
		return standsDryRun
	case c.Status != access.CaseOpen:
		return standsClosed
	case c.Phase == string(workflows.PhaseSecondLook):
		return standsProven
	case c.Phase == string(workflows.PhaseDate):
		return standsScheduled
	case c.Phase == string(workflows.PhaseGrace):
		return standsGrace
	case c.Phase == string(workflows.PhaseApproval):
		return standsApproval
	case c.Phase == string(workflows.PhaseQuarantine):
		return standsQuarantine
	case c.Phase == string(workflows.PhaseHeld):
		return standsHeld
	case c.Phase == string(workflows.PhasePeople):
		return standsPeople
	}
	return standsRunning
}

// exitCode is the promise to scripts.
func (s standing) exitCode() int {
	switch s {
	case standsClean, standsProven, standsScheduled, standsGrace, standsDryRun:
		return exitOK
	}
	return exitOpen
}

// really is the standing, corrected by what else is on record: the records say where a
// case came to rest, and not at once that it has begun to move again.
func (p picture) really(now time.Time) standing {
	waiting := slices.ContainsFunc(p.Plans, func(k planPart) bool { return k.Status == store.PlanWaiting })
	guarded := slices.ContainsFunc(p.Plans, planPart.quarantined)
	asks := p.Standing == standsApproval || p.Standing == standsQuarantine
	switch {
	case asks && guarded:
		return standsQuarantine
	case asks && waiting:
		return standsApproval
	case p.Standing == standsPeople && len(p.Tasks) == 0,
		asks && !waiting,
		p.Standing == standsScheduled && !p.EffectiveAt.After(now),
		p.Standing == standsGrace && !p.GraceUntil.After(now):
		return standsRunning
	}
	return p.Standing
}
