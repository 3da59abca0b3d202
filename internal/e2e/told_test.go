package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// outsiders are told by webhook and by mail, and are the worst that there are: they take
// nothing, and repeat all that they were sent.
type outsiders struct{ hooks, mails atomic.Int32 }

// told makes the installation tell outsiders, with secrets of their own.
func (s *secrets) told() *outsiders {
	o := &outsiders{}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.hooks.Add(1)
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintln(w, r.URL, user, password, r.Header, string(body))
	}))
	s.t.Cleanup(hook.Close)
	at, err := url.Parse(hook.URL)
	require.NoError(s.t, err)
	at.User, at.Path, at.RawQuery = url.UserPassword("sever", s.word("password-of-the-hook")), "/"+s.word("path-of-the-hook"), "sig="+url.QueryEscape(s.word("query-of-the-hook"))
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	signing := base64.StdEncoding.EncodeToString(key)
	s.words = append(s.words, signing)
	address, roots := o.mailServer(s.t)
	mail := url.URL{Scheme: "smtp", User: url.UserPassword("sever", s.word("password-of-the-mail")), Host: address}
	s.more = append(s.more, "SEVER_NOTICE_WEBHOOKS=ops", "SEVER_NOTICE_OPS_URL="+at.String(), "SEVER_NOTICE_OPS_SECRET=whsec_"+signing,
		"SEVER_SMTP_URL="+mail.String(), "SEVER_SMTP_FROM=sever@example.com", "SEVER_SMTP_TO=ops@example.com", "SSL_CERT_FILE="+roots)
	return o
}

// mailServer refuses every password, with the password.
func (o *outsiders) mailServer(t *testing.T) (address, roots string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	require.NoError(t, err)
	roots = filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return o, nil }))
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String(), roots
}

func (*outsiders) AuthMechanisms() []string { return []string{sasl.Plain} }

func (o *outsiders) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(identity, user, password string) error {
		o.mails.Add(1)
		sent := strings.Join([]string{identity, user, password}, "\x00")
		return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no: " + password + " " + base64.StdEncoding.EncodeToString([]byte(sent))}
	}), nil
}

func (*outsiders) Mail(string, *smtp.MailOptions) error { return smtp.ErrAuthRequired }
func (*outsiders) Rcpt(string, *smtp.RcptOptions) error { return smtp.ErrAuthRequired }
func (*outsiders) Data(io.Reader) error                 { return smtp.ErrAuthRequired }
func (*outsiders) Reset()                               {}
func (*outsiders) Logout() error                        { return nil }
