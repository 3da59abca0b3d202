package mysql

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/severhq/sever/internal/access"
)

// account is one row of mysql.global_priv, or of MySQL's mysql.user: an account, a role,
// or the account without a name.
type account struct {
	identity
	method // one way to log in, mostly the only one

	Access      uint64   `json:"access"`
	Or          []method `json:"auth_or"` // all ways, with {} in the place of the one above
	Locked      bool     `json:"account_locked"`
	Role        bool     `json:"is_role"`
	DefaultRole string   `json:"default_role"`
	Changed     int64    `json:"password_last_changed"`
	Lifetime    *int64   `json:"password_lifetime"`
	limits

	Second bool `json:"-"` // MySQL: a second password works as well
	id     string
}

// method is one way to log in.
type method struct {
	Plugin string `json:"plugin,omitempty"`
	// Text is the hash of a password, or what the plugin makes of it.
	Text string `json:"authentication_string,omitempty"`
}

// limits are the rest of what CREATE USER can say.
type limits struct {
	TLS       int     `json:"ssl_type,omitempty"`
	Cipher    string  `json:"ssl_cipher,omitempty"`
	Issuer    string  `json:"x509_issuer,omitempty"`
	Subject   string  `json:"x509_subject,omitempty"`
	Questions int64   `json:"max_questions,omitempty"`
	Updates   int64   `json:"max_updates,omitempty"`
	Logins    int64   `json:"max_connections,omitempty"`
	Sessions  int64   `json:"max_user_connections,omitempty"`
	Seconds   float64 `json:"max_statement_time,omitempty"`
}

// accounts reads the accounts of these names and all administrators, or all accounts.
func (s *Server) accounts(ctx context.Context, c *session, names ...string) ([]account, error) {
	all, err := c.listed(ctx, c, names...)
	for i := range all {
		all[i].id = s.fingerprint(all[i])
	}
	return all, err
}

// methods are all ways to log in, in the order in which the server tries them.
func (a account) methods() []method {
	if len(a.Or) == 0 {
		return []method{a.method}
	}
	out := make([]method, len(a.Or))
	for i, m := range a.Or {
		if m == (method{}) {
			m = a.method
		}
		out[i] = m
	}
	return out
}

// idDigits is how long an id is.
const idDigits = 16

// fingerprint is the id of an account: the one that a dead credential carries, or what
// the credential and its date come to under our key.
func (s *Server) fingerprint(a account) string {
	if id, dead := a.dead(); dead {
		return id
	}
	mac := hmac.New(sha256.New, s.key[:])
	for _, part := range []string{a.User, a.Host, strconv.FormatInt(a.Changed, 10)} {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	for _, m := range a.methods() {
		fmt.Fprintf(mac, "%d:%s%d:%s", len(m.Plugin), m.Plugin, len(m.Text), m.Text)
	}
	return hex.EncodeToString(mac.Sum(nil))[:idDigits]
}

// contained reports whether nobody can log in with it.
func (a account) contained() bool {
	_, dead := a.dead()
	return a.Locked || a.Role || dead
}

// These are numbers of privileges, as the server stores them. To administer is to have
// CREATE USER with GRANT OPTION, on all databases.
const (
	grantOption uint64 = 1 << 10
	superUser   uint64 = 1 << 15
	createUser  uint64 = 1 << 25
	administers        = createUser | grantOption
)

func (a account) administrator() bool { return a.Access&administers == administers && !a.contained() }

// servants are accounts that the server, its packages and hosting services keep for
// themselves.
var servants = map[string]string{
	"root":             "built-in",
	"mysql":            "built-in",
	"mariadb.sys":      "built-in",
	"mysql.sys":        "built-in",
	"mysql.session":    "built-in",
	"mysql.infoschema": "built-in",
	"debian-sys-maint": "the Debian package's own",
	"rdsadmin":         "built into Amazon's service",
	"rdsrepladmin":     "built into Amazon's service",
	"azure_superuser":  "built into Azure's service",
	"cloudsqladmin":    "built into Google's service",
	"os_admin":         "built into Trove's service",
	"doadmin":          "administrator of DigitalOcean's service",
}

// protected says why an account may never be touched, or nothing. All are the accounts
// among which to look for another administrator.
func (a account) protected(ours identity, all []account) string {
	switch {
	case a.Role:
		return "a role, with which nobody logs in"
	case a.User == "":
		return "the account without a name, which is nobody's"
	case ours == identity{}: // fail closed
		return "which login is our own is not known, so it may be this one"
	case a.identity == ours:
		return "our own login"
	case servants[a.User] != "":
		return servants[a.User]
	case !a.administrator():
		return ""
	}
	for _, o := range all {
		if o.administrator() && o.identity != a.identity {
			return ""
		}
	}
	return "last administrator"
}

// seen is an account without its grants.
func (s *Server) seen(c *session, a account, all []account) access.Account {
	out := access.Account{
		Ref:        access.Ref{Connection: s.connection, Resource: resource, Name: a.User, Host: a.Host, ForeignID: a.id},
		Engine:     c.engine(),
		Contained:  a.contained(),
		Protected:  a.protected(c.ours, all),
		Attributes: map[string]string{},
	}
	if a.Role {
		out.Attributes["kind"] = "role"
		return out
	}
	if a.User == "" {
		out.Attributes["kind"] = "anonymous"
	}
	if a.administrator() {
		out.Attributes["administrator"] = "yes"
	}
	if l := a.limits.clauses(); l != "" {
		out.Attributes["limits"] = l
	}
	return out
}
