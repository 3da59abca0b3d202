package hook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a mapping names zones, and not every machine knows them

	"go.yaml.in/yaml/v3"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/inbox"
)

// Mapping says what the messages of a sender mean. Paths are those of gjson:
// data.employee.id, changes.#(field=="status").new.
type Mapping struct {
	// When are conditions that all have to hold; a message for which one does not asks
	// for nothing.
	When []Condition `yaml:"when"`
	// Act says what a message asks for.
	Act Acts `yaml:"act"`
	// Principal is who it is about.
	Principal Person `yaml:"principal"`
	Reason    string `yaml:"reason"` // hr or incident
	At        *Date  `yaml:"at"`
	Ticket    *Text  `yaml:"ticket"`
	// Hold, if set, is why a case of this sender removes nothing before somebody says
	// resume.
	Hold string `yaml:"hold"`

	zone  *time.Location
	clock time.Duration
}

// Condition compares one field.
type Condition struct {
	Path string   `yaml:"path"`
	In   []string `yaml:"in"`
}

// Acts says which value of a field asks for what. A value that is not listed is an
// error.
type Acts struct {
	Path   string               `yaml:"path"`
	Values map[string]inbox.Act `yaml:"values"`
}

// Person says how a principal is found: the one of which Field (id, login, email,
// attr.NAME) is what stands at Path.
type Person struct {
	Path  string `yaml:"path"`
	Field string `yaml:"field"`
}

// Date says when to begin.
type Date struct {
	Path     string `yaml:"path"`
	Format   string `yaml:"format"` // rfc3339, unix, or date, which needs Clock and Zone
	Clock    string `yaml:"clock"`  // "17:30": when on that day
	Zone     string `yaml:"zone"`   // "Europe/Paris"
	Optional bool   `yaml:"optional"`
}

// Text is a field that is taken as it is.
type Text struct {
	Path     string `yaml:"path"`
	Optional bool   `yaml:"optional"`
}

// ParseMapping reads a mapping, in YAML or JSON. The error names everything that is
// wrong with it.
func ParseMapping(text []byte) (*Mapping, error) {
	var m Mapping
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, err
	}
	if err := d.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is a second document in it")
	}
	if m.Principal.Field == "" {
		m.Principal.Field = "id"
	}
	return &m, m.check()
}

func (m *Mapping) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	needs := func(what, path string) {
		if strings.TrimSpace(path) == "" {
			wrong("%s.path is missing", what)
		}
	}
	for i, c := range m.When {
		needs(fmt.Sprintf("when[%d]", i), c.Path)
		if len(c.In) == 0 {
			wrong("when[%d].in lists no value", i)
		}
	}
	needs("act", m.Act.Path)
	if len(m.Act.Values) == 0 {
		wrong("act.values says of no value what it asks for")
	}
	offboards := false
	for value, act := range m.Act.Values {
		offboards = offboards || act == inbox.Offboard
		if !slices.Contains([]inbox.Act{inbox.Offboard, inbox.Hold, inbox.None}, act) {
			wrong("act.values: %q asks for %q: choose %s, %s or %s", value, act, inbox.Offboard, inbox.Hold, inbox.None)
		}
	}
	needs("principal", m.Principal.Path)
	if !inbox.FindsBy(m.Principal.Field) {
		wrong("principal.field is %q: choose id, login, email or attr.NAME", m.Principal.Field)
	}
	if offboards && m.Reason != string(access.HR) && m.Reason != string(access.Incident) {
		wrong("reason is %q: choose %s or %s", m.Reason, access.HR, access.Incident)
	}
	if m.Ticket != nil {
		needs("ticket", m.Ticket.Path)
	}
	if m.At != nil {
		needs("at", m.At.Path)
		errs = append(errs, m.dates())
	}
	return errors.Join(errs...)
}

// dates checks how dates are read.
func (m *Mapping) dates() error {
	if m.Reason == string(access.Incident) {
		return errors.New("at makes no sense with the reason incident: it begins at once")
	}
	switch m.At.Format {
	case "rfc3339", "unix":
		if m.At.Clock != "" || m.At.Zone != "" {
			return fmt.Errorf("at.clock and at.zone belong to the format date: %s has both in it", m.At.Format)
		}
		return nil
	case "date":
	default:
		return fmt.Errorf("at.format is %q: choose rfc3339, unix or date", m.At.Format)
	}
	clock, err := time.Parse("15:04", m.At.Clock)
	if err != nil {
		return fmt.Errorf("at.clock is %q: say when on that day, such as 17:30", m.At.Clock)
	}
	m.clock = time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute
	if m.At.Zone == "" {
		return errors.New("at.zone is missing: say where that day is, such as Europe/Paris or UTC")
	}
	if m.zone, err = time.LoadLocation(m.At.Zone); err != nil || m.At.Zone == "Local" {
		return fmt.Errorf("at.zone %q is no time zone: such as Europe/Paris or UTC", m.At.Zone)
	}
	return nil
}
