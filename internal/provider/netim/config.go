package netim

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/severhq/sever/internal/config"
)

// Config is how one account at Netim is reached.
type Config struct {
	// ID and Secret open a session.
	ID     string        `env:"ID,required,notEmpty"`
	Secret config.Secret `env:"SECRET,required,notEmpty"`
	// Hostings are the ids of the web hostings: NW1024,NW2048. Netim has no call that
	// lists them, so one that is left out is not looked at.
	Hostings string `env:"HOSTINGS,required,notEmpty"`
	URL      string `env:"URL" envDefault:"https://rest.netim.com/1.0/"`
	// Language is that of Netim's messages, EN or FR.
	Language string `env:"LANGUAGE" envDefault:"EN"`

	// LinkAction links a user to a database when something is given back. Its name is
	// not documented in full; where it is wrong, Netim refuses it and a person is told.
	LinkAction string `env:"LINK_ACTION" envDefault:"LinkUser"`
	// PasswordAction sets the password of a database user: {"username", "password"}. It
	// is likely to be SetPassword, as for FTP users. Without it no account is contained.
	PasswordAction string `env:"PASSWORD_ACTION"`
	// PermissionAction sets the rights: {"username", "internalAccess",
	// "externalAccess"}. It needs PasswordAction, because rights do not end a credential.
	PermissionAction string `env:"PERMISSION_ACTION"`
}

var (
	hostingRule = regexp.MustCompile(`^[A-Za-z0-9]{1,32}$`)
	actionRule  = regexp.MustCompile(`^[A-Za-z]{1,40}$`)
)

// unlinkAction is the one action that is documented word by word.
const unlinkAction = "UnlinkUser"

// check gives the hostings, or every problem by the name of its variable.
func (c Config) check(prefix string) ([]string, error) {
	var errs []error
	problem := func(variable, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s%s "+format, append([]any{prefix, variable}, args...)...))
	}
	if strings.ContainsAny(c.ID, ":\r\n") {
		problem("ID", "has a colon or a line break in it")
	}
	var hostings []string
	for id := range strings.SplitSeq(c.Hostings, ",") {
		id = strings.TrimSpace(id)
		switch {
		case id == "":
		case !hostingRule.MatchString(id):
			problem("HOSTINGS", "has %q, which is no id such as NW1024", id)
		case slices.Contains(hostings, id):
			problem("HOSTINGS", "has %s twice", id)
		default:
			hostings = append(hostings, id)
		}
	}
	if len(hostings) == 0 && len(errs) == 0 {
		problem("HOSTINGS", "names no hosting")
	}
	if err := checkURL(c.URL); err != nil {
		problem("URL", "%w", err)
	}
	if c.Language != "EN" && c.Language != "FR" {
		problem("LANGUAGE", "is neither EN nor FR")
	}
	used := map[string]bool{"": true, strings.ToLower(unlinkAction): true}
	for _, a := range []struct{ variable, name string }{
		{"LINK_ACTION", c.LinkAction}, {"PASSWORD_ACTION", c.PasswordAction}, {"PERMISSION_ACTION", c.PermissionAction},
	} {
		name := strings.ToLower(a.name)
		if a.name != "" && (!actionRule.MatchString(a.name) || used[name] || strings.Contains(name, "delete")) {
			problem(a.variable, "is %q, which is no name of its own for that action", a.name)
		}
		used[name] = true
	}
	if c.PermissionAction != "" && c.PasswordAction == "" {
		problem("PERMISSION_ACTION", "needs PASSWORD_ACTION too")
	}
	return hostings, errors.Join(errs...)
}

// checkURL keeps the credential off the open network: Netim's test platform speaks
// plain http.
func checkURL(base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return errors.New("cannot be read")
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !here {
		return errors.New("must begin with https://: the secret would cross the network in the clear")
	}
	return nil
}
