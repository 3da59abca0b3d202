package evidence

import (
	"fmt"

	"github.com/severhq/sever/internal/access"
)

// control is one control of a framework and what the pack has to say to it.
type control struct{ Name, Asks, Shows, Lacks string }

// controls map the pack to what auditors ask. The words are ours; the frameworks' own
// text decides.
func controls(c content) []control {
	speed := "it is not contained yet"
	if !c.Case.ContainedAt.IsZero() {
		speed = "every account of the plan was contained " + span(c.Case.ContainedAt.Sub(c.Case.OpenedAt)) + " after the request"
	}
	gone, silent := 0, 0
	for _, a := range c.Accounts {
		if a.Outcome == access.Removed || a.Outcome == access.AlreadyGone {
			gone++
		}
	}
	for _, k := range c.Case.Connections {
		if k.State != "discovered" {
			silent++
		}
	}
	tally := fmt.Sprintf("%d of %s proven gone", gone, plural(len(c.Accounts), "account", "accounts"))
	asked := fmt.Sprintf("%d of %s answered", len(c.Case.Connections)-silent, plural(len(c.Case.Connections), "connection", "connections"))
	return []control{
		{"CIS Controls v8,\n5.3", "Accounts that nobody uses any more are disabled or deleted.",
			"Accounts: each account that was linked to the person, and what became of it (" + tally + ").",
			"Accounts that no identity record links to the person, and accounts that are merely idle: this case looked for one person."},
		{"CIS Controls v8,\n6.2", "There is a process that revokes access when somebody leaves or changes role, at once, and disables before it deletes.",
			"Times: " + speed + ". Timeline: in which order accounts were disabled and removed.",
			"That every leaver got a case: compare the list of cases with the register of the personnel department."},
		{"NIST SP 800-53 r5,\nAC-2(3)", "Accounts are disabled within a defined time once they belong to nobody.",
			"Times: requested " + moment(c.Case.OpenedAt) + "; " + speed + ". Proofs: what each system answered afterwards.",
			"The time that your organization has defined, and how long it took from the event to the request."},
		{"NIST SP 800-53 r5,\nPS-4", "When employment ends, system access ends in a defined time, authenticators are revoked, and what the person held stays available.",
			"Accounts and proofs (" + tally + "); steps: what was disabled, ended, handed to a successor and deleted.",
			"Badges, devices, interviews, e-mail and every system that is no connection of this installation (" + asked + ")."},
		{"SOC 2,\nCC6.2", "Credentials are removed when access is not authorized any more.",
			"Case: who asked, when and why. Proofs: that the credentials are gone.",
			"How access was registered and authorized in the first place."},
		{"SOC 2,\nCC6.3", "Access is changed and removed by authorized people, with duties kept apart.",
			"Approvals: who approved which plan, by its hash, and whether that was somebody other than the requester. Chain: every change with its intent and its result.",
			"Whether those people hold their roles rightly."},
		{"ISO/IEC 27001:2022,\nA.5.18", "Access rights are given, reviewed, changed and removed by rule.",
			"The whole pack is the record of one removal: what was held (accounts.json), what was decided, what was done, what is left.",
			"Giving and reviewing rights; the rule itself."},
	}
}
