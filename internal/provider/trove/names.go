package trove

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/provider"
)

// everywhere is the host that the system means when none is given.
const everywhere = "%"

// segment is an account as a segment of a path. The server unescapes a path,
// cuts off what looks like a file type, and unescapes the rest once more, so every
// byte but letters, digits, - and _ is escaped, twice.
func segment(name, host string) (string, error) {
	if err := addressable(name, host); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, c := range []byte(name + "@" + host) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%25%02X", c)
	}
	return b.String(), nil
}

// addressable says why an account cannot be named to this system, or nothing.
func addressable(name, host string) error {
	if err := plain("the name", name, 255); err != nil {
		return err
	}
	if err := plain("the host", host, 255); err != nil {
		return err
	}
	switch {
	case strings.ContainsAny(name, `/\`):
		return errors.New("the name has a slash in it, which this system cannot address")
	case strings.Contains(host, "@"):
		return errors.New("the host has an @ in it")
	case strings.ContainsAny(host, `/\`) && !netmask(host):
		return errors.New("the host has a slash in it and is no network with its mask")
	}
	return nil
}

func plain(what, s string, most int) error {
	switch {
	case s == "":
		return errors.New(what + " is empty")
	case len(s) > most:
		return fmt.Errorf("%s is %d bytes long", what, len(s))
	case !utf8.ValidString(s):
		return errors.New(what + " is not UTF-8")
	case strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0:
		return errors.New(what + " has a character in it that cannot be printed")
	}
	return nil
}

// netmask reports whether a host is one like 10.0.0.0/255.255.255.0.
func netmask(host string) bool {
	network, mask, ok := strings.Cut(host, "/")
	if !ok {
		return false
	}
	_, err := netip.ParseAddr(network)
	_, err2 := netip.ParseAddr(mask)
	return err == nil && err2 == nil
}

// databaseSegment is a database as a segment of a path, escaped once. A dot in it
// would be glued to the name of the user, and another account be meant.
func databaseSegment(name string) (string, error) {
	if err := plain("the database", name, 255); err != nil {
		return "", err
	}
	if strings.ContainsAny(name, `./\`) {
		return "", errors.New("a database with a dot or a slash in its name cannot be addressed here; deleting the account takes it away")
	}
	return url.PathEscape(name), nil
}

// place is an instance as a resource names it.
type place struct{ region, id string }

func (p place) String() string { return p.region + "/" + p.id }

func placeOf(resource string) (place, error) {
	region, id, ok := strings.Cut(resource, "/")
	if !ok || region == "" {
		return place{}, fmt.Errorf("the resource %q is not a region and the id of an instance", brief(resource))
	}
	if !idRule(id) {
		return place{}, fmt.Errorf("%q is no id of an instance", brief(id))
	}
	return place{region, id}, nil
}

// idRule keeps an id from being anything but one segment. Ids are UUIDs; that is
// not counted on.
func idRule(id string) bool {
	return id != "" && len(id) <= 64 && strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}

// reserved are the system's own accounts. They are not listed and not to be
// touched; root is whatever the customer made of it.
func reserved(name, engine string) string {
	own := []string{"os_admin", "root", "clusterrepuser"}
	switch _, known := Spec.Engines[engine]; {
	case engine == postgresql:
		own = []string{"os_admin", "postgres"}
	case !known: // it may be any of them
		own = append(own, "postgres")
	}
	if slices.Contains(own, name) {
		return "built-in"
	}
	return ""
}

// mine refuses a reference that this connection could not have made.
func (c *Cloud) mine(op string, ref access.Ref) error {
	switch {
	case ref.Connection != c.connection:
		return provider.Refuse(op, "this is connection "+c.connection)
	case ref.Name == "":
		return provider.Refuse(op, "the account has no name")
	}
	return nil
}

// target is the place of an account that is to be changed: it has a name, a host
// and an instance.
func (c *Cloud) target(op string, ref access.Ref) (place, error) {
	if err := c.mine(op, ref); err != nil {
		return place{}, err
	}
	at, err := placeOf(ref.Resource)
	if err != nil {
		return place{}, provider.Refuse(op, err.Error())
	}
	if err := addressable(ref.Name, ref.Host); err != nil {
		return place{}, provider.Refuse(op, err.Error(), access.Blocker{
			Object: brief(ref.String()), Why: err.Error(), Remedy: "change it over SQL on the instance " + at.id,
		})
	}
	return at, nil
}

// opOf names an operation in messages: "revoke trove/ada@% in shop".
func opOf(what string, ref access.Ref, database string) string {
	if database == "" {
		return brief(what + " " + ref.String())
	}
	return brief(fmt.Sprintf("%s %s in %s", what, ref, database))
}

// brief is a text short enough, and plain enough, for a message.
func brief(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "?"))
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
