package plesk

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"
)

// badTLS is a problem of one variable.
type badTLS struct{ variable, words string }

// errPin says that somebody else answers.
var errPin = errors.New("the certificate of the server is not the pinned one")

// tls is how the server is recognized: by the authorities of this machine, by one of
// its own, or by its certificate alone.
func (c Config) tls() (*tls.Config, *badTLS) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case c.CA != "" && c.Pin != "":
		return nil, &badTLS{"PIN", "and CA are both set: keep one"}
	case c.CA != "":
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM([]byte(c.CA)) {
			return nil, &badTLS{"CA", "has no certificate in PEM form"}
		}
	case c.Pin != "":
		want, err := hex.DecodeString(strings.ReplaceAll(c.Pin, ":", ""))
		if err != nil || len(want) != sha256.Size {
			return nil, &badTLS{"PIN", "is not the SHA-256 of a certificate, 64 hexadecimal digits"}
		}
		out.InsecureSkipVerify = true // what stands in for it follows
		out.VerifyConnection = func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) > 0 {
				if got := sha256.Sum256(s.PeerCertificates[0].Raw); subtle.ConstantTimeCompare(got[:], want) == 1 {
					return nil
				}
			}
			return errPin
		}
	}
	return out, nil
}

// transport sends what the guard has let through. It has no proxy from anywhere.
func (c Config) transport() *http.Transport {
	secure, bad := c.tls()
	if bad != nil {
		secure = &tls.Config{MinVersion: tls.VersionTLS12} // check has refused it before
	}
	return &http.Transport{
		TLSClientConfig: secure, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 15 * time.Second, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 4,
	}
}
