package mysql

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/severhq/sever/internal/access"
)

// account is one row of mysql.global_priv: an account, a role, or the account without
// a name.
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

	id string
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

const everyAccount = `select Host, User, Priv from mysql.global_priv`

// accounts reads rows of mysql.global_priv.
func (s *Server) accounts(ctx context.Context, c *session, where string, args ...any) ([]account, error) {
	var out []account
	err := c.rows(ctx, func(scan func(...any) error) error {
		var host, user string
		var record []byte
		if err := scan(&host, &user, &record); err != nil {
			return err
		}
		var a account
		if err := json.Unmarshal(record, &a); err != nil {
			return fmt.Errorf("mysql.global_priv: the record of %s is not one that I know: %w", identity{user, host}, err)
		}
		a.identity = identity{user, host}
		a.id = s.fingerprint(a)
		out = append(out, a)
		return nil
	}, everyAccount+where, args...)
	return out, err
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

// native is the plugin whose hashes we make: SHA1(SHA1(password)), as 40 digits.
const native = "mysql_native_password"

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

// deadHash is a hash for which no password is known: the id, and digits that show that
// it is one of these. Whoever wanted to log in with it would have to invert SHA-1.
func deadHash(i identity, id string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "no password fits this\x00%s\x00%s\x00%s", i.User, i.Host, id))
	return "*" + strings.ToUpper(id + hex.EncodeToString(sum[:]))[:40]
}

// dead reports whether the account's only credential is a deadHash, and whose id is in it.
func (a account) dead() (id string, dead bool) {
	if len(a.Or) > 1 || a.Plugin != native || len(a.Text) != 41 {
		return "", false
	}
	id = strings.ToLower(a.Text[1 : 1+idDigits])
	return id, a.Text == deadHash(a.identity, id)
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
	administers        = 1<<25 | grantOption
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
func (s *Server) seen(a account, ours identity, all []account) access.Account {
	out := access.Account{
		Ref:        access.Ref{Connection: s.connection, Resource: resource, Name: a.User, Host: a.Host, ForeignID: a.id},
		Engine:     engine,
		Contained:  a.contained(),
		Protected:  a.protected(ours, all),
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
