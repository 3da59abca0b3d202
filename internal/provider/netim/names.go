package netim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
	"github.com/severhq/sever/internal/provider/wire"
)

// belongs says why a name cannot be one of a database or user of the hosting, or
// nothing. Every name passes it before it may become part of a request.
func belongs(hosting, name string) error {
	rest, ok := strings.CutPrefix(name, hosting+"_")
	switch {
	case hosting == "":
		return errors.New("no hosting is named")
	case name == "":
		return errors.New("no name is given")
	case !ok:
		return fmt.Errorf("the names of hosting %s begin with %s_", hosting, hosting)
	case rest == "":
		return errors.New("nothing follows the hosting in the name")
	}
	return wire.Segment(name)
}

// mine refuses a reference that no request may be about.
func (a *Account) mine(op string, ref access.Ref) error {
	switch {
	case ref.Name == "":
		return provider.Refuse(op, "no account is named")
	case ref.Connection != a.connection:
		return provider.Refuse(op, "the account is of another connection")
	}
	return nil
}

// ours is mine, and the hosting is a configured one, to which the name belongs.
func (a *Account) ours(op string, ref access.Ref) error {
	if err := a.mine(op, ref); err != nil {
		return err
	}
	if ref.Host != "" || ref.ForeignID != "" {
		return provider.Refuse(op, "users of a hosting have neither a host nor an id")
	}
	if !slices.Contains(a.hostings, ref.Resource) {
		return provider.Refuse(op, "the hosting is not configured", access.Blocker(a.notConfigured(ref.Resource)))
	}
	if err := belongs(ref.Resource, ref.Name); err != nil {
		return provider.Refuse(op, "it is not sent: "+err.Error(), access.Blocker{
			Object: "user " + brief(ref.Name), Why: err.Error(), Remedy: "use Netim's panel, if there is such a user",
		})
	}
	return nil
}

// notConfigured is the gap that an unknown hosting leaves.
func (a *Account) notConfigured(hosting string) access.Gap {
	object := "hosting " + brief(hosting)
	if hosting == "" {
		object = "hosting that is not named"
	}
	return access.Gap{
		Object: object,
		Why:    "it is not among the configured hostings " + strings.Join(a.hostings, ", ") + ", and Netim has no call that lists hostings",
		Remedy: "add its id to HOSTINGS of connection " + a.connection,
	}
}

// hostingOf is the configured hosting that a bare name belongs to, or "".
func (a *Account) hostingOf(name string) string {
	for _, id := range a.hostings {
		if belongs(id, name) == nil {
			return id
		}
	}
	return ""
}

// opOf names an operation in messages: "unlink netim/NW1024_ada in NW1024_shop".
func opOf(action access.Action, ref access.Ref, database string) string {
	name := ref
	name.Name, name.Host = brief(ref.Name), brief(ref.Host)
	op := fmt.Sprintf("%s %s", action, name)
	if database != "" {
		op += " in " + brief(database)
	}
	return op
}

// brief is a name short enough for a message.
func brief(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s), "?")
}
