package plesk

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"

	"github.com/severhq/sever/internal/config"
)

// Config is how one Plesk server is reached.
type Config struct {
	// URL is the panel: https://plesk.example.com:8443
	URL string `env:"URL,required,notEmpty"`
	// API is xml or rest. XML is for any Plesk user with the permission for remote
	// access, REST is for the administrator.
	API string `env:"API" envDefault:"xml"`
	// Key is a secret key; or else Login and Password.
	Key      config.Secret `env:"KEY"`
	Login    string        `env:"LOGIN"`
	Password config.Secret `env:"PASSWORD"`
	// Version is the protocol that XML packets ask for. Lower it for old servers.
	Version string `env:"VERSION" envDefault:"1.6.9.1"`
	// CA is a certificate in PEM form that the server's is checked against, usually
	// given as CA_FILE. Pin is the SHA-256 of the server's own certificate, in hex, for
	// certificates that name no host. Panels often have one they signed themselves.
	CA  string `env:"CA"`
	Pin string `env:"PIN"`
	// ProtectDefaultUsers keeps the default users of databases out of every plan.
	ProtectDefaultUsers bool `env:"PROTECT_DEFAULT_USERS"`
}

const (
	apiXML  = "xml"
	apiREST = "rest"
)

var versionRule = regexp.MustCompile(`^[0-9]+(\.[0-9]+){1,4}$`)

// check reports every problem at once, by the name of its variable.
func (c Config) check(prefix string) error {
	var errs []error
	problem := func(variable, words string) { errs = append(errs, fmt.Errorf("%s%s %s", prefix, variable, words)) }
	if err := checkURL(c.URL); err != nil {
		problem("URL", err.Error())
	}
	if c.API != apiXML && c.API != apiREST {
		problem("API", fmt.Sprintf("is %q: it must be %s or %s", c.API, apiXML, apiREST))
	}
	switch pair := c.Login != "" || !c.Password.Empty(); {
	case c.Key.Empty() && !pair:
		problem("KEY", "is not set, and neither are LOGIN and PASSWORD")
	case !c.Key.Empty() && pair:
		problem("KEY", "and LOGIN or PASSWORD are both set: keep one")
	case pair && c.Login == "":
		problem("LOGIN", "is not set")
	case pair && c.Password.Empty():
		problem("PASSWORD", "is not set")
	}
	if !versionRule.MatchString(c.Version) {
		problem("VERSION", fmt.Sprintf("is %q: it reads like 1.6.9.1", c.Version))
	}
	if _, err := c.tls(); err != nil {
		problem(err.variable, err.words)
	}
	return errors.Join(errs...)
}

// checkURL insists on encryption: the credentials travel with every request. Only a
// server on this machine may do without.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return errors.New("is not a URL that can be read; it looks like https://plesk.example.com:8443")
	case u.User != nil:
		return errors.New("may not hold credentials: use KEY, or LOGIN and PASSWORD")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("must begin with https://: the credentials travel with every request")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("must begin with https://")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("may have a host and a port and nothing else")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
