package courier

import (
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"net"
	netmail "net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/notice"
)

// Mail is the name of the destination that SEVER_SMTP_URL makes.
const Mail = "mail"

// Settings say who is told, and how long that is tried. The zero value tells nobody.
type Settings struct {
	Routes   []Route
	Patience time.Duration // zero: three days
}

func (s Settings) patience() time.Duration {
	if s.Patience <= 0 {
		return 72 * time.Hour
	}
	return s.Patience
}

// Subscribers are the destinations, for whoever writes notices.
func (s Settings) Subscribers() []notice.Subscriber {
	var out []notice.Subscriber
	for _, r := range s.Routes {
		out = append(out, r.Subscriber)
	}
	return out
}

// common are the settings of all destinations together.
type common struct {
	Webhooks string        `env:"SEVER_NOTICE_WEBHOOKS"`
	Patience time.Duration `env:"SEVER_NOTICE_PATIENCE"`
}

// hook are the settings of one webhook, behind the prefix of its name.
type hook struct {
	URL       config.Secret `env:"URL"`
	Secret    config.Secret `env:"SECRET"`
	OldSecret config.Secret `env:"OLD_SECRET"`
	Events    string        `env:"EVENTS"`
}

// mailbox are the settings of mail.
type mailbox struct {
	URL       config.Secret `env:"SEVER_SMTP_URL"`
	From      string        `env:"SEVER_SMTP_FROM"`
	To        string        `env:"SEVER_SMTP_TO"`
	Events    string        `env:"SEVER_SMTP_EVENTS"`
	TLS       string        `env:"SEVER_SMTP_TLS"`
	Templates string        `env:"SEVER_NOTICE_TEMPLATES"`
}

// Prefix begins the variables of a webhook: "SEVER_NOTICE_OPS_".
func Prefix(name string) string {
	return "SEVER_NOTICE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_"
}

// FromVars reads who is told. The error has a line for every problem, and no value of
// anything secret. Nobody is connected to.
func FromVars(vars config.Vars) (Settings, error) {
	set, err := config.Parse[common](vars, "")
	if err != nil {
		return Settings{}, err
	}
	out := Settings{Patience: set.Patience}
	var errs []error
	if set.Patience < 0 {
		errs = append(errs, fmt.Errorf("SEVER_NOTICE_PATIENCE is %s: it has to be more than zero", set.Patience))
	}
	taken := map[string]bool{Prefix(Mail): true}
	for name := range words(set.Webhooks) {
		if err := named(name, taken); err != nil {
			errs = append(errs, fmt.Errorf("SEVER_NOTICE_WEBHOOKS: %w", err))
			continue
		}
		r, err := hookOf(vars, name)
		errs = append(errs, err)
		out.Routes = append(out.Routes, r)
	}
	r, asked, err := mailOf(vars)
	errs = append(errs, err)
	if asked {
		out.Routes = append(out.Routes, r)
	}
	if err := errors.Join(errs...); err != nil {
		return Settings{}, err
	}
	return out, nil
}

// words are the entries of a list with commas between.
func words(list string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for w := range strings.SplitSeq(list, ",") {
			if w = strings.TrimSpace(w); w != "" && !yield(w) {
				return
			}
		}
	}
}

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

func named(name string, taken map[string]bool) error {
	switch {
	case !nameRule.MatchString(name):
		return fmt.Errorf("%q is no name: small letters, digits and -, a letter first, 40 at most", name)
	case taken[Prefix(name)]:
		return fmt.Errorf("%q is taken: choose another name", name)
	}
	taken[Prefix(name)] = true
	return nil
}

func hookOf(vars config.Vars, name string) (Route, error) {
	prefix := Prefix(name)
	set, err := config.Parse[hook](vars, prefix)
	if err != nil {
		return Route{}, err
	}
	kinds, err := kindsOf(prefix+"EVENTS", set.Events)
	errs := []error{err}
	address, err := addressOf(prefix+"URL", set.URL)
	errs = append(errs, err)
	secrets := []config.Secret{set.Secret}
	if !set.OldSecret.Empty() {
		secrets = append(secrets, set.OldSecret)
	}
	var keys []*standardwebhooks.Webhook
	for i, s := range secrets {
		key, err := keyOf(prefix+[]string{"SECRET", "OLD_SECRET"}[i], s)
		keys, errs = append(keys, key), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return Route{}, err
	}
	return Route{notice.Subscriber{Name: name, Kinds: kinds}, "webhook", address.Scheme + "://" + address.Host, newWebhook(address, keys, secrets...)}, nil
}

