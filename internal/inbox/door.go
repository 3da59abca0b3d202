package inbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/severhq/sever/internal/config"
)

// ErrTooLarge says that more was sent than is read.
var ErrTooLarge = errors.New("it is too large")

// ReadBody reads what was sent, up to a number of bytes.
func ReadBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return body, fmt.Errorf("%w: at most %d bytes are read", ErrTooLarge, most)
	}
	if err != nil {
		return body, fmt.Errorf("it could not be read to its end: %w", err)
	}
	return body, nil
}

// From is the address that a request came from, as this server sees it.
func From(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Sender is the name of a sender and what its variables begin with.
type Sender struct{ Name, Prefix string }

var senderName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Senders are those that a variable lists, with commas between. Their variables begin
// with prefix and their name: SEVER_HOOK_HRIS_.
func Senders(vars config.Vars, variable, prefix string) ([]Sender, error) {
	list, _, err := config.Lookup(vars, variable)
	if err != nil {
		return nil, err
	}
	var out []Sender
	var errs []error
	taken := map[string]string{}
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		s := Sender{name, prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_"}
		switch other, twice := taken[s.Prefix]; {
		case !senderName.MatchString(name):
			errs = append(errs, fmt.Errorf("%s: %q is no name for a sender: small letters, digits and -, a letter first, 40 at most", variable, name))
			continue
		case twice:
			errs = append(errs, fmt.Errorf("%s: %s and %s would both read %s…: rename one", variable, other, name, s.Prefix))
			continue
		}
		taken[s.Prefix] = name
		out = append(out, s)
	}
	return out, errors.Join(errs...)
}
