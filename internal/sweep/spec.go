package sweep

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Mode says what becomes of findings.
type Mode string

// The modes.
const (
	Report  Mode = "report"  // they are listed, and nothing else
	Enforce Mode = "enforce" // cases are opened for principals who have left
)

// Spec is a sweep as a person sets it up.
type Spec struct {
	Name string
	Rule Rule
	// Connections are the ones to look through; none means all that the worker has.
	Connections []string
	// Every or Cron says when it runs by itself; neither: only when it is told to.
	Every time.Duration
	Cron  string
	Mode  Mode
	// Notice is how long accounts stay contained before anything is removed.
	Notice time.Duration
	// MaxPerRun and MaxPerHour are the most cases that are opened by one run, and within
	// an hour by all runs of this sweep.
	MaxPerRun, MaxPerHour int
}

// The defaults of what a person need not say.
const (
	DefaultNotice     = 7 * 24 * time.Hour
	DefaultMaxPerRun  = 20
	DefaultMaxPerHour = 20
)

// shortest is the closest that two runs may be: every run asks whole systems.
const shortest = 5 * time.Minute

var goodName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Check says what is wrong with a sweep.
func (s Spec) Check() error {
	if err := s.Rule.Check(); err != nil {
		return err
	}
	switch {
	case !goodName.MatchString(s.Name):
		return fmt.Errorf("the name %q: use small letters, digits and hyphens, at most 63 of them", s.Name)
	case s.Every != 0 && s.Cron != "":
		return errors.New("a sweep runs every so often or by a calendar, not both")
	case s.Every != 0 && s.Every < shortest:
		return fmt.Errorf("every %s is too often: each run asks whole systems, so %s is the least", s.Every, shortest)
	case s.Mode != Report && s.Mode != Enforce:
		return fmt.Errorf("there is no mode %q: choose report or enforce", s.Mode)
	case s.Mode == Enforce && s.Rule.Kind != Left:
		return fmt.Errorf("the rule %s only reports: a case ends the access of one person, and of these findings nobody knows whose access would end. A person looks at them", s.Rule)
	case s.Notice < 0 || s.MaxPerRun < 0 || s.MaxPerHour < 0:
		return errors.New("the notice and the limits cannot be negative")
	case s.Mode == Enforce && (s.MaxPerRun == 0 || s.MaxPerHour == 0):
		return errors.New("a limit of zero cases enforces nothing: use the mode report")
	case slices.Contains(s.Connections, ""):
		return errors.New("the name of a connection is empty")
	}
	return nil
}
