package courier

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/notice"
)

const mailWithin = 30 * time.Second

// encryption is how a mail server is spoken to.
type encryption string

const (
	startTLS  encryption = "starttls" // in the clear at first, then encrypted or not at all
	fromStart encryption = "tls"      // encrypted from the first byte
	none      encryption = "off"      // only where the settings say so
)

// post sends messages as mail.
type post struct {
	host       string
	port       int
	user       string
	password   config.Secret
	encryption encryption
	from       *netmail.Address
	to         []*netmail.Address
	letters    *Letters
	roots      *x509.CertPool // nil: those of the machine
	scrub      func(string) string
}

// Send writes a letter and hands it to the mail server, which answers for it from then
// on. One recipient that the server refuses stops the letter for all: else it would be
// sent to the others at every attempt.
func (p *post) Send(ctx context.Context, parcel Parcel) (string, error) {
	msg, err := p.write(parcel)
	if err != nil {
		return "", err
	}
	c, err := p.client()
	if err != nil {
		return "", p.said(err)
	}
	if err := c.DialWithContext(ctx); err != nil {
		return "", p.said(err)
	}
	err = c.Send(msg)
	_ = c.Close() // what it says now changes nothing
	if err != nil && !msg.IsDelivered() {
		return "", p.said(err)
	}
	if answer := strings.TrimSpace(msg.ServerResponse()); answer != "" {
		return p.said(errors.New(answer)).Error(), nil
	}
	return "the server took it", nil
}

// write makes the letter. Its id is that of the message, so that a mailbox which gets it
// twice can tell.
func (p *post) write(parcel Parcel) (*mail.Msg, error) {
	var m notice.Message
	if err := json.Unmarshal(parcel.Body, &m); err != nil {
		return nil, fmt.Errorf("read the notice: %w", err)
	}
	subject, text, err := p.letters.write(m)
	if err != nil {
		return nil, err
	}
	msg := mail.NewMsg()
	msg.FromMailAddress(p.from)
	msg.ToMailAddress(p.to...)
	_, domain, _ := strings.Cut(p.from.Address, "@")
	msg.SetMessageIDWithValue(parcel.ID + "@" + domain)
	msg.SetDate()
	msg.SetUserAgent("Sever")
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // so that no machine answers
	msg.Subject(subject)
	msg.SetBodyString(mail.TypeTextPlain, text)
	return msg, nil
}

func (p *post) client() (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(p.port), mail.WithTimeout(mailWithin),
		mail.WithTLSConfig(&tls.Config{ServerName: p.host, RootCAs: p.roots, MinVersion: tls.VersionTLS12})}
	switch p.encryption {
	case startTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case fromStart:
		options = append(options, mail.WithSSL())
	case none:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if p.user != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(p.user), mail.WithPassword(p.password.Reveal()))
	}
	return mail.NewClient(p.host, options...)
}

// said is what went wrong, in a line and without what is secret.
func (p *post) said(err error) error {
	return errors.New(strings.Join(strings.Fields(p.scrub(err.Error())), " "))
}