// addressOf is where a webhook leads. It is encrypted, unless it stays on this machine.
func addressOf(variable string, s config.Secret) (*url.URL, error) {
	if s.Empty() {
		return nil, fmt.Errorf("%s is not set", variable)
	}
	u, err := url.Parse(s.Reveal())
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%s is no address of the form https://host/path", variable)
	}
	if u.Scheme == "http" && !here(u.Hostname()) {
		return nil, fmt.Errorf("%s begins with http: and leads to another machine; notices are sent by https: only", variable)
	}
	return u, nil
}

func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// keyOf is a secret of Standard Webhooks: whsec_ and the base64 of 24 to 64 bytes.
func keyOf(variable string, s config.Secret) (*standardwebhooks.Webhook, error) {
	const mark = "whsec_"
	if s.Empty() {
		return nil, fmt.Errorf("%s is not set: make one with sever notices secret, and give the receiver the same", variable)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Reveal(), mark))
	if err != nil || !strings.HasPrefix(s.Reveal(), mark) || len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("%s is no secret of Standard Webhooks: whsec_ and the base64 of 24 to 64 bytes", variable)
	}
	return standardwebhooks.NewWebhookRaw(key)
}

func kindsOf(variable, list string) ([]notice.Kind, error) {
	var out []notice.Kind
	for w := range words(list) {
		if !slices.Contains(notice.Kinds, notice.Kind(w)) {
			var all []string
			for _, k := range notice.Kinds {
				all = append(all, string(k))
			}
			return nil, fmt.Errorf("%s: there is no notice %q; there are: %s", variable, w, strings.Join(all, ", "))
		}
		out = append(out, notice.Kind(w))
	}
	return out, nil
}

func mailOf(vars config.Vars) (r Route, asked bool, err error) {
	set, err := config.Parse[mailbox](vars, "")
	if err != nil || set.URL.Empty() {
		return r, false, err
	}
	kinds, err := kindsOf("SEVER_SMTP_EVENTS", set.Events)
	errs := []error{err}
	p, err := postOf(set)
	errs = append(errs, err)
	if p.from, err = netmail.ParseAddress(set.From); err != nil {
		errs = append(errs, fmt.Errorf("SEVER_SMTP_FROM: %q is no address", set.From))
	}
	if p.to, err = netmail.ParseAddressList(set.To); err != nil {
		errs = append(errs, fmt.Errorf("SEVER_SMTP_TO: %q is no list of addresses with commas between", set.To))
	}
	if p.letters, err = OpenLetters(set.Templates); err != nil {
		errs = append(errs, fmt.Errorf("SEVER_NOTICE_TEMPLATES: %w", err))
	}
	return Route{notice.Subscriber{Name: Mail, Kinds: kinds}, "mail", net.JoinHostPort(p.host, strconv.Itoa(p.port)), p}, true, errors.Join(errs...)
}

// postOf is how the mail server is reached.
func postOf(set mailbox) (*post, error) {
	const variable = "SEVER_SMTP_URL"
	u, err := url.Parse(set.URL.Reveal())
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return &post{}, fmt.Errorf("%s is no address of the form smtp://user:password@host:587 or smtps://user:password@host:465", variable)
	}
	p := &post{host: u.Hostname(), port: 587, encryption: startTLS}
	if u.Scheme == "smtps" {
		p.port, p.encryption = 465, fromStart
	}
	if u.Port() != "" {
		if p.port, err = strconv.Atoi(u.Port()); err != nil || p.port > 65535 {
			return p, fmt.Errorf("%s has a port that is none", variable)
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		p.user, p.password = u.User.Username(), config.NewSecret(password)
	}
	p.scrub = config.Scrubber([]config.Secret{p.password, config.NewSecret("\x00" + p.user + "\x00" + p.password.Reveal())})
	switch {
	case set.TLS == "" || set.TLS == "required":
	case set.TLS != "off":
		return p, fmt.Errorf(`SEVER_SMTP_TLS is %q: choose "required" or "off"`, set.TLS)
	case u.Scheme == "smtps":
		return p, fmt.Errorf("SEVER_SMTP_TLS is off, and %s says smtps: keep one", variable)
	case p.user != "":
		return p, fmt.Errorf("SEVER_SMTP_TLS is off, and %s has a password, which would be sent in the clear", variable)
	default:
		p.encryption = none
	}
	return p, nil
}
