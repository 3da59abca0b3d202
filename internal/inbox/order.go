package inbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
)

// Act is what a message asks for.
type Act string

// The acts.
const (
	Offboard Act = "offboard" // the access ends
	Hold     Act = "hold"     // an open case removes nothing before a person has looked
	None     Act = "none"     // nothing: it is good to know
)

// The kinds of messages.
const (
	Webhook = "webhook"
	SET     = "set"
	SCIM    = "scim"
	Roster  = "roster"
)

// kinds are all kinds of messages.
var kinds = []string{Webhook, SET, SCIM, Roster}

// Order is what a message asks for, as its mapping understood it. It is all that is kept
// of a message.
type Order struct {
	// Principal is who it is about; or Subject, which says how to find out.
	Principal access.PrincipalID `json:"principal,omitempty"`
	Subject   *Subject           `json:"subject,omitempty"`
	Act       Act                `json:"act"`
	Reason    access.Reason      `json:"reason,omitempty"` // of an offboarding
	// At is when to begin. What lies in the past begins at once.
	At     time.Time `json:"at,omitzero"`
	Ticket string    `json:"ticket,omitempty"`
	// Hold is why a case that this opens removes nothing before somebody says resume.
	Hold string `json:"hold,omitempty"`
	// By is who asks, as the roles know them: webhook:hris, set:okta.
	By string `json:"by"`
	// Why is what happened, in a few words.
	Why string `json:"why,omitempty"`
	// Recycled is true when the subject's identifier belongs to somebody else now: what
	// leads to the principal is in doubt from then on. Only of a hold.
	Recycled bool `json:"recycled,omitempty"`
}

// Subject says how a principal is found: the one of which a field has a value.
type Subject struct {
	Format string `json:"format"` // what the sender calls it: email, iss_sub
	Value  string `json:"value"`
	Field  string `json:"field"` // of a principal: id, login, email, attr.NAME
}

// Identifier is the subject as doubts name it.
func (s Subject) Identifier() string { return s.Format + "/" + s.Value }

// Message is something that another system sent, and that is believed to come from it.
type Message struct {
	Kind   string // Webhook, SET, SCIM, Roster
	Source string // the name of the sender here
	ID     string // of the message, by the sender
	// Body is what makes the message itself: the same body under the same ID is the same
	// message. It is hashed, and not kept.
	Body  []byte
	Order Order
}

// maxMessageID keeps the name of a delivery within what a key may be.
const maxMessageID = 180

// check refuses a message that could not be stored, or that nobody could follow.
func (m Message) check() error {
	if !slices.Contains(kinds, m.Kind) {
		return desk.Invalidf("%q is no kind of message", m.Kind)
	}
	if err := desk.ValidText("the name of the sender", m.Source, 40); err != nil {
		return err
	}
	if err := desk.ValidText("the id of the message", m.ID, maxMessageID); err != nil {
		return err
	}
	return m.Order.check()
}

// check refuses an order that nobody could follow.
func (o Order) check() error {
	if err := desk.ValidName("who asks", o.By); err != nil {
		return err
	}
	switch {
	case o.Act != Offboard && o.Act != Hold && o.Act != None:
		return desk.Invalidf("%q is nothing that can be asked for", o.Act)
	case o.Act == None:
	case (o.Principal == "") == (o.Subject == nil):
		return desk.Invalidf("it has to say who it is about, in one way")
	case o.Principal != "":
		if err := desk.ValidText("the principal", string(o.Principal), desk.MaxPrincipal); err != nil {
			return err
		}
	default:
		if err := desk.ValidText("the "+o.Subject.Format+" of the subject", o.Subject.Value, desk.MaxPrincipal); err != nil {
			return err
		}
		if !FindsBy(o.Subject.Field) {
			return desk.Invalidf("principals are not found by %q: choose id, login, email or attr.NAME", o.Subject.Field)
		}
	}
	if o.Act == Offboard && o.Reason != access.HR && o.Reason != access.Incident {
		return desk.Invalidf("the reason is %q: choose %s or %s", o.Reason, access.HR, access.Incident)
	}
	for _, t := range []struct{ what, text string }{{"the ticket", o.Ticket}, {"the reason of the hold", o.Hold}, {"what happened", o.Why}} {
		if t.text == "" {
			continue
		}
		if err := desk.ValidName(t.what, t.text); err != nil {
			return err
		}
	}
	return nil
}

// FindsBy reports whether principals can be found by a field.
func FindsBy(field string) bool {
	name, attribute := strings.CutPrefix(field, "attr.")
	return slices.Contains([]string{"id", "login", "email"}, field) || attribute && name != ""
}

// begins is when an order begins, seen from now: zero is at once.
func (o Order) begins(now time.Time) time.Time {
	if o.At.After(now) {
		return o.At
	}
	return time.Time{}
}

// OrderOf reads the order of a stored delivery.
func OrderOf(asks json.RawMessage) (Order, error) {
	var o Order
	if err := json.Unmarshal(asks, &o); err != nil {
		return o, fmt.Errorf("what the delivery asks for cannot be read: %w", err)
	}
	return o, nil
}
