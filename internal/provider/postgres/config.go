package postgres

import (
	"errors"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/severhq/sever/internal/config"
)

// Config is how one server is reached.
type Config struct {
	// URL logs in as our administrator: postgres://sever:...@host:5432/postgres?sslmode=verify-full
	URL config.Secret `env:"URL,required,notEmpty"`
	// LockTimeout is short: whoever waits for a lock makes others wait behind it.
	LockTimeout      time.Duration `env:"LOCK_TIMEOUT" envDefault:"5s"`
	StatementTimeout time.Duration `env:"STATEMENT_TIMEOUT" envDefault:"60s"`
	ConnectTimeout   time.Duration `env:"CONNECT_TIMEOUT" envDefault:"10s"`
	// MaxSessions bounds what we take of the server's max_connections.
	MaxSessions int `env:"MAX_SESSIONS" envDefault:"20"`
}

// The parser quotes what it could not read, which may be a piece of the password.
// So its words go nowhere.
var errURL = errors.New("is not a postgres URL that can be read; special characters in the user name and the password must be percent-encoded")

// dsn is the URL as pgx wants it, with what every session of ours needs.
func (c Config) dsn(connection string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(c.URL.Reveal())
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errURL
	}
	// Otherwise the driver would fill these from PGHOST and PGUSER.
	if u.Host == "" && u.Query().Get("host") == "" {
		return nil, errors.New("names no host")
	}
	if u.User.Username() == "" && u.Query().Get("user") == "" {
		return nil, errors.New("names no user")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/postgres"
	}
	dsn, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, errURL
	}
	if c.MaxSessions < 1 {
		return nil, errors.New("MAX_SESSIONS must be 1 or more")
	}
	dsn.ConnectTimeout = c.ConnectTimeout
	maps.Copy(dsn.RuntimeParams, map[string]string{
		"application_name":  "sever " + connection,
		"lock_timeout":      milliseconds(c.LockTimeout),
		"statement_timeout": milliseconds(c.StatementTimeout),
		// A transaction of ours that nobody finishes must not hold its locks.
		"idle_in_transaction_session_timeout": milliseconds(max(c.StatementTimeout, leastIdle)),
		// Nothing in a database that we visit may stand in for a catalog of the system.
		"search_path": "pg_catalog, pg_temp",
		"TimeZone":    "UTC",
		"DateStyle":   "ISO",
		// Compiling a catalog query takes longer than running it, and so does planning it
		// for each value.
		"jit":             "off",
		"plan_cache_mode": "force_generic_plan",
	})
	return dsn, nil
}

// leastIdle is how long a transaction of ours may rest at least: a busy machine does not
// come to its next statement within any time.
const leastIdle = 10 * time.Second

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
