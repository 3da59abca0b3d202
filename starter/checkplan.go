package main

import (
	"fmt"

	"github.com/severhq/sever/internal/plan"
	"github.com/severhq/sever/internal/store"
)

// checked is what --check adds: for people the reasons, for scripts the exit code.
// What stays open counts before what waits for a word, for no word mends it.
func (a *app) checked(plans []plannedPart, policy plan.Policy, asked bool) error {
	if !asked {
		return nil
	}
	found := wanting(plans, policy)
	if !a.json {
		a.out.line("")
		for _, why := range found.Open {
			a.out.line(a.out.red("check: stays open: ") + oneLine(why))
		}
		for _, why := range found.Word {
			a.out.line(a.out.yellow("check: waits for a person: ") + oneLine(why))
		}
	}
	switch {
	case len(found.Open) > 0:
		return exit(exitOpen)
	case len(found.Word) > 0:
		return exit(exitWord)
	}
	if !a.json {
		a.out.line(a.out.green("check: ") + "within the limits; nothing is unknown, guarded, blocked or protected")
	}
	return nil
}

// wanting looks at the plans in force. A plan that was approved waits for nobody any
// more, and of a denied one nothing is done.
func wanting(plans []plannedPart, policy plan.Policy) plan.Checked {
	var all plan.Checked
	inForce := 0
	for _, p := range plans {
		if p.Status == store.PlanSuperseded {
			continue
		}
		inForce++
		one := p.body.Check(policy)
		switch p.Status {
		case store.PlanApproved:
			one.Word = nil
		case store.PlanDenied:
			one = plan.Checked{Open: []string{fmt.Sprintf("plan %d is denied: nothing of it is done", p.No)}}
		}
		all.Word, all.Open = append(all.Word, one.Word...), append(all.Open, one.Open...)
	}
	if inForce == 0 {
		all.Open = append(all.Open, "there is no plan")
	}
	return all
}
