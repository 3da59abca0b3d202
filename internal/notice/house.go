package notice

import (
	"fmt"
	"time"
)

// RefusedRoster tells that the list of people, as the schedule took it, was not believed.
// A refusal that is the same as one before is the same notice, whenever it happens.
func RefusedRoster(source, same, words string, at time.Time) Notice {
	return Notice{Kind: RosterRefused, At: at, Key: "roster/" + source + "/" + same, About: About{
		Words: join("the roster "+source+" was refused, and nothing was changed", words), Next: "sever roster status"}}
}

// RefusedDelivery tells that a message of a sender was taken and cannot be followed. Its
// reason is not told: it may hold what the sender calls the principal by.
func RefusedDelivery(sender string, number int64, at time.Time) Notice {
	return Notice{Kind: DeliveryRefused, At: at, Key: "delivery/refused/" + sender, Every: time.Hour, About: About{
		Words: fmt.Sprintf("delivery %d, a message of %s, cannot be followed and waits for a person, and others of the same sender may", number, sender),
		Next:  "sever deliveries list --state refused"}}
}

// RejectedDelivery tells that what came in the name of a sender was not believed, and is
// not kept. Who sent it is not known, so nothing of it is told.
func RejectedDelivery(sender string, at time.Time) Notice {
	return Notice{Kind: DeliveryRejected, At: at, Key: "delivery/rejected/" + sender, Every: time.Hour, About: About{
		Words: "what comes in the name of " + sender + " is not believed and not kept: what it really sent has to be sent again, or somebody else tries",
		Next:  "sever audit show house"}}
}

// Turn is a chance to tell a notice: under an id, and not before a time.
type Turn struct {
	ID    string
	After time.Time
}

// Turns are the chances of a notice, of which the first that is free is taken. One that is
// told only every so often has the present hour, or whatever that is, and the next one:
// what happens in an hour that has its notice already is told when the next one begins.
// So nothing stays untold, however often it happens.
func (n Notice) Turns() []Turn {
	if n.Every == 0 {
		return []Turn{{ID: n.ID()}}
	}
	now := n.At.UTC().Truncate(n.Every)
	var out []Turn
	for _, at := range []time.Time{now, now.Add(n.Every)} {
		turn := n
		turn.Key += "/" + at.Format(time.RFC3339)
		out = append(out, Turn{turn.ID(), at})
	}
	return out
}
