package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/desk"
	"github.com/severhq/sever/internal/inbox"
	"github.com/severhq/sever/internal/store"
)

// Naming is the attribute of a user that says which principal it is. It has to be one
// that is never given to somebody else.
type Naming string

// What a principal may be called by.
const (
	ByExternalID     Naming = "externalId"     // the id that the directory itself gave
	ByEmployeeNumber Naming = "employeeNumber" // of the enterprise extension
	ByUserName       Naming = "userName"       // where names are never given twice
)

// ParseNaming reads the setting; nothing is ByExternalID.
func ParseNaming(s string) (Naming, error) {
	for _, n := range []Naming{ByExternalID, ByEmployeeNumber, ByUserName} {
		if strings.EqualFold(s, string(n)) {
			return n, nil
		}
	}
	if s == "" {
		return ByExternalID, nil
	}
	return "", fmt.Errorf("it is %q: choose %s, %s or %s", s, ByExternalID, ByEmployeeNumber, ByUserName)
}

// user is one user with its document read.
type user struct {
	store.SCIMUser
	doc document
}

func userOf(u store.SCIMUser) (user, error) {
	out := user{SCIMUser: u}
	if err := json.Unmarshal(u.Document, &out.doc); err != nil {
		return out, fmt.Errorf("the document of SCIM user %s cannot be read: %w", u.ID, err)
	}
	return out, nil
}

// row is a user for the records: what is looked up by stands beside the document.
func (u user) row() (store.SCIMUser, error) {
	out := u.SCIMUser
	text, err := json.Marshal(u.doc)
	if err != nil {
		return out, fmt.Errorf("write the document of SCIM user %s: %w", u.ID, err)
	}
	out.Document, out.UserName, out.ExternalID, out.Active = text, u.doc.text("userName"), u.doc.text("externalId"), u.doc.active()
	out.Emails = u.doc.emails()
	return out, nil
}

// principal says who a new user is, or why that cannot be said.
func (n Naming) principal(d document) (access.PrincipalID, error) {
	id := d.text(string(n))
	if n == ByEmployeeNumber {
		id = d.at(enterpriseURN).text(string(n))
	}
	if id == "" {
		return "", bad(invalidValue, "%s is missing, and says here which person this is: map it to an id that never changes (SEVER_SCIM_PRINCIPAL)", n)
	}
	if err := desk.ValidText(string(n), id, desk.MaxPrincipal); err != nil {
		return "", bad(invalidValue, "%v", err)
	}
	return access.PrincipalID(id), nil
}

func (d document) text(name string) string {
	s, _ := d[name].(string)
	return s
}

func (d document) active() bool { return d["active"] == true }

// emails are the addresses, the primary one first.
func (d document) emails() []string {
	var out []string
	all, _ := d["emails"].([]any)
	for _, one := range all {
		fields, _ := one.(map[string]any)
		value, _ := fields["value"].(string)
		switch {
		case value == "":
		case fields["primary"] == true:
			out = append([]string{value}, out...)
		default:
			out = append(out, value)
		}
	}
	return out
}

// name is what to call the person.
func (d document) name() string {
	name, _ := d["name"].(map[string]any)
	of := document(name)
	for _, s := range []string{d.text("displayName"), of.text("formatted"), strings.TrimSpace(of.text("givenName") + " " + of.text("familyName"))} {
		if s != "" {
			return s
		}
	}
	return ""
}

// person is the user as a principal, and those attributes that a directory could
// speak of and does not. An attribute that naming rules could not use counts as one
// that is not there.
func (u user) person() (p store.Person, unknown []string) {
	d := u.doc
	p.Principal = access.Principal{ID: u.Principal, Login: fit(d.text("userName")), Name: fit(d.name())}
	if all := d.emails(); len(all) > 0 {
		p.Email = fit(all[0])
	}
	name, _ := d["name"].(map[string]any)
	work := d.at(enterpriseURN)
	local, _, _ := strings.Cut(d.text("userName"), "@")
	p.Attributes = map[string]string{}
	for _, a := range []struct{ name, value string }{
		{"LocalName", local},
		{"GivenName", document(name).text("givenName")}, {"FamilyName", document(name).text("familyName")},
		{"Title", d.text("title")}, {"UserType", d.text("userType")},
		{"EmployeeNumber", work.text("employeeNumber")}, {"CostCenter", work.text("costCenter")},
		{"Organization", work.text("organization")}, {"Division", work.text("division")}, {"Department", work.text("department")},
	} {
		if v := fit(a.value); v != "" {
			p.Attributes[a.name] = v
		} else {
			unknown = append(unknown, a.name)
		}
	}
	return p, unknown
}

// fit is a text that can stand in a name; nothing, when it cannot.
func fit(s string) string {
	if desk.ValidName("it", s) != nil {
		return ""
	}
	return s
}

// ending is how the access of the user ends, as the user itself says.
func (d document) ending(now time.Time) (inbox.Order, error) {
	of := d.at(severURN)
	o := inbox.Order{Act: inbox.Offboard, Reason: access.Reason(strings.ToLower(of.text("reason"))), Ticket: of.text("ticket")}
	if o.Reason == "" {
		o.Reason = access.HR
	}
	if o.Reason != access.HR && o.Reason != access.Incident {
		return o, bad(invalidValue, "reason is %q: write %s or %s", o.Reason, access.HR, access.Incident)
	}
	if o.Ticket != "" {
		if err := desk.ValidName("ticket", o.Ticket); err != nil {
			return o, bad(invalidValue, "%v", err)
		}
	}
	if s := of.text("effectiveAt"); s != "" {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return o, bad(invalidValue, "effectiveAt is %q: write a time with its zone", s)
		}
		if at.After(now) {
			o.At = at
		}
	}
	if o.Reason == access.Incident && !o.At.IsZero() {
		return o, bad(invalidValue, "effectiveAt makes no sense with the reason incident: it begins at once")
	}
	return o, nil
}
