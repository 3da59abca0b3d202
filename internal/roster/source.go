package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/store"
)

// Scheduled is who imports by the schedule, as the roles and the trail name it.
const Scheduled = "roster:schedule"

// maxText is more than a roster of a million people.
const maxText = 256 << 20

// settings say where the roster is, and what follows from it.
type settings struct {
	Source    string        `env:"SEVER_ROSTER_SOURCE"`
	Token     config.Secret `env:"SEVER_ROSTER_TOKEN"`
	Every     time.Duration `env:"SEVER_ROSTER_EVERY"      envDefault:"1h"`
	MaxShrink int           `env:"SEVER_ROSTER_MAX_SHRINK" envDefault:"20"`
	Leavers   string        `env:"SEVER_ROSTER_LEAVERS"    envDefault:"report"`
}

// Source is where the roster is, and how it is taken by itself.
type Source struct {
	settings
	url  *url.URL // nil: a file
	http *http.Client
}

// Open reads the settings; nil when no source is set. It reaches nothing.
func Open(vars config.Vars) (*Source, error) {
	set, err := config.Parse[settings](vars, "")
	if err != nil {
		return nil, err
	}
	if set.Source == "" {
		return nil, nil
	}
	s := &Source{settings: set, http: &http.Client{Timeout: 2 * time.Minute, CheckRedirect: staysSafe}}
	u, err := url.Parse(set.Source)
	isURL := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	switch {
	case isURL && u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("SEVER_ROSTER_SOURCE is a plain http address, and everybody on the way could read and change the roster: use https")
	case isURL && u.User != nil:
		return nil, errors.New("SEVER_ROSTER_SOURCE has a password in its address: give a token by SEVER_ROSTER_TOKEN")
	case isURL:
		s.url = u
	case !filepath.IsAbs(set.Source):
		return nil, fmt.Errorf("SEVER_ROSTER_SOURCE is %q: write an https address, or the whole path of a file", set.Source)
	case !set.Token.Empty():
		return nil, errors.New("SEVER_ROSTER_TOKEN is set, and SEVER_ROSTER_SOURCE is a file: nobody would be shown it")
	}
	switch {
	case set.Every < time.Minute:
		return nil, fmt.Errorf("SEVER_ROSTER_EVERY is %s: a minute is the least", set.Every)
	case set.MaxShrink < 0 || set.MaxShrink > 100:
		return nil, fmt.Errorf("SEVER_ROSTER_MAX_SHRINK is %d: it is a percentage, from 0 to 100", set.MaxShrink)
	case set.Leavers != "report" && set.Leavers != "offboard":
		return nil, fmt.Errorf("SEVER_ROSTER_LEAVERS is %q: choose report or offboard", set.Leavers)
	}
	return s, nil
}

// Every is the pace of the schedule.
func (s *Source) Every() time.Duration { return s.settings.Every }

// Name is the source in records and messages: no query, which may hold a secret.
func (s *Source) Name() string {
	if s.url == nil {
		return filepath.Base(s.settings.Source)
	}
	return s.url.Scheme + "://" + s.url.Host + s.url.Path
}

// Import fetches the roster and takes it. A roster that is not believed is a *RefusedError,
// and on record. What cannot be fetched is another error, unless this is the last try:
// then it is one that is not believed.
func (s *Source) Import(ctx context.Context, records *store.Store, last bool) (Diff, error) {
	w := Wish{By: Scheduled, MaxShrink: s.MaxShrink, Offboard: s.Leavers == "offboard"}
	body, err := s.fetch(ctx)
	if err != nil {
		err = fmt.Errorf("read the roster %s: %w", s.Name(), err)
		if !last {
			return Diff{}, err
		}
		return Diff{}, s.refuse(ctx, records, Unreadable(s.Name(), err), w)
	}
	d, err := Take(ctx, records, Text{Body: body, Source: s.Name()}, w)
	if no, ok := errors.AsType[*RefusedError](err); ok {
		err = s.refuse(ctx, records, no, w)
	}
	return d, err
}

// refuse puts a refusal on record. One that is not on record is told again.
func (s *Source) refuse(ctx context.Context, records *store.Store, no *RefusedError, w Wish) error {
	if err := note(ctx, records, no, w); err != nil {
		return err
	}
	return no
}

func (s *Source) fetch(ctx context.Context) ([]byte, error) {
	if s.url == nil {
		f, err := os.Open(s.settings.Source)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return whole(f)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/csv, application/json")
	if !s.Token.Empty() {
		r.Header.Set("Authorization", "Bearer "+s.Token.Reveal())
	}
	w, err := s.http.Do(r)
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the address, whose query may hold a secret
	}
	if err != nil {
		return nil, err
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", w.Status)
	}
	return whole(w.Body)
}

func whole(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err == nil && len(body) > maxText {
		err = fmt.Errorf("it is larger than %d MiB", maxText>>20)
	}
	return body, err
}

// staysSafe refuses to be led from https to http, or in circles. The library takes the
// token off when it is led to another host.
func staysSafe(r *http.Request, via []*http.Request) error {
	if len(via) > 5 {
		return errors.New("it leads in circles")
	}
	if r.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
		return errors.New("it leads from https to " + r.URL.Scheme)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
