package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/severhq/sever/internal/access"
	"github.com/severhq/sever/internal/config"
	"github.com/severhq/sever/internal/plan"
)

// databaseSettings say where the records are.
type databaseSettings struct {
	URL config.Secret `env:"SEVER_DATABASE_URL,required,notEmpty"` // the application's role
}

// ownerSettings are for sever migrate alone.
type ownerSettings struct {
	URL   config.Secret `env:"SEVER_DATABASE_URL,required,notEmpty"`
	Owner config.Secret `env:"SEVER_OWNER_DATABASE_URL,required,notEmpty"`
}

// temporalSettings are those of Temporal's that we insist on; the others are read by
// the SDK.
type temporalSettings struct {
	Address string `env:"TEMPORAL_ADDRESS,required,notEmpty"`
}

// policySettings change the policy of a reason. What is not set stays as it is.
type policySettings struct {
	SecondLook  *time.Duration `env:"SEVER_SECOND_LOOK"`
	Patience    *time.Duration `env:"SEVER_PATIENCE"`
	RetryEvery  *time.Duration `env:"SEVER_RETRY_EVERY"`
	BatchSize   *int           `env:"SEVER_BATCH_SIZE"`
	MaxAccounts *int           `env:"SEVER_MAX_ACCOUNTS"`
	MaxPercent  *int           `env:"SEVER_MAX_PERCENT"`
	MaxPerHour  *int           `env:"SEVER_MAX_PER_HOUR"`
	MaxHourPct  *int           `env:"SEVER_MAX_HOUR_PERCENT"`
	ApprovalTTL *time.Duration `env:"SEVER_APPROVAL_TTL"`
	Approval    *string        `env:"SEVER_APPROVAL"`
	Shared      *string        `env:"SEVER_SHARED"`
}

// policy is the policy of a reason under this installation's settings.
func (a *app) policy(r access.Reason) (plan.Policy, error) {
	p, err := plan.For(r)
	if err != nil {
		return p, badInput("%w", err)
	}
	s, err := config.Parse[policySettings](a.vars, "")
	if err != nil {
		return p, badInput("%w", err)
	}
	err = errors.Join(
		set(&p.SecondLook, s.SecondLook, "SEVER_SECOND_LOOK"),
		set(&p.Patience, s.Patience, "SEVER_PATIENCE"),
		set(&p.RetryEvery, s.RetryEvery, "SEVER_RETRY_EVERY"),
		set(&p.BatchSize, s.BatchSize, "SEVER_BATCH_SIZE"),
		set(&p.MaxAccounts, s.MaxAccounts, "SEVER_MAX_ACCOUNTS"),
		set(&p.MaxPercent, s.MaxPercent, "SEVER_MAX_PERCENT"),
		set(&p.MaxPerHour, s.MaxPerHour, "SEVER_MAX_PER_HOUR"),
		set(&p.MaxHourPercent, s.MaxHourPct, "SEVER_MAX_HOUR_PERCENT"),
	)
	if s.ApprovalTTL != nil { // zero means something here: for ever
		p.ApprovalTTL = *s.ApprovalTTL
		if *s.ApprovalTTL < 0 {
			err = errors.Join(err, fmt.Errorf("SEVER_APPROVAL_TTL is %s: give a positive length of time, or 0 for ever", *s.ApprovalTTL))
		}
	}
	if s.Approval != nil {
		p.Approval = plan.Approval(*s.Approval)
		if p.Approval != plan.ApproveGuarded && p.Approval != plan.ApproveAlways {
			err = errors.Join(err, fmt.Errorf("SEVER_APPROVAL is %q: choose %q or %q", *s.Approval, plan.ApproveGuarded, plan.ApproveAlways))
		}
	}
	if s.Shared != nil {
		p.Shared = plan.SharedRule(*s.Shared)
		if !plan.KnownSharedRule(p.Shared) {
			err = errors.Join(err, fmt.Errorf("SEVER_SHARED is %q: choose %q or %q", *s.Shared, plan.SharedTask, plan.SharedRotate))
		}
	}
	if err != nil {
		return p, badInput("%w", err)
	}
	return p, nil
}

func set[T time.Duration | int](to *T, from *T, name string) error {
	if from == nil {
		return nil
	}
	if *from <= 0 {
		return fmt.Errorf("%s is %v: it has to be more than zero", name, *from)
	}
	*to = *from
	return nil
}

// home is the folder of the embedded installation: $SEVER_HOME, or where programs
// keep their state.
func home(vars config.Vars) string {
	switch {
	case vars["SEVER_HOME"] != "":
		return vars["SEVER_HOME"]
	case os.Geteuid() == 0: // Postgres runs as another user, who cannot enter /root
		return "/var/lib/sever"
	case vars["XDG_STATE_HOME"] != "":
		return filepath.Join(vars["XDG_STATE_HOME"], "sever")
	}
	return filepath.Join(vars["HOME"], ".local", "state", "sever")
}

// envFile is where sever up writes how to reach what it started.
func envFile(home string) string { return filepath.Join(home, "sever.env") }

// readSettings takes the environment, and from sever.env what it does not have.
func (a *app) readSettings(environ config.Vars) error {
	a.environ = environ
	path := envFile(home(environ))
	file, err := readEnvFile(path)
	if err != nil {
		a.running = true
		return badInput("%s: %w", path, err).then("correct that line, or remove the file: sever up writes it anew")
	}
	// Where the environment names a variable or its file, the other form of it in
	// sever.env would only be in the way.
	for name := range environ {
		delete(file, name+"_FILE")
		delete(file, strings.TrimSuffix(name, "_FILE"))
	}
	// The folder in sever.env is what holds while nobody says anything else.
	command := file.With(environ)
	if command["SEVER_SECRET_COMMAND"]+command["SEVER_SECRET_COMMAND_FILE"] != "" {
		delete(file, "SEVER_SECRET_DIR")
	}
	a.vars = file.With(environ)
	return nil
}

// readEnvFile reads lines of NAME=value. A file that is not there has none.
func readEnvFile(path string) (config.Vars, error) {
	vars := config.Vars{}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return vars, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("line %d is not NAME=value", n)
		}
		vars[name] = value
	}
	return vars, lines.Err()
}

// actor is who gives the commands: $SEVER_ACTOR, or whoever is logged in here.
func (a *app) actor(as string) (string, error) {
	name := as
	if name == "" {
		name = a.vars["SEVER_ACTOR"]
	}
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	if name == "" {
		return "", badInput("nobody is named as the one who decides").then("set SEVER_ACTOR, or say --as NAME")
	}
	return name, validName("the acting person", name)
}
