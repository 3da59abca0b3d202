package courier

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/store"
)

// mailServer is a real one that keeps what it takes.
type mailServer struct {
	address string
	roots   *x509.CertPool

	mu       sync.Mutex
	password string
	refuses  string // a recipient
	letters  []letter
}

type letter struct {
	from      string
	to        []string
	encrypted bool
	user      string
	text      string
}

// newMailServer listens on this machine; with implicit, it speaks TLS from the first byte,
// without encryption it has none to offer.
func newMailServer(t *testing.T, encrypted, implicit bool) *mailServer {
	t.Helper()
	m := &mailServer{password: "pass-of-mail"}
	s := smtp.NewServer(m)
	s.Domain, s.AllowInsecureAuth = "localhost", !encrypted
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m.address = l.Addr().String()
	if encrypted {
		cert, roots := certificate(t)
		m.roots = roots
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		if implicit {
			l = tls.NewListener(l, s.TLSConfig)
		}
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return m
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func (m *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, encrypted := c.TLSConnectionState()
	return &session{server: m, letter: letter{encrypted: encrypted}}, nil
}

func (m *mailServer) received() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]letter(nil), m.letters...)
}

type session struct {
	server *mailServer
	letter letter
}

func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		if password != s.server.password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no such password: " + password}
		}
		s.letter.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.letter.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if to == s.server.refuses {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody of that name"}
	}
	s.letter.to = append(s.letter.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.letter.text = string(text)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.letters = append(s.server.letters, s.letter)
	return err
}

func (s *session) Reset()        { s.letter.to = nil }
func (s *session) Logout() error { return nil }

// mailed are settings by which everything goes to the server.
func (m *mailServer) mailed(scheme string, user *url.Userinfo) config.Vars {
	return config.Vars{"SEVER_SMTP_URL": (&url.URL{Scheme: scheme, User: user, Host: m.address}).String(),
		"SEVER_SMTP_FROM": "Sever <sever@example.com>", "SEVER_SMTP_TO": "ops@example.com, ciso@example.com"}
}

func (m *mailServer) route(t *testing.T, vars config.Vars) Route {
	t.Helper()
	s, err := FromVars(vars)
	require.NoError(t, err)
	s.Routes[0].Sender.(*post).roots = m.roots
	return s.Routes[0]
}

var known = url.UserPassword("sever", "pass-of-mail")

func TestMailIsEncrypted(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"smtp", "smtps"} {
		m := newMailServer(t, true, scheme == "smtps")
		o := newOffice(t, m.mailed(scheme, known))
		o.settings.Routes[0].Sender.(*post).roots = m.roots
		o.runs(o.store)
		o.task("account/1")
		n := o.reach(all(store.NoticeDelivered, 1))[0]
		require.Len(t, m.received(), 1)
		l := m.received()[0]
		require.Equal(t, []any{true, "sever", "sever@example.com", []string{"ops@example.com", "ciso@example.com"}}, []any{l.encrypted, l.user, l.from, l.to})
		msg, err := mail.ReadMessage(strings.NewReader(l.text))
		require.NoError(t, err)
		body, err := io.ReadAll(msg.Body)
		require.NoError(t, err)
		require.Equal(t, []string{"<" + n.Message + "@example.com>", "Sever: a task in case c1 (account/1)", "auto-generated"},
			[]string{msg.Header.Get("Message-ID"), msg.Header.Get("Subject"), msg.Header.Get("Auto-Submitted")})
		require.Contains(t, string(body), "Next:       sever retry c1")
		require.NotContains(t, l.text, "ada@example.com")
	}
}

func TestMailThatCannotBeEncryptedIsNotSent(t *testing.T) {
	t.Parallel()
	m := newMailServer(t, false, false)
	_, err := m.route(t, m.mailed("smtp", known)).Send(t.Context(), sample())
	require.ErrorContains(t, err, "STARTTLS")
	_, err = m.route(t, m.mailed("smtp", nil)).Send(t.Context(), sample())
	require.Error(t, err)
	require.Empty(t, m.received())

	_, err = m.route(t, m.mailed("smtp", nil).With(config.Vars{"SEVER_SMTP_TLS": "off"})).Send(t.Context(), sample())
	require.NoError(t, err)
	require.Len(t, m.received(), 1, "unless the settings say so")

	stranger := newMailServer(t, true, false)
	stranger.roots = nil // as a server with another's certificate
	_, err = stranger.route(t, stranger.mailed("smtp", known)).Send(t.Context(), sample())
	require.ErrorContains(t, err, "certificate")
	require.Empty(t, stranger.received())
}

func sample() Parcel {
	return Parcel{"msg_1", []byte(`{"type": "test", "timestamp": "2026-05-01T12:00:00Z", "data": {"case": "", "words": "x", "next": "y", "principal": "", "reason": ""}}`)}
}

func TestWhatAMailServerRefuses(t *testing.T) {
	t.Parallel()
	m := newMailServer(t, true, false)
	r := m.route(t, m.mailed("smtp", url.UserPassword("sever", "another-password")))
	_, err := r.Send(t.Context(), sample())
	require.ErrorContains(t, err, "no such password: [secret]")
	require.NotContains(t, err.Error(), "another-password")

	m.refuses = "ciso@example.com"
	r = m.route(t, m.mailed("smtp", known))
	_, err = r.Send(t.Context(), sample())
	require.ErrorContains(t, err, "nobody of that name")
	require.Empty(t, m.received(), "not to some of them, again and again")

	_, err = r.Send(t.Context(), Parcel{"msg_1", []byte("{")})
	require.ErrorContains(t, err, "read the notice")
	m.mu.Lock()
	m.refuses = ""
	m.mu.Unlock()
	answer, err := r.Send(t.Context(), sample())
	require.NoError(t, err)
	require.NotEmpty(t, answer)
}
