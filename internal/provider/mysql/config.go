package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/severhq/sever/internal/config"
)

// Config is how one server is reached.
type Config struct {
	// URL logs in as our administrator: mysql://sever:...@host:3306
	URL config.Secret `env:"URL,required,notEmpty"`
	// TLS is verify, skip-verify, preferred or off.
	TLS string `env:"TLS" envDefault:"verify"`
	// CAFile holds the certificates that verify trusts, instead of the machine's.
	CAFile string `env:"CA_FILE"`
	// LockTimeout is short: whoever waits for a lock makes others wait behind it.
	LockTimeout      time.Duration `env:"LOCK_TIMEOUT" envDefault:"5s"`
	StatementTimeout time.Duration `env:"STATEMENT_TIMEOUT" envDefault:"60s"`
	ConnectTimeout   time.Duration `env:"CONNECT_TIMEOUT" envDefault:"10s"`
	// MaxSessions bounds what we take of the server's max_connections.
	MaxSessions int `env:"MAX_SESSIONS" envDefault:"10"`
	// MySQL8 is unverified where MySQL is accepted, which nobody has seen this provider
	// work on (see mySQL). Without it only MariaDB is.
	MySQL8 string `env:"MYSQL8"`
}

// The parser quotes what it could not read, which may be a piece of the password.
// So its words go nowhere.
var errURL = errors.New("is not a URL as mysql://user:password@host:3306; special characters in the user name and the password must be percent-encoded")

// sqlMode is the one of every session of ours. A backslash means itself in a text, so
// one rule of quoting is enough. See dialect.mode for what it is on each kind of server.
const sqlMode = "NO_BACKSLASH_ESCAPES"

// firstMode sets mode before it is known which kind of server it is: what stands in /*M!
// is read by MariaDB alone.
const firstMode = "concat('" + sqlMode + "' /*M! , ',NO_AUTO_CREATE_USER' */)"

// unverified is what the setting MYSQL8 may be.
const unverified = "unverified"

// dsn is the URL as the driver wants it, with what every session of ours needs.
func (c Config) dsn() (*driver.Config, error) {
	u, err := url.Parse(c.URL.Reveal())
	if err != nil || (u.Scheme != "mysql" && u.Scheme != "mariadb") || u.RawQuery != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return nil, errURL
	}
	if u.Hostname() == "" {
		return nil, errors.New("names no host")
	}
	if u.User.Username() == "" {
		return nil, errors.New("names no user")
	}
	if c.MaxSessions < 1 {
		return nil, errors.New("MAX_SESSIONS must be 1 or more")
	}
	if c.MySQL8 != "" && c.MySQL8 != unverified {
		return nil, fmt.Errorf("MYSQL8 is %q: it must be %s, or not be set", c.MySQL8, unverified)
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	d := driver.NewConfig()
	d.Net, d.Addr, d.User = "tcp", net.JoinHostPort(u.Hostname(), port), u.User.Username()
	d.Passwd, _ = u.User.Password()
	d.Timeout, d.ReadTimeout, d.WriteTimeout = c.ConnectTimeout, c.StatementTimeout+c.ConnectTimeout, c.ConnectTimeout
	d.Collation = "utf8mb4_bin"
	d.InterpolateParams = true
	d.Logger = &driver.NopLogger{}
	d.Params = map[string]string{
		"sql_mode": firstMode,
		// What /*!80000 has is read by MySQL alone, and counts milliseconds.
		"lock_wait_timeout": seconds(c.LockTimeout) + " /*M! , max_statement_time = " + seconds(c.StatementTimeout) +
			" */ /*!80000 , max_execution_time = " + seconds(c.StatementTimeout) + "000 */",
		"time_zone": "'+00:00'",
	}
	return d, c.secure(d, u.Hostname())
}

func (c Config) secure(d *driver.Config, host string) error {
	switch c.TLS {
	case "off":
		d.TLSConfig = "false"
		return nil
	case "preferred", "skip-verify":
		d.TLSConfig = c.TLS
		return nil
	case "verify":
	default:
		return fmt.Errorf("TLS is %q: it must be verify, skip-verify, preferred or off", c.TLS)
	}
	d.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return err
	}
	d.TLS.RootCAs = x509.NewCertPool()
	if !d.TLS.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("CA_FILE: %s holds no certificate", c.CAFile)
	}
	return nil
}

// seconds is what the server counts these limits in; less than one would mean none.
func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(d.Round(time.Second)/time.Second)))
}
