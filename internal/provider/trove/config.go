package trove

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/severhq/sever/internal/config"
)

// Config is how one project is reached. One of three credentials is needed: a
// password, an application credential, or a Rackspace API key.
type Config struct {
	// IdentityURL is Keystone's, "https://cloud.example.com:5000/v3", or Rackspace's,
	// "https://identity.api.rackspacecloud.com/v2.0".
	IdentityURL string `env:"IDENTITY_URL,required,notEmpty"`
	// Regions are those to go through. Empty means every region in which the service
	// catalogue has databases.
	Regions []string `env:"REGIONS"`

	Username     string        `env:"USERNAME"`
	UserDomainID string        `env:"USER_DOMAIN_ID" envDefault:"default"`
	Password     config.Secret `env:"PASSWORD"`
	// Project is needed with a password, by name (in the user's domain) or by id.
	Project   string `env:"PROJECT"`
	ProjectID string `env:"PROJECT_ID"`

	ApplicationCredentialID     string        `env:"APPLICATION_CREDENTIAL_ID"`
	ApplicationCredentialSecret config.Secret `env:"APPLICATION_CREDENTIAL_SECRET"`

	// APIKey is Rackspace's; it goes with USERNAME, and with TENANT_ID where the user
	// has several accounts.
	APIKey   config.Secret `env:"API_KEY"`
	TenantID string        `env:"TENANT_ID"`

	// CA is the PEM of the authority that signed the servers' certificates; give it
	// as CA_FILE. Empty means the authorities of this machine.
	CA string `env:"CA"`
	// PlainHTTP lets credentials travel unencrypted to other machines than this one.
	PlainHTTP bool `env:"PLAIN_HTTP"`

	// SkipInstances are left out: ids of instances that a person answers for, such as
	// one that cannot be read and would keep the whole list from being whole.
	SkipInstances []string `env:"SKIP_INSTANCES"`
	// ApprovePublic names what may lose CONNECT for PUBLIC when an account on a
	// PostgreSQL instance is revoked or deleted: instance ids, "id/database", or *.
	ApprovePublic []string `env:"APPROVE_PUBLIC"`

	// PageSize is how many accounts are asked for at a time; servers cut it down.
	PageSize int `env:"PAGE_SIZE" envDefault:"20"`
	// ListAge is how old a list may be that proves, together with asking by name anew,
	// that an account is gone.
	ListAge time.Duration `env:"LIST_AGE" envDefault:"10s"`
	// ListTimeout is longer than the 180 s for which a guest may think about a list;
	// Timeout is for everything else, which waits 15 s for a guest.
	ListTimeout time.Duration `env:"LIST_TIMEOUT" envDefault:"200s"`
	Timeout     time.Duration `env:"TIMEOUT" envDefault:"60s"`
}

// face is which of the two systems it is.
type face int

const (
	keystonePassword face = iota
	keystoneApplication
	rackspace
)

// check says everything that is wrong with the settings, by variable.
func (c Config) check(prefix string) (face, error) {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(prefix+format, args...))
	}
	need := func(ok bool, variable, why string) {
		if !ok {
			problem("%s is not set, and %s", variable, why)
		}
	}
	var given []string
	kind := keystonePassword
	for _, credential := range []struct {
		there    bool
		variable string
		face     face
	}{
		{!c.Password.Empty(), "PASSWORD", keystonePassword},
		{!c.ApplicationCredentialSecret.Empty(), "APPLICATION_CREDENTIAL_SECRET", keystoneApplication},
		{!c.APIKey.Empty(), "API_KEY", rackspace},
	} {
		if credential.there {
			given, kind = append(given, credential.variable), credential.face
		}
	}
	switch {
	case len(given) != 1:
		problem("PASSWORD, APPLICATION_CREDENTIAL_SECRET or API_KEY: one of them is needed, and %d are set", len(given))
	case kind == keystonePassword:
		need(c.Username != "", "USERNAME", "a password needs one")
		need(c.Project != "" || c.ProjectID != "", "PROJECT", "a password opens no project by itself")
	case kind == keystoneApplication:
		need(c.ApplicationCredentialID != "", "APPLICATION_CREDENTIAL_ID", "its secret is")
	case kind == rackspace:
		need(c.Username != "", "USERNAME", "an API key needs one")
	}
	if err := c.secure(c.IdentityURL); err != nil {
		problem("IDENTITY_URL %w", err)
	}
	if _, err := c.authorities(); err != nil {
		problem("CA %w", err)
	}
	if c.PageSize < 1 || c.PageSize > 1000 {
		// 0 and less would get an empty page that looks like the end of the list.
		problem("PAGE_SIZE is %d: it must be 1 to 1000", c.PageSize)
	}
	if c.ListTimeout <= 0 || c.Timeout <= 0 {
		problem("TIMEOUT and LIST_TIMEOUT must be more than nothing")
	}
	return kind, errors.Join(problems...)
}

// secure refuses to send a credential where everybody can read it.
func (c Config) secure(to string) error {
	u, err := url.Parse(to)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must be https://, a host and a path, and nothing else")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return errors.New("must begin with https://")
	case c.PlainHTTP || loopback(u.Hostname()):
		return nil
	}
	return errors.New("must begin with https:// (PLAIN_HTTP=true sends the credential unencrypted)")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// transport is a plain one, without a proxy, that trusts the configured authority.
func (c Config) transport() *http.Transport {
	roots, _ := c.authorities() // checked by check
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout: 15 * time.Second, IdleConnTimeout: 30 * time.Second,
		MaxIdleConnsPerHost: 8, ForceAttemptHTTP2: true,
	}
}

func (c Config) authorities() (*x509.CertPool, error) {
	if c.CA == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(c.CA)) {
		return nil, errors.New("holds no certificate in PEM form")
	}
	return pool, nil
}

// secrets are what may appear in no error.
func (c Config) secrets() []config.Secret {
	return []config.Secret{c.Password, c.ApplicationCredentialSecret, c.APIKey}
}

// approved reports whether a person agreed that a database of an instance loses
// CONNECT for PUBLIC.
func (c Config) approved(id, database string) bool {
	return slices.ContainsFunc(c.ApprovePublic, func(entry string) bool {
		entry = strings.TrimSpace(entry)
		return entry == "*" || entry == id || entry == id+"/"+database
	})
}

func (c Config) skips(id string) bool {
	return slices.ContainsFunc(c.SkipInstances, func(entry string) bool { return strings.TrimSpace(entry) == id })
}
