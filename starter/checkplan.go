package main

import (
	"github.com/severhq/sever/internal/desk/paper"
	"github.com/severhq/sever/internal/plan"
)

// checked is what --check adds: for people the reasons, for scripts the exit code.
// What stays open counts before what waits for a word, for no word mends it.
func (a *app) checked(plans []paper.Planned, policy plan.Policy, asked bool) error {
	if !asked {
		return nil
	}
	found := paper.Wanting(plans, policy)
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
